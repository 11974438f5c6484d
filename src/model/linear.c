/* linear.c: what conv, deconv and dense share: one planned convolution, a weight, a bias.
 *
 * deconv is the adjoint of a convolution, so its forward is that convolution's backward_data and the other
 * way round; its input is the convolution's small side. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

enum { WEIGHT, BIAS };

static bool transposed(const gan_layer *layer)
{
    return layer->ops == &gan_layer_deconv;
}

static bool take_number(gan_words *words, char prefix, int low, int *out)
{
    const char *word = gan_words_peek(words);
    if (!word || (prefix && word[0] != prefix))
        return false;
    char *end;
    const char *digits = word + (prefix != 0);
    long value = strtol(digits, &end, 10);
    if (end == digits || *end || value < low || value > 65536)
        return false;
    gan_words_take(words);
    *out = (int)value;
    return true;
}

gan_status gan_linear_parse_kernel(gan_layer *layer, gan_words *words, int *padding)
{
    int kernel, stride = 1, channels;
    *padding = -1;
    const char *word = layer->ops->word;
    if (!take_number(words, 0, 1, &kernel))
        return gan_error(GAN_BAD_INPUT, "%s.layers: '%s' needs a kernel size: %s", layer->net->spec.name,
                         word, layer->ops->usage);
    take_number(words, 's', 1, &stride);
    take_number(words, 'p', 0, padding);
    if (!take_number(words, 0, 1, &channels))
        return gan_error(GAN_BAD_INPUT, "%s.layers: '%s %d' needs a number of channels: %s",
                         layer->net->spec.name, word, kernel, layer->ops->usage);
    if (*padding >= kernel)
        return gan_error(GAN_BAD_INPUT, "%s.layers: '%s %d' has padding %d; it must be less than the kernel",
                         layer->net->spec.name, word, kernel, *padding);
    layer->conv = (gan_conv_shape){.n = layer->net->spec.shard_pictures,
                                   .kernel_h = kernel,
                                   .kernel_w = kernel,
                                   .stride_h = stride,
                                   .stride_w = stride};
    layer->out.c = channels;
    return GAN_OK;
}

gan_status gan_linear_declare(gan_layer *layer, const int64_t *dims, int rank, int out_channels,
                              const char *init)
{
    const gan_net_config *config = layer->net->spec.config;
    double taps = rank == 4 ? (double)dims[2] * (double)dims[3] : 1;
    double in = (double)layer->in.c * taps, out = (double)out_channels * taps;
    char key[GAN_WORD_MAX];
    snprintf(key, sizeof key, "%s.%s", layer->net->spec.name,
             init == config->init_dense ? "init_dense" : "init_conv");
    gan_init values;
    GAN_TRY(gan_init_parse(&values, init, key, in, out, (double)dims[1] * taps));
    GAN_TRY(gan_net_add_param(&layer->params[WEIGHT], layer, "weight", rank, dims, true, values));
    if (!config->bias)
        return GAN_OK;
    return gan_net_add_param(&layer->params[BIAS], layer, "bias", 1, (int64_t[]){out_channels}, true,
                             (gan_init){GAN_INIT_CONSTANT, 0, 0});
}

gan_status gan_linear_open(gan_layer *layer)
{
    gan_net *net = layer->net;
    gan_backend *be = net->backend;
    bool first = true;
    for (int i = 0; i < layer->slot; i++)
        first = first && net->layers[i].params[0] < 0;
    layer->conv.need_backward_data = transposed(layer) || net->spec.input_gradient || !first;
    GAN_TRY(be->ops->conv_create(be, &layer->plan, &layer->conv));
    gan_net_need_parts(net, be->ops->conv_part_floats(be, layer->plan));
    gan_net_need_parts(net, (size_t)layer->out.c);
    return GAN_OK;
}

void gan_linear_close(gan_layer *layer)
{
    gan_backend *be = layer->net->backend;
    if (be && layer->plan)
        be->ops->conv_destroy(be, layer->plan);
    layer->plan = NULL;
}

gan_status gan_linear_prepare(gan_layer *layer)
{
    gan_backend *be = layer->net->backend;
    return be->ops->conv_prepare(be, layer->plan, gan_net_value(layer->net, layer->params[WEIGHT]));
}

static size_t rows_of(const gan_layer *layer)
{
    return (size_t)layer->conv.n * (size_t)layer->out.h * (size_t)layer->out.w;
}

gan_status gan_linear_again(gan_layer *layer, gan_pass *pass, int shard, float *y)
{
    gan_backend *be = layer->net->backend;
    const float *x = gan_pass_x(pass, layer, shard);
    if (transposed(layer))
        GAN_TRY(be->ops->conv_backward_data(be, layer->plan, y, x));
    else
        GAN_TRY(be->ops->conv_forward(be, layer->plan, y, x));
    const float *bias = gan_net_value(layer->net, layer->params[BIAS]);
    return bias ? be->ops->bias_add(be, y, bias, rows_of(layer), layer->out.c) : GAN_OK;
}

static gan_status forward_shard(void *context, int shard)
{
    const gan_layer_job *job = context;
    return gan_linear_again(job->layer, job->passes[0], shard, gan_pass_y(job->passes[0], job->layer, shard));
}

gan_status gan_linear_forward(gan_layer *layer, gan_pass *pass, bool train)
{
    return gan_layer_run(layer, &pass, 1, train, forward_shard);
}

/* The input of a forward pass that is over; what was not kept is made
 * again where this layer's dx will stand. */
static gan_status input_again(const float **out, gan_layer *layer, gan_pass *pass, int shard)
{
    gan_layer *before = layer - 1;
    if (layer->slot == 0 || !before->transient) {
        *out = gan_pass_x(pass, layer, shard);
        return GAN_OK;
    }
    float *room = gan_pass_spare(pass, shard);
    *out = room;
    return before->ops->again(before, pass, shard, room);
}

static gan_status weights_shard(void *context, int shard)
{
    const gan_layer_job *job = context;
    gan_layer *layer = job->layer;
    gan_backend *be = layer->net->backend;
    for (int p = 0; p < job->n; p++) {
        const float *x, *dy = gan_pass_gradient(job->passes[p], shard);
        GAN_TRY(input_again(&x, layer, job->passes[p], shard));
        bool swap = transposed(layer);
        GAN_TRY(be->ops->conv_backward_weights(be, layer->plan, gan_net_parts(layer->net)[shard],
                                               swap ? dy : x, swap ? x : dy, p > 0));
    }
    return GAN_OK;
}

static gan_status bias_shard(void *context, int shard)
{
    const gan_layer_job *job = context;
    gan_layer *layer = job->layer;
    gan_backend *be = layer->net->backend;
    for (int p = 0; p < job->n; p++)
        GAN_TRY(be->ops->bias_gradient(be, gan_net_parts(layer->net)[shard],
                                       gan_pass_gradient(job->passes[p], shard), rows_of(layer), layer->out.c,
                                       p > 0));
    return GAN_OK;
}

static gan_status data_shard(void *context, int shard)
{
    const gan_layer_job *job = context;
    gan_layer *layer = job->layer;
    gan_backend *be = layer->net->backend;
    for (int p = 0; p < job->n; p++) {
        const float *dy = gan_pass_gradient(job->passes[p], shard);
        float *dx = gan_pass_spare(job->passes[p], shard);
        if (transposed(layer))
            GAN_TRY(be->ops->conv_forward(be, layer->plan, dx, dy));
        else
            GAN_TRY(be->ops->conv_backward_data(be, layer->plan, dx, dy));
    }
    return GAN_OK;
}

gan_status gan_linear_backward(gan_layer *layer, gan_pass *const *passes, int n, bool want_dx, bool want_dw)
{
    gan_net *net = layer->net;
    gan_backend *be = net->backend;
    int n_local = net->spec.n_local;
    if (want_dw) {
        GAN_TRY(gan_layer_run(layer, passes, n, want_dw, weights_shard));
        GAN_TRY(be->ops->conv_weight_gradient(be, layer->plan, gan_net_gradient(net, layer->params[WEIGHT]),
                                              gan_net_parts(net), n_local));
    }
    if (want_dw && layer->params[BIAS] >= 0) {
        GAN_TRY(gan_layer_run(layer, passes, n, want_dw, bias_shard));
        GAN_TRY(be->ops->tree_sum(be, gan_net_gradient(net, layer->params[BIAS]), gan_net_parts(net), n_local,
                                  (size_t)layer->out.c));
    }
    if (!want_dx)
        return GAN_OK;
    return gan_layer_run_and_swap(layer, passes, n, data_shard);
}
