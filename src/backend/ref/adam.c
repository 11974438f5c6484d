/* adam.c: one Adam update. The bias correction and whose epsilon it is are the caller's (gan_adam_args). */
#include "ref.h"

#include <math.h>

gan_status gan_ref_adam(gan_backend *be, float *p, float *m, float *v, const float *gradient, size_t n,
                        const gan_adam_args *args)
{
    (void)be;
    for (size_t i = 0; i < n; i++) {
        float g = gradient[i];
        m[i] = args->beta1 * m[i] + args->rest1 * g;
        v[i] = args->beta2 * v[i] + args->rest2 * g * g;
        p[i] -= args->step_size * m[i] / (sqrtf(v[i]) + args->epsilon);
    }
    return GAN_OK;
}
