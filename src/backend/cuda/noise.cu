/* noise.cu: the generator's input, from the same generator as everywhere (philox.h). Uniforms have the bits
 * of every other backend: 2u - 1 is exact. Normals differ by what the device's log, sine and cosine do. */
#include "device.h"
#include "gan_dist/philox.h"

static __global__ void __launch_bounds__(GAN_BLOCK)
    fill(float *out, size_t n, size_t dim, bool normal, gan_rng at, const uint32_t *step)
{
    const size_t blocks = (dim + 3) / 4; /* of a vector */
    const uint32_t first = at.index;
    if (step)
        at.step = *step;
    for (size_t i = gan_first(); i < n * blocks; i += gan_stride()) {
        const size_t vector = i / blocks, block = i % blocks;
        uint32_t words[4];
        float values[4];
        at.index = first + (uint32_t)vector;
        gan_philox_at(words, at, (uint32_t)block);
        if (normal) {
            gan_philox_normals(values, words);
            gan_philox_normals(values + 2, words + 2);
        } else {
            for (int k = 0; k < 4; k++)
                values[k] = 2 * gan_philox_unit(words[k]) - 1;
        }
        for (int k = 0; k < 4; k++)
            if (4 * block + k < dim)
                out[vector * dim + 4 * block + k] = values[k];
    }
}

gan_status gan_cuda_noise(gan_backend *be, float *out, size_t n, size_t dim, bool normal, gan_rng at)
{
    GAN_LAUNCH(fill, gan_blocks(n * ((dim + 3) / 4)), GAN_BLOCK, 0, gan_cuda_stream(be), out, n, dim, normal,
               at, gan_cuda_launch_step(be));
    return gan_cuda_launched(be, "noise");
}
