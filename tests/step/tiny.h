/* tiny.h: a small conditional GAN for tests, run step by step as the conductor runs it: as one rank of any
 * number, with no messages. */
#ifndef GAN_TESTS_STEP_TINY_H
#define GAN_TESTS_STEP_TINY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "gan_dist/optim.h"
#include "gan_dist/step.h"

#define TINY_BATCH   16
#define TINY_SHARDS  8
#define TINY_SIDE    8
#define TINY_CLASSES 3

typedef struct tiny {
    gan_config config;
    gan_backend *backend;
    gan_shards shards;
    gan_step *step;
    gan_net *g, *d;
    gan_optim optim_g, optim_d;
    float *images; /* this rank's part of the batch */
    int *labels;
    uint64_t *positions;
    uint64_t updates_g, updates_d;
} tiny;

/* 8x8 grey pictures of 3 classes; batch norm, labels, biases and both kinds of convolution in G and D. */
void tiny_config(gan_config *config, const char *order, gan_bn_scope bn);

/* Opens rank `rank` of `size` and draws its initial weights. Fails the test when that fails. */
void tiny_open(tiny *t, const gan_config *config, const char *backend, int threads, int rank, int size,
               gan_reduce_fn reduce, void *reduce_context);
/* The same on a backend that is open, and is tiny's from then on. */
void tiny_open_on(tiny *t, const gan_config *config, gan_backend *backend, int rank, int size,
                  gan_reduce_fn reduce, void *reduce_context);
void tiny_close(tiny *t);

/* Hands step `number` its real batch: picture i of the global batch is a function of the step and of i. */
void tiny_next(tiny *t, uint64_t number);
/* Noise, or both halves of an update, without the optimiser. */
void tiny_op(tiny *t, gan_op op);
/* Adam on the network whose gradients an update has filled. */
void tiny_update(tiny *t, gan_op op);
/* A whole step with its updates. */
void tiny_step(tiny *t, uint64_t number);

/* A copy in host memory of n floats of the backend's; the caller frees it. */
float *tiny_fetch(const tiny *t, const float *from, size_t n);
/* Compares parameters, gradients and statistics of both networks, bit for bit. */
void tiny_assert_same(const tiny *a, const tiny *b);

#endif
