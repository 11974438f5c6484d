/* example.h: one small checkpoint with every kind of tensor a run writes. */
#ifndef GAN_TEST_OUT_EXAMPLE_H
#define GAN_TEST_OUT_EXAMPLE_H

#include "gan_dist/out.h"

#define EXAMPLE_TENSORS  6
#define EXAMPLE_METADATA 3

typedef struct example {
    float weight[2 * 3 * 1 * 2], bias[3], running[3], moment[2 * 3 * 1 * 2];
    int64_t batches;
    gan_tensor_view tensors[EXAMPLE_TENSORS];
    gan_metadata metadata[EXAMPLE_METADATA];
} example;

/* Values are start, start + 0.25, ...: exact, so that any reader can compute them. The integer stands behind
 * an odd number of floats, as it may in a real network. */
static inline void example_fill(example *e, float start)
{
    float *arrays[] = {e->weight, e->bias, e->running, e->moment};
    const int counts[] = {12, 3, 3, 12};
    for (int a = 0; a < 4; a++)
        for (int i = 0; i < counts[a]; i++)
            arrays[a][i] = start + (float)(100 * a) + 0.25f * (float)i;
    e->batches = INT64_C(1234567890123);
    const gan_tensor_view tensors[EXAMPLE_TENSORS] = {
        {"generator.main.0.weight", GAN_F32, 4, {2, 3, 1, 2}, e->weight},
        {"generator.main.1.bias", GAN_F32, 1, {3}, e->bias},
        {"generator.main.1.num_batches_tracked", GAN_I64, 0, {0}, &e->batches},
        {"generator.main.1.running_mean", GAN_F32, 1, {3}, e->running},
        {"discriminator.main.0.empty", GAN_F32, 2, {0, 5}, NULL},
        {"optimizer.generator.exp_avg.main.0.weight", GAN_F32, 4, {2, 3, 1, 2}, e->moment},
    };
    for (int i = 0; i < EXAMPLE_TENSORS; i++)
        e->tensors[i] = tensors[i];
    e->metadata[0] = (gan_metadata){GAN_META_STEP, "500"};
    e->metadata[1] = (gan_metadata){GAN_META_PRESET, "quickstart"};
    e->metadata[2] = (gan_metadata){GAN_META_CONFIG,
                                    "[generator]\nlayers = dense 3x3x512 | \"deconv\"\t\\ \xC3\xA9\x01\n"};
}

static inline gan_status example_write(const example *e, const char *path)
{
    return gan_checkpoint_write(path, e->tensors, EXAMPLE_TENSORS, e->metadata, EXAMPLE_METADATA);
}

#endif
