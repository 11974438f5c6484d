/* sample.c: pictures from the generator, outside training. */
#include <stdlib.h>
#include <string.h>

#include "gan_dist/step.h"

void gan_sample_noise(float *z, const gan_config *config, uint64_t seed, uint32_t first, int n)
{
    size_t dim = (size_t)config->noise_dim;
    for (int i = 0; i < n; i++) {
        gan_rng at = {.seed = seed, .stream = GAN_STREAM_SAMPLE, .index = first + (uint32_t)i};
        if (config->noise == GAN_NOISE_NORMAL)
            gan_rng_normal(z + (size_t)i * dim, dim, at, 0, 1);
        else
            gan_rng_uniform(z + (size_t)i * dim, dim, at, -1, 1);
    }
}

/* Noise and labels of one round, and what the pass's inputs were before: training goes on with those. */
typedef struct sample_room {
    void *z, *labels;
    const float **inputs;
    const int **input_labels;
} sample_room;

/* Each shard's noise begins at a 64-byte boundary, as in training. */
static size_t shard_floats(const gan_net *g)
{
    return ((size_t)gan_net_shard_pictures(g) * gan_shape_count(gan_net_input_shape(g)) + 15) / 16 * 16;
}

static gan_status open_room(sample_room *room, gan_net *g, size_t pictures)
{
    gan_backend *be = gan_net_backend(g);
    size_t n = (size_t)gan_net_local_shards(g);
    room->inputs = calloc(n, sizeof *room->inputs);
    room->input_labels = calloc(n, sizeof *room->input_labels);
    if (!room->inputs || !room->input_labels)
        return gan_error(GAN_FAILED, "sampling: out of memory");
    for (size_t s = 0; s < n; s++) {
        room->inputs[s] = gan_pass_input(gan_net_pass(g, 0), (int)s);
        room->input_labels[s] = gan_pass_labels(gan_net_pass(g, 0), (int)s);
    }
    GAN_TRY(be->ops->alloc(be, &room->z, n * shard_floats(g) * sizeof(float)));
    return be->ops->alloc(be, &room->labels, pictures * sizeof(int));
}

static void close_room(sample_room *room, gan_net *g)
{
    gan_backend *be = gan_net_backend(g);
    for (int s = 0; room->inputs && room->input_labels && s < gan_net_local_shards(g); s++)
        gan_pass_set_input(gan_net_pass(g, 0), s, room->inputs[s], room->input_labels[s]);
    free(room->inputs);
    free(room->input_labels);
    be->ops->free(be, room->z);
    be->ops->free(be, room->labels);
}

/* One round of at most as many pictures as the pass holds;
 * places beyond `n` repeat what the buffers held before. */
static gan_status sample_round(gan_net *g, const sample_room *room, float *out, const float *z,
                               const int *labels, size_t n)
{
    gan_backend *be = gan_net_backend(g);
    gan_pass *pass = gan_net_pass(g, 0);
    size_t pictures = (size_t)gan_net_shard_pictures(g), dim = gan_shape_count(gan_net_input_shape(g));
    size_t size = gan_shape_count(gan_net_output_shape(g));
    for (int s = 0; s < gan_net_local_shards(g); s++) {
        size_t at = (size_t)s * pictures, left = n > at ? n - at : 0,
               count = left < pictures ? left : pictures;
        float *own_z = (float *)room->z + (size_t)s * shard_floats(g);
        int *own_labels = (int *)room->labels + at;
        GAN_TRY(be->ops->upload(be, own_z, z + (count ? at * dim : 0), count * dim * sizeof *z));
        if (labels)
            GAN_TRY(be->ops->upload(be, own_labels, labels + (count ? at : 0), count * sizeof *labels));
        gan_pass_set_input(pass, s, own_z, labels ? own_labels : NULL);
    }
    GAN_TRY(gan_net_forward(g, pass, false));
    for (int s = 0; s < gan_net_local_shards(g) && (size_t)s * pictures < n; s++) {
        size_t at = (size_t)s * pictures, count = n - at < pictures ? n - at : pictures;
        GAN_TRY(be->ops->download(be, out + at * size, gan_pass_output(pass, s), count * size * sizeof *out));
    }
    return GAN_OK;
}

gan_status gan_sample(gan_net *generator, float *out, const float *z, const int *labels, int n)
{
    size_t room_for = (size_t)gan_net_shard_pictures(generator) * (size_t)gan_net_local_shards(generator);
    size_t dim = gan_shape_count(gan_net_input_shape(generator));
    size_t size = gan_shape_count(gan_net_output_shape(generator));
    sample_room room = {.z = NULL};
    gan_status status;
    GAN_TRY_OUT(status, open_room(&room, generator, room_for));
    for (size_t at = 0; at < (size_t)n; at += room_for) {
        size_t count = (size_t)n - at < room_for ? (size_t)n - at : room_for;
        GAN_TRY_OUT(status, sample_round(generator, &room, out + at * size, z + at * dim,
                                         labels ? labels + at : NULL, count));
    }
out:
    close_room(&room, generator);
    return status;
}
