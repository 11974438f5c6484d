/* layer_label.c: appends the one-hot label to a vector, or as constant
 * maps to maps (Mirza and Osindero 2014). */
#include "model.h"

static gan_status parse(gan_layer *layer, gan_words *words)
{
    (void)words;
    int classes = layer->net->spec.classes;
    if (classes < 1)
        return gan_error(GAN_BAD_INPUT, "%s.layers: 'label' needs data.classes to say how many there are",
                         layer->net->spec.name);
    layer->out = layer->in;
    layer->out.c += classes;
    return GAN_OK;
}

static gan_status forward_shard(void *context, int shard)
{
    const gan_layer_job *job = context;
    gan_layer *layer = job->layer;
    gan_backend *be = layer->net->backend;
    return be->ops->label_forward(
        be, gan_pass_y(job->passes[0], layer, shard), gan_pass_x(job->passes[0], layer, shard),
        gan_pass_labels(job->passes[0], shard), layer->net->spec.shard_pictures,
        (size_t)layer->in.h * (size_t)layer->in.w, layer->in.c, layer->net->spec.classes);
}

static gan_status backward_shard(void *context, int shard)
{
    const gan_layer_job *job = context;
    gan_layer *layer = job->layer;
    gan_backend *be = layer->net->backend;
    for (int p = 0; p < job->n; p++)
        GAN_TRY(be->ops->label_backward(
            be, gan_pass_spare(job->passes[p], shard), gan_pass_gradient(job->passes[p], shard),
            layer->net->spec.shard_pictures, (size_t)layer->in.h * (size_t)layer->in.w, layer->in.c,
            layer->net->spec.classes));
    return GAN_OK;
}

static gan_status forward(gan_layer *layer, gan_pass *pass, bool train)
{
    return gan_layer_run(layer, &pass, 1, train, forward_shard);
}

static gan_status backward(gan_layer *layer, gan_pass *const *passes, int n, bool want_dx, bool want_dw)
{
    (void)want_dw;
    if (!want_dx)
        return GAN_OK;
    return gan_layer_run_and_swap(layer, passes, n, backward_shard);
}

const gan_layer_ops gan_layer_label = {
    .word = "label",
    .usage = "label: append the one-hot label (data.classes long)",
    .parse = parse,
    .forward = forward,
    .backward = backward,
};
