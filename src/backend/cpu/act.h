/* act.h: an activation and its derivative inside a vectorised loop;
 * `act` is a constant where these are expanded. */
#ifndef GAN_BACKEND_CPU_ACT_H
#define GAN_BACKEND_CPU_ACT_H

#include "gan_dist/backend.h"
#include "simd_math.h"

GAN_INLINE float gan_act_value(float x, gan_act act)
{
    switch (act) {
    case GAN_ACT_RELU:
        return x > 0.0f ? x : 0.0f;
    case GAN_ACT_LRELU:
        return x > 0.0f ? x : GAN_LRELU_SLOPE * x;
    case GAN_ACT_TANH:
        return gan_tanhf(x);
    case GAN_ACT_SIGMOID:
        return gan_sigmoidf(x);
    case GAN_ACT_NONE:
        break;
    }
    return x;
}

/* dy * act'(y). The sign of y is the sign of what went in,
 * so for the two rectifiers the input serves as well. */
GAN_INLINE float gan_act_slope(float dy, float y, gan_act act)
{
    switch (act) {
    case GAN_ACT_RELU: /* as a mask: the compiler vectorises no conditional whose other arm is a constant */
        return gan_bits_float(gan_float_bits(dy) & (y > 0.0f ? 0xffffffffu : 0u));
    case GAN_ACT_LRELU:
        return y > 0.0f ? dy : GAN_LRELU_SLOPE * dy;
    case GAN_ACT_TANH:
        return dy * (1.0f - y * y);
    case GAN_ACT_SIGMOID:
        return dy * (y * (1.0f - y));
    case GAN_ACT_NONE:
        break;
    }
    return dy;
}

/* Expands `statement` once per activation with `ACT` a constant, so that each has a loop of its own. */
#define GAN_ACT_CASE(value, statement)                                                                       \
    case value: {                                                                                            \
        const gan_act ACT = value;                                                                           \
        statement;                                                                                           \
        break;                                                                                               \
    }
#define GAN_ACT_SWITCH(act, statement)                                                                       \
    do {                                                                                                     \
        switch (act) {                                                                                       \
            GAN_ACT_CASE(GAN_ACT_NONE, statement)                                                            \
            GAN_ACT_CASE(GAN_ACT_RELU, statement)                                                            \
            GAN_ACT_CASE(GAN_ACT_LRELU, statement)                                                           \
            GAN_ACT_CASE(GAN_ACT_TANH, statement)                                                            \
            GAN_ACT_CASE(GAN_ACT_SIGMOID, statement)                                                         \
        }                                                                                                    \
    } while (0)

#endif
