/* adam.cu: one Adam update of a whole arena, four parameters at a time: 28 bytes each. */
#include "device.h"

static __device__ __forceinline__ void update(float &p, float &m, float &v, float g,
                                              const gan_adam_args &args)
{
    m = args.beta1 * m + args.rest1 * g;
    v = args.beta2 * v + args.rest2 * g * g;
    p -= args.step_size * m / (sqrtf(v) + args.epsilon);
}

/* Arenas are whole fours; what is left of other lengths is done one by one. */
static __global__ void __launch_bounds__(GAN_BLOCK)
    update_all(float *p, float *m, float *v, const float *gradient, size_t n, gan_adam_args args,
               const gan_adam_args *of_launch)
{
    if (of_launch)
        args = *of_launch;
    const size_t fours = n / 4;
    for (size_t i = gan_first(); i < fours; i += gan_stride()) {
        float4 p4 = reinterpret_cast<float4 *>(p)[i], m4 = reinterpret_cast<float4 *>(m)[i];
        float4 v4 = reinterpret_cast<float4 *>(v)[i];
        const float4 g4 = reinterpret_cast<const float4 *>(gradient)[i];
        update(p4.x, m4.x, v4.x, g4.x, args);
        update(p4.y, m4.y, v4.y, g4.y, args);
        update(p4.z, m4.z, v4.z, g4.z, args);
        update(p4.w, m4.w, v4.w, g4.w, args);
        reinterpret_cast<float4 *>(p)[i] = p4;
        reinterpret_cast<float4 *>(m)[i] = m4;
        reinterpret_cast<float4 *>(v)[i] = v4;
    }
    for (size_t i = 4 * fours + gan_first(); i < n; i += gan_stride())
        update(p[i], m[i], v[i], gradient[i], args);
}

gan_status gan_cuda_adam(gan_backend *be, float *p, float *m, float *v, const float *gradient, size_t n,
                         const gan_adam_args *args)
{
    const gan_adam_args *of_launch;
    GAN_TRY(gan_cuda_launch_adam(be, &of_launch));
    GAN_LAUNCH(update_all, gan_blocks(n / 4), GAN_BLOCK, 0, gan_cuda_stream(be), p, m, v, gradient, n, *args,
               of_launch);
    return gan_cuda_launched(be, "adam");
}
