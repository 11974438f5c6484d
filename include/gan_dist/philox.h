/* philox.h: the arithmetic of rng.h, which the host and devices share: one block, and numbers from its words.
 * Pure functions: any thread may call.
 *
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). */
#ifndef GAN_DIST_PHILOX_H
#define GAN_DIST_PHILOX_H

#include <math.h>
#include <stdint.h>
#include "gan_dist/formula.h"
#include "gan_dist/rng.h"

/* Multipliers and Weyl constants of Philox4x32 (section 4.3). */
#define GAN_PHILOX_M0     0xD2511F53u
#define GAN_PHILOX_M1     0xCD9E8D57u
#define GAN_PHILOX_W0     0x9E3779B9u
#define GAN_PHILOX_W1     0xBB67AE85u
#define GAN_PHILOX_ROUNDS 10

/* One block: four 32-bit words from a 64-bit key and a 128-bit counter. */
GAN_FORMULA void gan_philox_block(uint32_t out[4], uint64_t key, const uint32_t counter[4])
{
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    uint32_t x0 = counter[0], x1 = counter[1], x2 = counter[2], x3 = counter[3];
    for (int round = 0; round < GAN_PHILOX_ROUNDS; round++) {
        uint64_t p0 = (uint64_t)GAN_PHILOX_M0 * x0, p1 = (uint64_t)GAN_PHILOX_M1 * x2;
        uint32_t y0 = (uint32_t)(p1 >> 32) ^ x1 ^ k0, y2 = (uint32_t)(p0 >> 32) ^ x3 ^ k1;
        x1 = (uint32_t)p1;
        x3 = (uint32_t)p0;
        x0 = y0;
        x2 = y2;
        k0 += GAN_PHILOX_W0;
        k1 += GAN_PHILOX_W1;
    }
    out[0] = x0;
    out[1] = x1;
    out[2] = x2;
    out[3] = x3;
}

/* The block of a position in the random space. */
GAN_FORMULA void gan_philox_at(uint32_t out[4], gan_rng at, uint32_t block)
{
    uint32_t counter[4] = {at.index, at.step, (uint32_t)at.stream + 256u * at.draw, block};
    gan_philox_block(out, at.seed, counter);
}

/* [0,1) with 24 random bits: exact in float, so every backend agrees on the bits. */
GAN_FORMULA float gan_philox_unit(uint32_t word)
{
    return (float)(word >> 8) * (1.0f / 16777216.0f);
}

/* Box-Muller: two words give two standard normals. The radius takes (0,1], so the logarithm is finite. */
GAN_FORMULA void gan_philox_normals(float out[2], const uint32_t words[2])
{
    float radius = sqrtf(-2.0f * logf(1.0f - gan_philox_unit(words[0])));
    float angle = 6.283185307179586f * gan_philox_unit(words[1]);
    out[0] = radius * cosf(angle);
    out[1] = radius * sinf(angle);
}

/* The first of element i's candidates within two deviations. Each element owns the counter (index = its
 * number, step = its attempt), four candidates an attempt; all four fail once in about 233,000 attempts. The
 * second pair is made only when the first has none: once in 480 elements. */
GAN_FORMULA float gan_philox_truncated(gan_rng at, uint32_t i)
{
    at.index = i;
    for (at.step = 0;; at.step++) {
        uint32_t words[4];
        gan_philox_at(words, at, 0);
        for (int pair = 0; pair < 4; pair += 2) {
            float values[2];
            gan_philox_normals(values, words + pair);
            for (int k = 0; k < 2; k++)
                if (fabsf(values[k]) <= 2.0f)
                    return values[k];
        }
    }
}

#endif
