/* pass.c: the memory of one forward pass: outputs of every layer and two
 * gradient buffers, per local shard. */
#include <stdlib.h>

#include "model.h"

/* Each shard's buffer starts at a 64-byte boundary, so its bits cannot depend on which shard it is. */
static size_t aligned(size_t floats)
{
    return (floats + 15) / 16 * 16;
}

static size_t shard_floats(const gan_net *net, gan_shape shape)
{
    return aligned((size_t)net->spec.shard_pictures * gan_shape_count(shape));
}

static void grow(size_t *room, size_t floats)
{
    *room = floats > *room ? floats : *room;
}

/* Walks a backward pass that begins in buffer `at` (2: somebody else's)
 * and notes what each buffer must hold. */
static void walk_gradients(const gan_net *net, size_t room[2], int at)
{
    if (at < 2)
        grow(&room[at], shard_floats(net, gan_net_output_shape(net)));
    for (int i = net->n_layers - 1; i >= 0; i--) {
        const gan_layer *layer = &net->layers[i];
        if (layer->transient)
            grow(&room[0], shard_floats(net, layer->out));
        if (layer->ops == &gan_layer_bn || layer->in_place || (i == 0 && !net->spec.input_gradient))
            continue;
        at = at == 0;
        grow(&room[at], shard_floats(net, layer->in));
    }
}

void gan_pass_need_gradients(const gan_net *net, size_t floats[GAN_PASSES_MAX][2])
{
    for (int p = 0; p < net->spec.passes; p++) {
        walk_gradients(net, floats[p], net->spec.output_gradient_given ? 2 : 0);
    }
}

double gan_pass_bytes(const gan_net *net)
{
    size_t gradients[GAN_PASSES_MAX][2] = {{0}}, floats = 0;
    gan_pass_need_gradients(net, gradients);
    for (int i = 0; i < net->n_layers; i++)
        if (!net->layers[i].in_place && !net->layers[i].transient)
            floats += shard_floats(net, net->layers[i].out);
    return 4.0 * (double)(floats + gradients[0][0] + gradients[0][1]) * net->spec.n_local;
}

static gan_status alloc_outputs(gan_net *net, float **y, size_t floats)
{
    void *memory;
    size_t n = (size_t)net->spec.n_local;
    GAN_TRY(net->backend->ops->alloc(net->backend, &memory, n * floats * sizeof(float)));
    for (size_t s = 0; s < n; s++)
        y[s] = (float *)memory + s * floats;
    return GAN_OK;
}

gan_status gan_pass_create(gan_pass *pass, gan_net *net, int number)
{
    size_t n = (size_t)net->spec.n_local, layers = (size_t)net->n_layers;
    pass->net = net;
    pass->number = number;
    pass->input = calloc(n, sizeof *pass->input);
    pass->labels = calloc(n, sizeof *pass->labels);
    pass->y = calloc(layers * n, sizeof *pass->y);
    pass->gradient = calloc(n, sizeof *pass->gradient);
    if (!pass->input || !pass->labels || !pass->y || !pass->gradient)
        return gan_error(GAN_FAILED, "%s: out of memory for a pass", net->spec.name);
    for (int i = 0; i < net->n_layers; i++) {
        float **y = pass->y + (size_t)i * n;
        if (net->layers[i].in_place)
            for (size_t s = 0; s < n; s++)
                y[s] = y[s - n];
        else if (!net->layers[i].transient)
            GAN_TRY(alloc_outputs(net, y, shard_floats(net, net->layers[i].out)));
    }
    return GAN_OK;
}

void gan_pass_destroy(gan_pass *pass)
{
    gan_net *net = pass->net;
    if (!net)
        return;
    gan_backend *be = net->backend;
    for (int i = 0; pass->y && i < net->n_layers; i++)
        if (!net->layers[i].in_place && !net->layers[i].transient)
            be->ops->free(be, pass->y[i * net->spec.n_local]);
    free(pass->input);
    free(pass->labels);
    free(pass->y);
    free(pass->gradient);
}

void gan_pass_set_input(gan_pass *pass, int shard, const float *input, const int *labels)
{
    pass->input[shard] = input;
    pass->labels[shard] = labels;
}

const float *gan_pass_input(const gan_pass *pass, int shard)
{
    return pass->input[shard];
}

const float *gan_pass_x(const gan_pass *pass, const gan_layer *layer, int shard)
{
    return layer->slot == 0 ? pass->input[shard] : gan_pass_y(pass, layer - 1, shard);
}

float *gan_pass_y(const gan_pass *pass, const gan_layer *layer, int shard)
{
    if (layer->transient)
        return pass->net->workspace->gradients[pass->number][0][shard];
    return pass->y[layer->slot * pass->net->spec.n_local + shard];
}

float *gan_pass_output(const gan_pass *pass, int shard)
{
    return pass->y[(pass->net->n_layers - 1) * pass->net->spec.n_local + shard];
}

const int *gan_pass_labels(const gan_pass *pass, int shard)
{
    return pass->labels[shard];
}

float *gan_pass_output_gradient(gan_pass *pass, int shard)
{
    pass->gradient[shard] = pass->net->workspace->gradients[pass->number][0][shard];
    return pass->gradient[shard];
}

void gan_pass_set_output_gradient(gan_pass *pass, int shard, float *gradient)
{
    pass->gradient[shard] = gradient;
}

float *gan_pass_gradient(const gan_pass *pass, int shard)
{
    return pass->gradient[shard];
}

float *gan_pass_input_gradient(const gan_pass *pass, int shard)
{
    return pass->gradient[shard];
}

float *gan_pass_spare(const gan_pass *pass, int shard)
{
    float **const *own = pass->net->workspace->gradients[pass->number];
    return pass->gradient[shard] == own[0][shard] ? own[1][shard] : own[0][shard];
}

void gan_pass_swap(gan_pass *pass)
{
    for (int s = 0; s < pass->net->spec.n_local; s++)
        pass->gradient[s] = gan_pass_spare(pass, s);
}
