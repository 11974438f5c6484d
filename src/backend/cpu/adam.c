/* adam.c: Adam's update of one flat arena, bound by memory: seven passes' worth of bytes in one. */
#include <math.h>
#include "cpu.h"
#include "simd.h"

#define RUN 4096 /* floats a thread takes at a time */

GAN_CLONES static void update(float *restrict p, float *restrict m, float *restrict v,
                              const float *restrict gradient, size_t n, const gan_adam_args *args)
{
    const gan_adam_args a = *args;
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const float g = gradient[i];
        m[i] = a.beta1 * m[i] + a.rest1 * g;
        v[i] = a.beta2 * v[i] + a.rest2 * g * g;
        p[i] -= a.step_size * m[i] / (sqrtf(v[i]) + a.epsilon);
    }
}

gan_status gan_cpu_adam(gan_backend *be, float *p, float *m, float *v, const float *gradient, size_t n,
                        const gan_adam_args *args)
{
#pragma omp parallel for num_threads(be->threads) schedule(static)
    for (size_t at = 0; at < n; at += RUN)
        update(p + at, m + at, v + at, gradient + at, n - at < RUN ? n - at : RUN, args);
    return GAN_OK;
}
