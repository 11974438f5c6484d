/* noise.c: the generator's input. */
#include "ref.h"

gan_status gan_ref_noise(gan_backend *be, float *out, size_t n, size_t dim, bool normal, gan_rng at)
{
    (void)be;
    for (size_t i = 0; i < n; i++, at.index++) {
        if (normal)
            gan_rng_normal(out + i * dim, dim, at, 0, 1);
        else
            gan_rng_uniform(out + i * dim, dim, at, -1, 1);
    }
    return GAN_OK;
}
