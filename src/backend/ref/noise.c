/* noise.c: the generator's input. */
#include "ref.h"

gan_status gan_ref_noise(gan_backend *be, float *out, size_t n, bool normal, gan_rng at)
{
    (void)be;
    if (normal)
        gan_rng_normal(out, n, at, 0, 1);
    else
        gan_rng_uniform(out, n, at, -1, 1);
    return GAN_OK;
}
