#include "nets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

gan_net_config small_config(const char *layers, bool bias)
{
    gan_net_config config = {.init_conv = "glorot",
                             .init_dense = "glorot",
                             .init_bn = "ones",
                             .bias = bias,
                             .bn_epsilon = 0.1,
                             .bn_momentum = 0.25};
    snprintf(config.layers, sizeof config.layers, "%s", layers);
    return config;
}

/* Biases and batch norm's scales and shifts start as constants; a constant hides mistakes. */
static void shake_vectors(gan_net *net, uint64_t seed)
{
    for (size_t i = 0; i < gan_net_param_count(net); i++) {
        const gan_param *param = gan_net_param(net, i);
        float *value = gan_net_parameters(net) + param->offset, shake[64];
        assert_true(param->rank > 1 || param->count <= 64);
        if (param->rank > 1 || !param->trainable)
            continue;
        gan_rng at = {.seed = seed, .stream = GAN_STREAM_FACES, .draw = 1, .index = (uint32_t)i};
        gan_rng_uniform(shake, param->count, at, -0.5f, 0.5f);
        for (size_t k = 0; k < param->count; k++)
            value[k] += shake[k];
    }
}

static void fill_inputs(small_net *s, uint64_t seed)
{
    for (int p = 0; p < s->passes; p++)
        for (int shard = 0; shard < s->n_local; shard++) {
            gan_rng at = {.seed = seed, .stream = GAN_STREAM_NOISE, .draw = (uint32_t)p};
            at.index = (uint32_t)shard;
            s->x[p][shard] = malloc(s->in_floats * sizeof(float));
            assert_non_null(s->x[p][shard]);
            gan_rng_uniform(s->x[p][shard], s->in_floats, at, -1, 1);
            for (int i = 0; i < NET_PICTURES; i++)
                s->labels[p][shard][i] = (p + shard + 2 * i) % NET_CLASSES;
            gan_pass_set_input(gan_net_pass(s->net, p), shard, s->x[p][shard], s->labels[p][shard]);
        }
}

void small_open(small_net *s, const char *layers, bool bias, gan_shape input, int n_local, int passes,
                gan_bn_scope bn, uint64_t seed)
{
    *s = (small_net){.config = small_config(layers, bias), .n_local = n_local, .passes = passes};
    assert_int_equal(gan_backend_open(&s->backend, "ref", &(gan_backend_options){.threads = 1}), GAN_OK);
    gan_net_spec spec = {.name = "tested",
                         .config = &s->config,
                         .input = input,
                         .classes = NET_CLASSES,
                         .shard_pictures = NET_PICTURES,
                         .n_local = n_local,
                         .n_global = n_local,
                         .bn = bn,
                         .passes = passes,
                         .input_gradient = true};
    if (gan_net_create(&s->net, s->backend, &spec) != GAN_OK)
        fail_msg("%s: %s", layers, gan_error_message());
    assert_int_equal(gan_net_init(s->net, seed), GAN_OK);
    shake_vectors(s->net, seed);
    gan_net_changed(s->net);
    s->in_floats = NET_PICTURES * gan_shape_count(input);
    s->out_floats = NET_PICTURES * gan_shape_count(gan_net_output_shape(s->net));
    fill_inputs(s, seed);
}

void small_close(small_net *s)
{
    for (int p = 0; p < s->passes; p++)
        for (int shard = 0; shard < s->n_local; shard++)
            free(s->x[p][shard]);
    gan_net_destroy(s->net);
    gan_backend_close(s->backend);
}

gan_status parse_net(gan_net **out, const gan_net_config *config, gan_shape input, int classes)
{
    gan_net_spec spec = {.name = "tested",
                         .config = config,
                         .input = input,
                         .classes = classes,
                         .shard_pictures = NET_PICTURES,
                         .n_local = 1,
                         .n_global = 1,
                         .passes = 1,
                         .input_gradient = true};
    return gan_net_parse(out, &spec);
}

void small_forward_and_back(small_net *s, unsigned want)
{
    gan_pass *passes[NET_PASSES_MAX];
    for (int p = 0; p < s->passes; p++) {
        passes[p] = gan_net_pass(s->net, p);
        assert_int_equal(gan_net_forward(s->net, passes[p], true), GAN_OK);
        for (int shard = 0; shard < s->n_local; shard++)
            memcpy(gan_pass_output_gradient(passes[p], shard), gan_pass_output(passes[p], shard),
                   s->out_floats * sizeof(float));
    }
    assert_int_equal(gan_net_backward(s->net, passes, s->passes, want), GAN_OK);
}
