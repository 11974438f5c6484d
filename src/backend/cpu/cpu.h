/* cpu.h: what the files of the cpu backend share. Nothing outside this folder includes it.
 *
 * Shards run on `threads` OpenMP threads, the inside of an operation on one. Whole ops split their elements
 * over all threads. Every thread has one scratch buffer that grows to the largest request and lives as long
 * as the backend. */
#ifndef GAN_BACKEND_CPU_H
#define GAN_BACKEND_CPU_H

#include "gan_dist/backend.h"

typedef struct gan_dnnl gan_dnnl; /* oneDNN's engine and streams, onednn.c */

typedef struct gan_cpu_scratch {
    float *memory;
    size_t floats;
} gan_cpu_scratch;

typedef struct gan_cpu {
    gan_backend base;
    gan_cpu_scratch *scratch; /* [threads] */
    gan_dnnl *dnnl;
    /* Transformed weights: the plans of both groups lie over each other. */
    float *room;
    size_t room_floats;
    size_t reserved[2]; /* floats that the plans of a group take */
    int plans[2];       /* living plans of a group that reserved something */
} gan_cpu;

/* Reserves floats for a plan of `group`; the place is an offset into the room. Released when the last plan of
 * the group goes. */
size_t gan_cpu_room_reserve(gan_backend *be, int group, size_t floats);
void gan_cpu_room_release(gan_backend *be, int group);
/* Makes the room large enough for all that is reserved. Main thread. */
gan_status gan_cpu_room_open(gan_backend *be);

/* This thread's scratch: at least `floats`, 64-byte aligned, content undefined. One user at a time: an op
 * takes it once. */
gan_status gan_cpu_scratch_get(float **out, gan_backend *be, size_t floats);

/* Convolution, conv.c. */
gan_status gan_cpu_conv_create(gan_backend *be, gan_conv **out, const gan_conv_shape *shape);
void gan_cpu_conv_destroy(gan_backend *be, gan_conv *conv);
gan_status gan_cpu_conv_prepare(gan_backend *be, gan_conv *conv, const float *weights);
gan_status gan_cpu_conv_forward(gan_backend *be, gan_conv *conv, float *y, const float *x);
gan_status gan_cpu_conv_backward_data(gan_backend *be, gan_conv *conv, float *dx, const float *dy);
gan_status gan_cpu_conv_backward_weights(gan_backend *be, gan_conv *conv, float *part, const float *x,
                                         const float *dy, bool accumulate);
size_t gan_cpu_conv_part_floats(gan_backend *be, const gan_conv *conv);
gan_status gan_cpu_conv_weight_gradient(gan_backend *be, gan_conv *conv, float *dw, float *const *parts,
                                        int n);

/* Loops bound by memory: bias_act.c, bn.c, reduce.c, adam.c, reshape.c. */
gan_status gan_cpu_bias_add(gan_backend *be, float *y, const float *bias, size_t rows, int c);
gan_status gan_cpu_bias_gradient(gan_backend *be, float *part, const float *dy, size_t rows, int c,
                                 bool accumulate);
gan_status gan_cpu_act_forward(gan_backend *be, float *y, gan_act act, size_t n);
gan_status gan_cpu_act_backward(gan_backend *be, float *dy, const float *y, gan_act act, size_t n);
gan_status gan_cpu_bn_sums(gan_backend *be, double *sums, const float *x, size_t rows, int c);
gan_status gan_cpu_bn_forward(gan_backend *be, float *y, const float *x, const gan_bn_args *args);
gan_status gan_cpu_bn_backward_sums(gan_backend *be, double *sums, const float *dy, const float *x,
                                    const float *y, const gan_bn_args *args);
gan_status gan_cpu_bn_backward(gan_backend *be, float *dx, const float *dy, const float *x, const float *y,
                               const double *sums, double count, const gan_bn_args *args);
gan_status gan_cpu_tree_sum(gan_backend *be, float *out, float *const *parts, int n_parts, size_t n);
gan_status gan_cpu_tree_sum_double(gan_backend *be, double *out, double *const *parts, int n_parts, size_t n);
gan_status gan_cpu_adam(gan_backend *be, float *p, float *m, float *v, const float *gradient, size_t n,
                        const gan_adam_args *args);
gan_status gan_cpu_transpose(gan_backend *be, float *y, const float *x, int n, int rows, int columns);

/* out[0..n) = the fixed tree over parts[k][at .. at + n): one pass,
 * partial sums stay in cache. n <= GAN_TREE_RUN. */
#define GAN_TREE_RUN 512
void gan_cpu_tree_run(float *out, float *const *parts, int n_parts, size_t at, size_t n);

#endif
