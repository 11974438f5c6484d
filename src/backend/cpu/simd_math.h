/* simd_math.h: e^x, tanh and the logistic function for vectorised loops: no branch, no call, the same bits in
 * every clone.
 *
 * Polynomials by Chebyshev fit on the stated interval. Largest error against the correctly rounded value,
 * measured by tests/ops/test_cpu_math.c over all magnitudes: 2 units in the last place for e^x and tanh, 3
 * for the logistic function. */
#ifndef GAN_BACKEND_CPU_SIMD_MATH_H
#define GAN_BACKEND_CPU_SIMD_MATH_H

#include <stdint.h>
#include "simd.h"

GAN_INLINE float gan_bits_float(uint32_t bits)
{
    union {
        uint32_t u;
        float f;
    } both = {bits};
    return both.f;
}

GAN_INLINE uint32_t gan_float_bits(float f)
{
    union {
        float f;
        uint32_t u;
    } both = {f};
    return both.u;
}

/* e^x = 2^k e^r, |r| <= log(2)/2. x is clamped to [-87, 88],
 * where the result and its reciprocal are normal numbers. */
GAN_INLINE float gan_expf(float x)
{
    const float round = 12582912.0f; /* 1.5 * 2^23: adding it leaves the nearest integer in the low bits */
    x = x > 88.0f ? 88.0f : x;
    x = x < -87.0f ? -87.0f : x;
    const float shifted = x * 1.44269504f + round;
    const float k = shifted - round;
    /* log(2) in two pieces, the first short enough that k times it is exact. */
    const float r = (x - k * 0.693359375f) - k * -2.12194440e-4f;
    float p = 1.392618181e-3f;
    p = p * r + 8.36317763e-3f;
    p = p * r + 4.166655463e-2f;
    p = p * r + 0.16666577f;
    p = p * r + 0.5f;
    p = p * (r * r) + r;
    const float power = gan_bits_float((gan_float_bits(shifted) << 23) + 0x3f800000u);
    return power + power * p;
}

/* Below 0.625 an odd polynomial; above, 1 - 2 / (e^2|x| + 1). */
GAN_INLINE float gan_tanhf(float x)
{
    const uint32_t bits = gan_float_bits(x);
    const float size = gan_bits_float(bits & 0x7fffffffu);
    const float clamped = size > 10.0f ? 10.0f : size; /* 1 - tanh(10) is below half a unit */
    const float large = 1.0f - 2.0f / (gan_expf(clamped + clamped) + 1.0f);
    const float z = size * size;
    float q = -6.096714166e-3f;
    q = q * z + 2.0997179e-2f;
    q = q * z + -5.385090958e-2f;
    q = q * z + 0.1333276974f;
    q = q * z + -0.3333332894f;
    const float small = size + size * (z * q);
    const float magnitude = size < 0.625f ? small : large;
    return gan_bits_float(gan_float_bits(magnitude) | (bits & 0x80000000u));
}

GAN_INLINE float gan_sigmoidf(float x)
{
    return 1.0f / (1.0f + gan_expf(-x));
}

#endif
