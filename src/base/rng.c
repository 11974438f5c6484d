#include "gan_dist/rng.h"

#include <math.h>
#include <string.h>

/* Multipliers and Weyl constants of Philox4x32 (Salmon et al. 2011, section 4.3). */
#define PHILOX_M0     0xD2511F53u
#define PHILOX_M1     0xCD9E8D57u
#define PHILOX_W0     0x9E3779B9u
#define PHILOX_W1     0xBB67AE85u
#define PHILOX_ROUNDS 10

void gan_philox(uint32_t out[4], uint64_t key, const uint32_t counter[4])
{
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    uint32_t x0 = counter[0], x1 = counter[1], x2 = counter[2], x3 = counter[3];
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        uint64_t p0 = (uint64_t)PHILOX_M0 * x0, p1 = (uint64_t)PHILOX_M1 * x2;
        uint32_t y0 = (uint32_t)(p1 >> 32) ^ x1 ^ k0, y2 = (uint32_t)(p0 >> 32) ^ x3 ^ k1;
        x1 = (uint32_t)p1;
        x3 = (uint32_t)p0;
        x0 = y0;
        x2 = y2;
        k0 += PHILOX_W0;
        k1 += PHILOX_W1;
    }
    out[0] = x0;
    out[1] = x1;
    out[2] = x2;
    out[3] = x3;
}

static void block_words(uint32_t out[4], gan_rng at, uint32_t block)
{
    uint32_t counter[4] = {at.index, at.step, (uint32_t)at.stream + 256u * at.draw, block};
    gan_philox(out, at.seed, counter);
}

void gan_rng_words(uint32_t *out, size_t n, gan_rng at)
{
    for (size_t i = 0; i < n; i += 4) {
        uint32_t words[4];
        block_words(words, at, (uint32_t)(i / 4));
        memcpy(out + i, words, (n - i < 4 ? n - i : 4) * sizeof *out);
    }
}

/* [0,1) with 24 random bits: exact in float, so every backend agrees on the bits. */
static float unit(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24f;
}

void gan_rng_uniform(float *out, size_t n, gan_rng at, float low, float high)
{
    for (size_t i = 0; i < n; i += 4) {
        uint32_t words[4];
        block_words(words, at, (uint32_t)(i / 4));
        for (size_t k = 0; k < 4 && i + k < n; k++)
            out[i + k] = low + (high - low) * unit(words[k]);
    }
}

/* Box-Muller: two words give two standard normals. The radius takes (0,1], so the logarithm is finite. */
static void normal_pair(float out[2], const uint32_t words[2])
{
    float radius = sqrtf(-2.0f * logf(1.0f - unit(words[0])));
    float angle = 6.283185307179586f * unit(words[1]);
    out[0] = radius * cosf(angle);
    out[1] = radius * sinf(angle);
}

void gan_rng_normal(float *out, size_t n, gan_rng at, float mean, float deviation)
{
    for (size_t i = 0; i < n; i += 4) {
        uint32_t words[4];
        float values[4];
        block_words(words, at, (uint32_t)(i / 4));
        normal_pair(values, words);
        normal_pair(values + 2, words + 2);
        for (size_t k = 0; k < 4 && i + k < n; k++)
            out[i + k] = mean + deviation * values[k];
    }
}

/* The first of element i's candidates within two deviations. Each element owns the counter (index = its
 * number, step = its attempt), four candidates an attempt; all four fail once in about 233,000 attempts. The
 * second pair is made only when the first has none: once in 480 elements. */
static float truncated_value(gan_rng at, uint32_t i)
{
    at.index = i;
    for (at.step = 0;; at.step++) {
        uint32_t words[4];
        block_words(words, at, 0);
        for (int pair = 0; pair < 4; pair += 2) {
            float values[2];
            normal_pair(values, words + pair);
            for (int k = 0; k < 2; k++)
                if (fabsf(values[k]) <= 2.0f)
                    return values[k];
        }
    }
}

void gan_rng_truncated(float *out, size_t n, gan_rng at, float mean, float deviation)
{
    for (size_t i = 0; i < n; i++)
        out[i] = mean + deviation * truncated_value(at, (uint32_t)i);
}

#define FEISTEL_ROUNDS 4

/* One pass over 2*half_bits bits. The round function is a Philox block, so the key is the whole position. */
static uint64_t feistel(uint64_t value, unsigned half_bits, gan_rng at)
{
    uint64_t mask = (UINT64_C(1) << half_bits) - 1;
    uint64_t left = value >> half_bits, right = value & mask;
    for (uint32_t round = 0; round < FEISTEL_ROUNDS; round++) {
        uint32_t words[4];
        at.index = (uint32_t)right;
        block_words(words, at, round);
        uint64_t next = left ^ ((((uint64_t)words[1] << 32) | words[0]) & mask);
        left = right;
        right = next;
    }
    return (left << half_bits) | right;
}

uint64_t gan_rng_permute(uint64_t i, uint64_t n, gan_rng at)
{
    unsigned half_bits = 1;
    while (half_bits < 32 && (UINT64_C(1) << (2 * half_bits)) < n)
        half_bits++;
    /* The domain is less than four times n, so walking the cycle back into 0..n-1 takes few passes. */
    do
        i = feistel(i, half_bits, at);
    while (i >= n);
    return i;
}

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME  UINT64_C(0x100000001b3)

uint64_t gan_hash(const void *bytes, size_t n, uint64_t start)
{
    const unsigned char *p = bytes;
    uint64_t hash = start ^ FNV_OFFSET;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t word = 0;
        memcpy(&word, p + i, n - i < 8 ? n - i : 8);
        hash = (hash ^ word) * FNV_PRIME;
        hash ^= hash >> 32; /* the multiplication alone never moves high bits down */
    }
    return (hash ^ n) * FNV_PRIME;
}
