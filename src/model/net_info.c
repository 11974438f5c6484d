/* net_info.c: what a network says about itself: shapes, tensors, counts. */
#include <stdio.h>
#include <string.h>

#include "model.h"

gan_backend *gan_net_backend(const gan_net *net)
{
    return net->backend;
}

gan_shape gan_net_input_shape(const gan_net *net)
{
    return net->spec.input;
}

gan_shape gan_net_output_shape(const gan_net *net)
{
    return net->layers[net->n_layers - 1].out;
}

int gan_net_shard_pictures(const gan_net *net)
{
    return net->spec.shard_pictures;
}

int gan_net_local_shards(const gan_net *net)
{
    return net->spec.n_local;
}

size_t gan_net_arena_floats(const gan_net *net)
{
    return net->arena_floats;
}

float *gan_net_parameters(const gan_net *net)
{
    return net->parameters;
}

float *gan_net_gradients(const gan_net *net)
{
    return net->gradients;
}

float *gan_net_statistics(const gan_net *net)
{
    return net->statistics;
}

size_t gan_net_statistics_floats(const gan_net *net)
{
    return net->statistics_floats;
}

size_t gan_net_param_count(const gan_net *net)
{
    return (size_t)net->n_params;
}

const gan_param *gan_net_param(const gan_net *net, size_t index)
{
    return &net->params[index];
}

float *gan_net_value(const gan_net *net, int param)
{
    if (param < 0)
        return NULL;
    const gan_param *p = &net->params[param];
    return (p->trainable ? net->parameters : net->statistics) + p->offset;
}

float *gan_net_gradient(const gan_net *net, int param)
{
    return net->gradients + net->params[param].offset;
}

void gan_net_need_parts(gan_net *net, size_t floats)
{
    gan_workspace *ws = net->workspace;
    ws->part_floats = floats > ws->part_floats ? floats : ws->part_floats;
}

float *const *gan_net_parts(const gan_net *net)
{
    return net->workspace->parts;
}

gan_pass *gan_net_pass(gan_net *net, int index)
{
    return &net->passes[index];
}

static double layer_flops(const gan_layer *layer)
{
    return layer->ops->multiply_adds ? 2 * layer->ops->multiply_adds(layer) : 0;
}

double gan_net_forward_flops(const gan_net *net)
{
    double flops = 0;
    for (int i = 0; i < net->n_layers; i++)
        flops += layer_flops(&net->layers[i]);
    return flops;
}

double gan_net_first_flops(const gan_net *net)
{
    for (int i = 0; i < net->n_layers; i++)
        if (layer_flops(&net->layers[i]) > 0)
            return layer_flops(&net->layers[i]);
    return 0;
}

size_t gan_net_trainable(const gan_net *net)
{
    size_t count = 0;
    for (int i = 0; i < net->n_params; i++)
        count += net->params[i].trainable ? net->params[i].count : 0;
    return count;
}

double gan_net_memory_bytes(const gan_net *net)
{
    size_t part = 0;
    for (int i = 0; i < net->n_params; i++)
        part = net->params[i].count > part ? net->params[i].count : part;
    /* Parameters, gradients, Adam's two, and a backend's private copy of the weights. */
    double arenas = 5.0 * (double)net->arena_floats + (double)net->statistics_floats;
    return 4.0 * (arenas + (double)part * net->spec.n_local) + net->spec.passes * gan_pass_bytes(net);
}

void gan_net_print(const gan_net *net, void (*line)(const char *format, ...))
{
    line("%s: %zu parameters, %.1f Mflop a picture forward", net->spec.name, gan_net_trainable(net),
         1e-6 * gan_net_forward_flops(net));
    for (int i = 0; i < net->n_layers; i++) {
        const gan_layer *l = &net->layers[i];
        static const char *const acts[] = {"", " relu", " lrelu", " tanh", " sigmoid"};
        size_t count = 0;
        for (int k = 0; k < 4; k++)
            if (l->params[k] >= 0 && net->params[l->params[k]].trainable)
                count += net->params[l->params[k]].count;
        char name[64], in[48], out[48];
        snprintf(name, sizeof name, "%s%s", l->ops->word, l->in_place ? "" : acts[l->act]);
        snprintf(in, sizeof in, "%dx%dx%d", l->in.h, l->in.w, l->in.c);
        snprintf(out, sizeof out, "%dx%dx%d", l->out.h, l->out.w, l->out.c);
        line("  %3d  %-16s %14s -> %-14s %10zu", l->module, name, in, out, count);
    }
}
