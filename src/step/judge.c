/* judge.c: whether a configuration is a GAN step: its loss, its order, and two networks that fit the data and
 * each other. From their texts alone, before any memory is asked for. */
#include <stdio.h>
#include <string.h>

#include "gan_dist/base.h"
#include "gan_dist/step.h"

#define LOSSES_LISTED 16 /* in a message */

static gan_status find_loss(const gan_loss **out, const char *name)
{
    *out = gan_loss_find(name);
    if (*out)
        return GAN_OK;
    const char *names[LOSSES_LISTED];
    char known[256] = "";
    size_t n = 0;
    for (const gan_loss *loss; n < LOSSES_LISTED && (loss = gan_loss_get(n)); n++) {
        names[n] = loss->name;
        snprintf(known + strlen(known), sizeof known - strlen(known), " %s", loss->name);
    }
    const char *nearest = gan_nearest(name, names, n);
    if (nearest)
        return gan_error(GAN_BAD_INPUT, "train.loss = %s: unknown; did you mean %s?", name, nearest);
    return gan_error(GAN_BAD_INPUT, "train.loss = %s: unknown; known:%s", name, known);
}

static gan_status check_shapes(const gan_net *g, const gan_net *d, const gan_loss *loss,
                               const gan_config *config)
{
    gan_shape picture = gan_net_output_shape(g), logits = gan_net_output_shape(d);
    if (gan_shape_count(picture) !=
            (size_t)config->height * (size_t)config->width * (size_t)config->channels ||
        (picture.h * picture.w > 1 && (picture.h != config->height || picture.w != config->width)))
        return gan_error(
            GAN_BAD_INPUT,
            "the generator makes %dx%dx%d pictures but the data is %dx%dx%d: change generator.layers or "
            "data.height, data.width, data.channels",
            picture.h, picture.w, picture.c, config->height, config->width, config->channels);
    if (gan_shape_count(logits) != (size_t)loss->logits)
        return gan_error(GAN_BAD_INPUT, "the discriminator ends in %zu outputs but loss '%s' needs %d",
                         gan_shape_count(logits), loss->name, loss->logits);
    return GAN_OK;
}

gan_net_spec gan_step_spec(const gan_config *config, const gan_shards *shards, const gan_net *g)
{
    gan_net_spec spec = {.name = "generator",
                         .number = 0,
                         .config = &config->generator,
                         .input = {1, 1, config->noise_dim},
                         .classes = config->classes,
                         .shard_pictures = shards->pictures,
                         .n_local = shards->n_local,
                         .first_shard = shards->first,
                         .n_global = shards->n_global,
                         .bn = config->bn,
                         .passes = 1,
                         .output_gradient_given = true};
    if (!g)
        return spec;
    spec.name = "discriminator";
    spec.number = 1;
    spec.config = &config->discriminator;
    /* A generator that ends in a vector (an MLP) is met by a discriminator that begins with one. */
    spec.input = gan_net_output_shape(g);
    spec.passes = 2;
    spec.input_gradient = true;
    spec.output_gradient_given = false;
    return spec;
}

gan_status gan_step_judge(double *bytes, const gan_config *config, const gan_shards *shards)
{
    const gan_loss *loss;
    gan_order order;
    gan_net *g = NULL, *d = NULL;
    GAN_TRY(find_loss(&loss, config->loss));
    GAN_TRY(gan_order_parse(&order, config->order));
    gan_net_spec spec = gan_step_spec(config, shards, NULL);
    gan_status status = gan_net_parse(&g, &spec);
    if (status == GAN_OK) {
        spec = gan_step_spec(config, shards, g);
        status = gan_net_parse(&d, &spec);
    }
    if (status == GAN_OK)
        status = check_shapes(g, d, loss, config);
    if (status == GAN_OK)
        status = gan_net_check_training(g);
    if (status == GAN_OK)
        status = gan_net_check_training(d);
    if (status == GAN_OK && bytes)
        *bytes = gan_net_memory_bytes(g) + gan_net_memory_bytes(d);
    gan_net_destroy(g);
    gan_net_destroy(d);
    return status;
}
