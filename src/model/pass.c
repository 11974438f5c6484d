/* pass.c: the memory of one forward pass: outputs of every layer and two gradient buffers, per local shard.
 */
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

/* The largest gradient any layer passes on. */
static size_t gradient_floats(const gan_net *net)
{
    size_t most = shard_floats(net, gan_net_output_shape(net));
    for (int i = 0; i < net->n_layers; i++) {
        size_t out = shard_floats(net, net->layers[i].out), in = shard_floats(net, net->layers[i].in);
        most = out > most ? out : most;
        if (in > most && (i > 0 || net->spec.input_gradient))
            most = in;
    }
    return most;
}

double gan_pass_bytes(const gan_net *net)
{
    size_t floats = 2 * gradient_floats(net);
    for (int i = 0; i < net->n_layers; i++)
        if (!net->layers[i].in_place)
            floats += shard_floats(net, net->layers[i].out);
    return 4.0 * (double)floats * net->spec.n_local;
}

static gan_status alloc_shards(gan_net *net, float **pointers, size_t floats)
{
    void *memory;
    size_t n = (size_t)net->spec.n_local;
    GAN_TRY(net->backend->ops->alloc(net->backend, &memory, n * floats * sizeof(float)));
    for (size_t s = 0; s < n; s++)
        pointers[s] = (float *)memory + s * floats;
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
    pass->own[0] = calloc(n, sizeof *pass->own[0]);
    pass->own[1] = calloc(n, sizeof *pass->own[1]);
    if (!pass->input || !pass->labels || !pass->y || !pass->gradient || !pass->own[0] || !pass->own[1])
        return gan_error(GAN_FAILED, "%s: out of memory for a pass", net->spec.name);
    for (int i = 0; i < net->n_layers; i++) {
        float **y = pass->y + (size_t)i * n;
        if (net->layers[i].in_place)
            for (size_t s = 0; s < n; s++)
                y[s] = y[s - n];
        else
            GAN_TRY(alloc_shards(net, y, shard_floats(net, net->layers[i].out)));
    }
    for (int k = 0; k < 2; k++)
        GAN_TRY(alloc_shards(net, pass->own[k], gradient_floats(net)));
    for (size_t s = 0; s < n; s++)
        pass->gradient[s] = pass->own[0][s];
    return GAN_OK;
}

void gan_pass_destroy(gan_pass *pass)
{
    gan_net *net = pass->net;
    if (!net)
        return;
    gan_backend *be = net->backend;
    for (int i = 0; pass->y && i < net->n_layers; i++)
        if (!net->layers[i].in_place)
            be->ops->free(be, pass->y[i * net->spec.n_local]);
    for (int k = 0; k < 2; k++) {
        if (pass->own[k])
            be->ops->free(be, pass->own[k][0]);
        free(pass->own[k]);
    }
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
    return layer->slot == 0 ? pass->input[shard]
                            : pass->y[(layer->slot - 1) * pass->net->spec.n_local + shard];
}

float *gan_pass_y(const gan_pass *pass, const gan_layer *layer, int shard)
{
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
    pass->gradient[shard] = pass->own[0][shard];
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
    return pass->gradient[shard] == pass->own[0][shard] ? pass->own[1][shard] : pass->own[0][shard];
}

void gan_pass_swap(gan_pass *pass)
{
    for (int s = 0; s < pass->net->spec.n_local; s++)
        pass->gradient[s] = gan_pass_spare(pass, s);
}
