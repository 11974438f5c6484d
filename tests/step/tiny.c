#include "tiny.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set(char *to, const char *text)
{
    snprintf(to, GAN_WORD_MAX, "%s", text);
}

void tiny_config(gan_config *config, const char *order, gan_bn_scope bn)
{
    gan_config_defaults(config);
    snprintf(config->generator.layers, GAN_TEXT_MAX, "%s",
             "label dense 2x2x6 bn relu | label deconv 4 s2 5 bn lrelu | deconv 5 s2 1 tanh");
    snprintf(
        config->discriminator.layers, GAN_TEXT_MAX, "%s",
        "label conv 5 s2 4 lrelu | conv 4 s2 p1 6 bn lrelu | flatten | label dense 7 bn lrelu | dense 1");
    set(config->generator.init_conv, "glorot");
    set(config->generator.init_dense, "he");
    set(config->discriminator.init_conv, "glorot");
    set(config->discriminator.init_dense, "he");
    set(config->order, order);
    set(config->loss, "bce");
    config->noise_dim = 10;
    config->batch = TINY_BATCH;
    config->shards = TINY_SHARDS;
    config->height = config->width = TINY_SIDE;
    config->channels = 1;
    config->classes = TINY_CLASSES;
    config->seed = 11;
    config->bn = bn;
}

void tiny_open(tiny *t, const gan_config *config, const char *backend, int threads, int rank, int size,
               gan_reduce_fn reduce, void *reduce_context)
{
    gan_backend *be = NULL;
    assert_int_equal(gan_backend_open(&be, backend, &(gan_backend_options){.threads = threads}), GAN_OK);
    tiny_open_on(t, config, be, rank, size, reduce, reduce_context);
}

void tiny_open_on(tiny *t, const gan_config *config, gan_backend *backend, int rank, int size,
                  gan_reduce_fn reduce, void *reduce_context)
{
    memset(t, 0, sizeof *t);
    t->config = *config;
    t->backend = backend;
    assert_int_equal(gan_shards_cut(&t->shards, config->batch, config->shards, rank, size), GAN_OK);
    if (gan_step_create(&t->step, t->backend, &t->config, &t->shards, reduce, reduce_context) != GAN_OK)
        fail_msg("%s", gan_error_message());
    t->g = gan_step_generator(t->step);
    t->d = gan_step_discriminator(t->step);
    assert_int_equal(gan_net_init(t->g, config->seed), GAN_OK);
    assert_int_equal(gan_net_init(t->d, config->seed), GAN_OK);
    assert_int_equal(gan_optim_create(&t->optim_g, t->backend, &config->generator, config->adam,
                                      gan_net_arena_floats(t->g)),
                     GAN_OK);
    assert_int_equal(gan_optim_create(&t->optim_d, t->backend, &config->discriminator, config->adam,
                                      gan_net_arena_floats(t->d)),
                     GAN_OK);
    size_t n = (size_t)t->shards.n_local * (size_t)t->shards.pictures;
    t->images = calloc(n * gan_shape_count(gan_net_input_shape(t->d)), sizeof *t->images);
    t->labels = calloc(n, sizeof *t->labels);
    t->positions = calloc(n, sizeof *t->positions);
    assert_true(t->images && t->labels && t->positions);
}

void tiny_close(tiny *t)
{
    gan_step_destroy(t->step);
    gan_optim_destroy(&t->optim_g);
    gan_optim_destroy(&t->optim_d);
    gan_backend_close(t->backend);
    free(t->images);
    free(t->labels);
    free(t->positions);
}

void tiny_next(tiny *t, uint64_t number)
{
    size_t picture = gan_shape_count(gan_net_input_shape(t->d));
    for (int i = 0; i < t->shards.n_local * t->shards.pictures; i++) {
        uint32_t global = (uint32_t)(t->shards.first * t->shards.pictures + i);
        gan_rng at = {.seed = 5, .stream = GAN_STREAM_FACES, .step = (uint32_t)number, .index = global};
        gan_rng_uniform(t->images + (size_t)i * picture, picture, at, -1, 1);
        t->labels[i] = (int)((global + number) % TINY_CLASSES);
        t->positions[i] = 1000 + 7 * (uint64_t)global;
    }
    gan_batch batch = {.step = number, .images = t->images, .labels = t->labels, .positions = t->positions};
    assert_int_equal(gan_step_next(t->step, number, &batch), GAN_OK);
}

void tiny_op(tiny *t, gan_op op)
{
    if (op == GAN_OP_NOISE) {
        assert_int_equal(gan_step_noise(t->step), GAN_OK);
        return;
    }
    assert_int_equal(gan_step_begin(t->step, op), GAN_OK);
    assert_int_equal(gan_step_end(t->step, op), GAN_OK);
}

static void update(tiny *t, gan_net *net, gan_optim *optim, uint64_t number)
{
    assert_int_equal(gan_optim_update(optim, gan_net_parameters(net), gan_net_gradients(net), number),
                     GAN_OK);
    gan_net_changed(net);
    gan_step_changed(t->step, net);
}

void tiny_update(tiny *t, gan_op op)
{
    if (op == GAN_OP_D || op == GAN_OP_BOTH)
        update(t, t->d, &t->optim_d, ++t->updates_d);
    if (op == GAN_OP_G || op == GAN_OP_BOTH)
        update(t, t->g, &t->optim_g, ++t->updates_g);
}

void tiny_step(tiny *t, uint64_t number)
{
    const gan_order *order = gan_step_order(t->step);
    tiny_next(t, number);
    for (int i = 0; i < order->n; i++) {
        tiny_op(t, order->ops[i]);
        tiny_update(t, order->ops[i]);
    }
}

float *tiny_fetch(const tiny *t, const float *from, size_t n)
{
    float *copy = malloc(n * sizeof *copy + 1);
    assert_non_null(copy);
    assert_int_equal(t->backend->ops->download(t->backend, copy, from, n * sizeof *copy), GAN_OK);
    return copy;
}

static void assert_same_floats(const tiny *a, const float *x, const tiny *b, const float *y, size_t n)
{
    float *left = tiny_fetch(a, x, n), *right = tiny_fetch(b, y, n);
    assert_memory_equal(left, right, n * sizeof *left);
    free(left);
    free(right);
}

static void assert_same_nets(const tiny *a, const gan_net *x, const tiny *b, const gan_net *y)
{
    size_t floats = gan_net_arena_floats(x);
    assert_int_equal(floats, gan_net_arena_floats(y));
    assert_same_floats(a, gan_net_parameters(x), b, gan_net_parameters(y), floats);
    assert_same_floats(a, gan_net_gradients(x), b, gan_net_gradients(y), floats + GAN_NET_EXTRAS);
    assert_same_floats(a, gan_net_statistics(x), b, gan_net_statistics(y), gan_net_statistics_floats(x));
}

void tiny_assert_same(const tiny *a, const tiny *b)
{
    assert_same_nets(a, a->g, b, b->g);
    assert_same_nets(a, a->d, b, b->d);
}
