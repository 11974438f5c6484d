/* noise.cu: the generator's input, from the same generator as everywhere (philox.h). Uniforms have the bits
 * of every other backend: 2u - 1 is exact. Normals differ by what the device's log, sine and cosine do. */
#include "device.h"
#include "gan_dist/philox.h"

static __global__ void __launch_bounds__(GAN_BLOCK) fill(float *out, size_t n, bool normal, gan_rng at)
{
    for (size_t block = gan_first(); block < (n + 3) / 4; block += gan_stride()) {
        uint32_t words[4];
        float values[4];
        gan_philox_at(words, at, (uint32_t)block);
        if (normal) {
            gan_philox_normals(values, words);
            gan_philox_normals(values + 2, words + 2);
        } else {
            for (int k = 0; k < 4; k++)
                values[k] = 2 * gan_philox_unit(words[k]) - 1;
        }
        for (int k = 0; k < 4; k++)
            if (4 * block + k < n)
                out[4 * block + k] = values[k];
    }
}

gan_status gan_cuda_noise(gan_backend *be, float *out, size_t n, bool normal, gan_rng at)
{
    GAN_LAUNCH(fill, gan_blocks((n + 3) / 4), GAN_BLOCK, 0, gan_cuda_stream(be), out, n, normal, at);
    return gan_cuda_launched(be, "noise");
}
