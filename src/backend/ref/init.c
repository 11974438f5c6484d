/* init.c: initial weights. */
#include "ref.h"

gan_status gan_ref_init(gan_backend *be, float *out, size_t n, gan_init init, gan_rng at)
{
    (void)be;
    switch (init.kind) {
    case GAN_INIT_CONSTANT:
        for (size_t i = 0; i < n; i++)
            out[i] = init.a;
        break;
    case GAN_INIT_NORMAL:
        gan_rng_normal(out, n, at, init.a, init.b);
        break;
    case GAN_INIT_TRUNCATED:
        gan_rng_truncated(out, n, at, init.a, init.b);
        break;
    case GAN_INIT_UNIFORM:
        gan_rng_uniform(out, n, at, -init.b, init.b);
        break;
    }
    return GAN_OK;
}
