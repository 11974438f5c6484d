/* rng.h: the one source of randomness: counter-based Philox4x32-10.
 *
 * There is no generator state. A number is a function of (seed, stream, step, index, position),
 * so any rank or thread can compute any part of it, and a resumed run needs nothing saved.
 * Pure functions: any thread may call.
 *
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). */
#ifndef GAN_DIST_RNG_H
#define GAN_DIST_RNG_H

#include <stddef.h>
#include <stdint.h>

/* What a random number is for. Two purposes never share a stream. Append only: the values are part of every
 * run's definition. */
typedef enum gan_stream {
    GAN_STREAM_ORDER = 1,  /* data order: one key per epoch */
    GAN_STREAM_MIRROR = 2, /* left-right flips */
    GAN_STREAM_NOISE = 3,  /* training noise: z */
    GAN_STREAM_SAMPLE = 4, /* the fixed noise of sample grids and of `generate` */
    GAN_STREAM_INIT = 5,   /* initial weights */
    GAN_STREAM_FACES = 6   /* the built-in drawn faces */
} gan_stream;

/* One block: four 32-bit words from a 64-bit key and a 128-bit counter. */
void gan_philox(uint32_t out[4], uint64_t key, const uint32_t counter[4]);

/* A position in the random space. counter = (index, step, stream + 256 * draw, block); key = seed.
 * `draw` numbers repeated uses within one step (the k-th `z` of a step; the tensor of an initialisation). */
typedef struct gan_rng {
    uint64_t seed;
    gan_stream stream;
    uint32_t draw;
    uint32_t step;
    uint32_t index; /* the global sample index, or whatever enumerates the unit of work */
} gan_rng;

/* n words, uniforms in [low, high) with 24 random bits, or normals (Box-Muller, in pairs) with the given mean
 * and standard deviation, from block 0 on. The first k of a longer draw equal a draw of k. */
void gan_rng_words(uint32_t *out, size_t n, gan_rng at);
void gan_rng_uniform(float *out, size_t n, gan_rng at, float low, float high);
void gan_rng_normal(float *out, size_t n, gan_rng at, float mean, float deviation);

/* Normal with redraw beyond two deviations (TensorFlow's truncated_normal). Element i uses its own blocks, so
 * the result does not depend on how many redraws its neighbours took. */
void gan_rng_truncated(float *out, size_t n, gan_rng at, float mean, float deviation);

/* What initial weights are drawn from.
 * CONSTANT: a. NORMAL, TRUNCATED: mean a, deviation b. UNIFORM: [-b, b). */
typedef enum gan_init_kind {
    GAN_INIT_CONSTANT,
    GAN_INIT_NORMAL,
    GAN_INIT_TRUNCATED,
    GAN_INIT_UNIFORM
} gan_init_kind;

typedef struct gan_init {
    gan_init_kind kind;
    float a, b;
} gan_init;

/* A keyed bijection of 0..n-1 (Feistel network with cycle walking): the place of element i in a shuffle,
 * without a table. n >= 1, i < n. */
uint64_t gan_rng_permute(uint64_t i, uint64_t n, gan_rng at);

/* 64-bit hash of bytes (FNV-1a over 8-byte words, tail padded with zeros, length mixed in). Changing any
 * single bit changes it. Chain with `start` (0 for the first piece). Not for security. */
uint64_t gan_hash(const void *bytes, size_t n, uint64_t start);

#endif
