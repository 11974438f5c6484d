/* act.h: activations and their derivatives on the device; all threads of a launch have the same `act`. */
#ifndef GAN_BACKEND_CUDA_ACT_H
#define GAN_BACKEND_CUDA_ACT_H

#include "device.h"

static __device__ __forceinline__ float gan_act_value(gan_act act, float x)
{
    switch (act) {
    case GAN_ACT_RELU:
        return x > 0 ? x : 0;
    case GAN_ACT_LRELU:
        return x > 0 ? x : GAN_LRELU_SLOPE * x;
    case GAN_ACT_TANH:
        return tanhf(x);
    case GAN_ACT_SIGMOID:
        return 1 / (1 + expf(-x));
    case GAN_ACT_NONE:
        break;
    }
    return x;
}

/* act'(x) as a function of y = act(x); for the two rectifiers x serves as well. */
static __device__ __forceinline__ float gan_act_slope(gan_act act, float y)
{
    switch (act) {
    case GAN_ACT_RELU:
        return y > 0 ? 1 : 0;
    case GAN_ACT_LRELU:
        return y > 0 ? 1 : GAN_LRELU_SLOPE;
    case GAN_ACT_TANH:
        return 1 - y * y;
    case GAN_ACT_SIGMOID:
        return y * (1 - y);
    case GAN_ACT_NONE:
        break;
    }
    return 1;
}

#endif
