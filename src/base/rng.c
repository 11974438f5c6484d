#include "gan_dist/rng.h"

#include <string.h>
#include "gan_dist/philox.h"

void gan_philox(uint32_t out[4], uint64_t key, const uint32_t counter[4])
{
    gan_philox_block(out, key, counter);
}

void gan_rng_words(uint32_t *out, size_t n, gan_rng at)
{
    for (size_t i = 0; i < n; i += 4) {
        uint32_t words[4];
        gan_philox_at(words, at, (uint32_t)(i / 4));
        memcpy(out + i, words, (n - i < 4 ? n - i : 4) * sizeof *out);
    }
}

void gan_rng_uniform(float *out, size_t n, gan_rng at, float low, float high)
{
    for (size_t i = 0; i < n; i += 4) {
        uint32_t words[4];
        gan_philox_at(words, at, (uint32_t)(i / 4));
        for (size_t k = 0; k < 4 && i + k < n; k++)
            out[i + k] = low + (high - low) * gan_philox_unit(words[k]);
    }
}

void gan_rng_normal(float *out, size_t n, gan_rng at, float mean, float deviation)
{
    for (size_t i = 0; i < n; i += 4) {
        uint32_t words[4];
        float values[4];
        gan_philox_at(words, at, (uint32_t)(i / 4));
        gan_philox_normals(values, words);
        gan_philox_normals(values + 2, words + 2);
        for (size_t k = 0; k < 4 && i + k < n; k++)
            out[i + k] = mean + deviation * values[k];
    }
}

void gan_rng_truncated(float *out, size_t n, gan_rng at, float mean, float deviation)
{
    for (size_t i = 0; i < n; i++)
        out[i] = mean + deviation * gan_philox_truncated(at, (uint32_t)i);
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
        gan_philox_at(words, at, round);
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
