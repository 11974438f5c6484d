/* init.cu: initial weights, where they are needed, from the same generator as everywhere (philox.h).
 * Constants and uniforms have the bits of every other backend. */
#include "device.h"
#include "gan_dist/philox.h"

static __device__ void four_values(float values[4], gan_init init, gan_rng at, uint32_t block)
{
    uint32_t words[4];
    gan_philox_at(words, at, block);
    gan_philox_normals(values, words);
    gan_philox_normals(values + 2, words + 2);
    for (int k = 0; k < 4; k++)
        values[k] = init.kind == GAN_INIT_NORMAL ? init.a + init.b * values[k]
                                                 : -init.b + (init.b + init.b) * gan_philox_unit(words[k]);
}

static __global__ void __launch_bounds__(GAN_BLOCK) fill(float *out, size_t n, gan_init init, gan_rng at)
{
    for (size_t i = gan_first(); i < (n + 3) / 4; i += gan_stride()) {
        float values[4];
        four_values(values, init, at, (uint32_t)i);
        for (int k = 0; k < 4; k++)
            if (4 * i + k < n)
                out[4 * i + k] = values[k];
    }
}

/* Constants, and numbers of which each has blocks of its own. */
static __global__ void __launch_bounds__(GAN_BLOCK) fill_each(float *out, size_t n, gan_init init, gan_rng at)
{
    for (size_t i = gan_first(); i < n; i += gan_stride())
        out[i] =
            init.kind == GAN_INIT_CONSTANT ? init.a : init.a + init.b * gan_philox_truncated(at, (uint32_t)i);
}

gan_status gan_cuda_init(gan_backend *be, float *out, size_t n, gan_init init, gan_rng at)
{
    if (init.kind == GAN_INIT_CONSTANT || init.kind == GAN_INIT_TRUNCATED)
        GAN_LAUNCH(fill_each, gan_blocks(n), GAN_BLOCK, 0, gan_cuda_stream(be), out, n, init, at);
    else
        GAN_LAUNCH(fill, gan_blocks((n + 3) / 4), GAN_BLOCK, 0, gan_cuda_stream(be), out, n, init, at);
    return gan_cuda_launched(be, "init");
}
