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

typedef struct sample_room {
    void *z, *labels;
} sample_room;

/* One round of as many pictures as the pass holds; places beyond `n` repeat what the buffers held before. */
static gan_status sample_round(gan_net *g, gan_backend *be, const sample_room *room, float *out,
                               const float *z, const int *labels, size_t n)
{
    gan_pass *pass = gan_net_pass(g, 0);
    size_t pictures = (size_t)gan_net_shard_pictures(g), dim = gan_shape_count(gan_net_input_shape(g));
    size_t size = gan_shape_count(gan_net_output_shape(g));
    GAN_TRY(be->ops->upload(be, room->z, z, n * dim * sizeof *z));
    if (labels)
        GAN_TRY(be->ops->upload(be, room->labels, labels, n * sizeof *labels));
    for (int s = 0; s < gan_net_local_shards(g); s++) {
        size_t at = (size_t)s * pictures;
        gan_pass_set_input(pass, s, (float *)room->z + at * dim, labels ? (int *)room->labels + at : NULL);
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
    gan_backend *be = gan_net_backend(generator);
    size_t room_for = (size_t)gan_net_shard_pictures(generator) * (size_t)gan_net_local_shards(generator);
    size_t dim = gan_shape_count(gan_net_input_shape(generator));
    size_t size = gan_shape_count(gan_net_output_shape(generator));
    sample_room room = {NULL, NULL};
    gan_status status;
    GAN_TRY_OUT(status, be->ops->alloc(be, &room.z, room_for * dim * sizeof(float)));
    GAN_TRY_OUT(status, be->ops->alloc(be, &room.labels, room_for * sizeof(int)));
    for (size_t at = 0; at < (size_t)n; at += room_for) {
        size_t count = (size_t)n - at < room_for ? (size_t)n - at : room_for;
        GAN_TRY_OUT(status, sample_round(generator, be, &room, out + at * size, z + at * dim,
                                         labels ? labels + at : NULL, count));
    }
out:
    be->ops->free(be, room.z);
    be->ops->free(be, room.labels);
    return status;
}
