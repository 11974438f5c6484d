/* backend.h: the contract of a compute backend: memory, shards, and the ops of a GAN step.
 *
 * Three backends fill the same table: `ref` (plain loops, the judge), `cpu` (starts as the ref table and
 * overrides it) and `cuda`. Tensors are NHWC float32. A pointer given to an op is memory of that backend,
 * 64-byte aligned at the start of each shard. Ops on one shard may be asynchronous: they are ordered after
 * earlier ops on the same shard; for_shards() returns with all its shards' work ordered before later calls,
 * and sync() waits for all of it.
 *
 * A *shard op* is called inside for_shards(), for one shard, by one thread; always with the same shapes, so
 * its bits do not depend on who runs it. A *whole op* is called outside for_shards() by the main thread and
 * may use all threads; each element of its result is computed in one fixed order whatever their number.
 *
 * Everything is called by one rank's main thread (or its shard threads inside for_shards).
 * Memory: alloc/free pairs. */
#ifndef GAN_DIST_BACKEND_H
#define GAN_DIST_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gan_dist/error.h"
#include "gan_dist/loss.h"
#include "gan_dist/rng.h"

typedef struct gan_backend gan_backend;
typedef struct gan_conv gan_conv;   /* a planned convolution, opaque; each backend has its own */
typedef struct gan_graph gan_graph; /* captured calls, opaque */

typedef enum gan_act { GAN_ACT_NONE, GAN_ACT_RELU, GAN_ACT_LRELU, GAN_ACT_TANH, GAN_ACT_SIGMOID } gan_act;
#define GAN_LRELU_SLOPE 0.2f

/* The geometry of a convolution from the "big" side x [n][h][w][c] to the "small" side y
 * [n][out_h][out_w][out_c], zero padded. Weights are OIHW: [out_c][c][kernel_h][kernel_w] (PyTorch's Conv2d).
 * The three calls serve three layers:
 *   conv             y = forward(x), dx = backward_data(dy)
 *   transposed conv  y = backward_data(x): the layer's input is the small side,
 *                    its weight [in][out][kh][kw] is the same array
 *   dense            h = w = kernel = 1: weight [out][in] (PyTorch's Linear)
 * The padding at the ends may be less than full coverage of the big side
 * (rows that no output uses get zero gradient). */
typedef struct gan_conv_shape {
    int n; /* pictures in a shard */
    int h, w, c;
    int out_h, out_w, out_c;
    int kernel_h, kernel_w, stride_h, stride_w;
    int pad_top, pad_left, pad_bottom, pad_right;
    bool need_backward_data; /* false: backward_data is never called on it (first layers, mostly) */
} gan_conv_shape;

/* What batch norm does after normalising: y = act(gamma * (x - mean) * inverse_deviation + beta). */
typedef struct gan_bn_args {
    size_t rows; /* n*h*w of the shard */
    int c;
    const float *mean, *inverse_deviation; /* [c] */
    const float *gamma, *beta;             /* [c] */
    gan_act act;
} gan_bn_args;

/* n pictures of h x w x c bytes, to be floats in 0..1 where `unit`, else in -1..1 (pixel.h). */
typedef struct gan_pictures_args {
    int n, h, w, c;
    bool unit;
} gan_pictures_args;

typedef struct gan_adam_args {
    float step_size; /* learning_rate * sqrt(1 - beta2^t) / (1 - beta1^t) */
    float beta1, beta2;
    float rest1, rest2; /* 1 - beta, rounded once: 1.0f - 0.999f would be 5e-5 off */
    float epsilon;      /* as used: p -= step_size * m / (sqrt(v) + epsilon) */
} gan_adam_args;

/* Small downloads that nobody waits for at once. */
#define GAN_READ_SLOTS 4
#define GAN_READ_BYTES 256

/* One shard's share of the work in for_shards. A failure stops the loop; the first failing shard's message is
 * the caller's. */
typedef gan_status (*gan_shard_fn)(void *context, int shard);

typedef struct gan_backend_ops {
    const char *name;
    bool host_memory;   /* its memory is the host's: upload and download may be skipped */
    bool keeps_outputs; /* has the memory for every output: none is computed a second time to save it */
    bool shares_copies; /* the private copies of one group's plans stand where the other's do */

    /* --- memory --- */
    gan_status (*alloc)(gan_backend *be, void **out, size_t bytes); /* zeroed, 64-byte aligned */
    void (*free)(gan_backend *be, void *memory);                    /* NULL is fine */
    /* The caller may change from_host as soon as it returns. */
    gan_status (*upload)(gan_backend *be, void *to, const void *from_host, size_t bytes);
    gan_status (*download)(gan_backend *be, void *to_host, const void *from, size_t bytes); /* waits */
    /* Whole op: both are this backend's memory and do not overlap. */
    gan_status (*copy)(gan_backend *be, void *to, const void *from, size_t bytes);
    /* Brings at most GAN_READ_BYTES, as they are after the ops before, to a slot < GAN_READ_SLOTS; read_wait
     * waits for that alone and hands them out, again and again until the slot's next read_start. */
    gan_status (*read_start)(gan_backend *be, int slot, const void *from, size_t bytes);
    gan_status (*read_wait)(gan_backend *be, int slot, void *to_host);
    gan_status (*sync)(gan_backend *be);
    /* Bytes of the device that nobody uses; 0 where that is not known. */
    gan_status (*room)(gan_backend *be, size_t *bytes);
    /* Host memory that `send` reads. */
    gan_status (*host_alloc)(gan_backend *be, void **out, size_t bytes);
    void (*host_free)(gan_backend *be, void *memory); /* NULL is fine */
    /* An upload from host_alloc's memory beside the ops that are under way. Later ops are ordered after it;
     * it is ordered after the ops that were called before the send before it, so two places of `to` can take
     * turns. from_host may change after send_wait. */
    gan_status (*send)(gan_backend *be, void *to, const void *from_host, size_t bytes);
    gan_status (*send_wait)(gan_backend *be);
    /* A download past the ops that are under way, which poll may call: bytes as they are at this moment,
     * which may be half written. peek_open comes first. */
    gan_status (*peek_open)(gan_backend *be);
    gan_status (*peek)(gan_backend *be, void *to_host, const void *from, size_t bytes);
    gan_status (*for_shards)(gan_backend *be, int n, gan_shard_fn fn, void *context);
    void (*close)(gan_backend *be);

    /* --- convolution, transposed convolution, dense --- */
    gan_status (*conv_create)(gan_backend *be, gan_conv **out, const gan_conv_shape *shape); /* main thread */
    void (*conv_destroy)(gan_backend *be, gan_conv *conv); /* NULL is fine */
    /* Whole op. The weights (OIHW) have changed: make whatever private copies the shard ops use. */
    gan_status (*conv_prepare)(gan_backend *be, gan_conv *conv, const float *weights);
    /* Shard ops. */
    gan_status (*conv_forward)(gan_backend *be, gan_conv *conv, float *y, const float *x);
    gan_status (*conv_backward_data)(gan_backend *be, gan_conv *conv, float *dx, const float *dy);
    /* Writes (accumulate = false) or adds to the shard's weight gradient, in the backend's own layout:
     * conv_part_floats floats. */
    gan_status (*conv_backward_weights)(gan_backend *be, gan_conv *conv, float *part, const float *x,
                                        const float *dy, bool accumulate);
    size_t (*conv_part_floats)(gan_backend *be, const gan_conv *conv);
    /* Whole op: dw (OIHW) = sum of parts[0..n) in the fixed tree over 0..n-1, brought into OIHW order. Parts
     * may be overwritten. */
    gan_status (*conv_weight_gradient)(gan_backend *be, gan_conv *conv, float *dw, float *const *parts,
                                       int n);

    /* --- shard ops on memory --- */
    gan_status (*bias_add)(gan_backend *be, float *y, const float *bias, size_t rows, int c); /* in place */
    gan_status (*bias_gradient)(gan_backend *be, float *part, const float *dy, size_t rows, int c,
                                bool accumulate);
    gan_status (*act_forward)(gan_backend *be, float *y, gan_act act, size_t n); /* in place */
    gan_status (*act_backward)(gan_backend *be, float *dy, const float *y, gan_act act,
                               size_t n); /* in place: dy *= act'(y) */
    /* sums[0..c) = sum of x, sums[c..2c) = sum of x*x, over rows, in double. */
    gan_status (*bn_sums)(gan_backend *be, double *sums, const float *x, size_t rows, int c);
    gan_status (*bn_forward)(gan_backend *be, float *y, const float *x, const gan_bn_args *args);
    /* With g = dy * act'(y) and xhat = (x - mean) * inverse_deviation:
     * sums[0..c) = sum g, sums[c..2c) = sum g*xhat.
     * y is read where act is tanh or sigmoid; for the others act' follows from x, and y may be anything. */
    gan_status (*bn_backward_sums)(gan_backend *be, double *sums, const float *dy, const float *x,
                                   const float *y, const gan_bn_args *args);
    /* From those sums over `count` rows, mean_g = sums[0..c) / count and mean_gx = sums[c..2c) / count as
     * floats: dx = gamma * inverse_deviation * (g - mean_g - xhat * mean_gx); dx may be dy. */
    gan_status (*bn_backward)(gan_backend *be, float *dx, const float *dy, const float *x, const float *y,
                              const double *sums, double count, const gan_bn_args *args);
    /* dbeta[0..c) and dgamma[0..c) = (accumulate: +=) those sums, as floats: the shard's share. */
    gan_status (*bn_gradients)(gan_backend *be, float *dgamma, float *dbeta, const double *sums, int c,
                               bool accumulate);
    /* y[n][hw][c + classes] = x with the one-hot label of each picture appended
     * to every position; and its gradient. */
    gan_status (*label_forward)(gan_backend *be, float *y, const float *x, const int *labels, int n,
                                size_t hw, int c, int classes);
    gan_status (*label_backward)(gan_backend *be, float *dx, const float *dy, int n, size_t hw, int c,
                                 int classes);
    /* y[n][columns][rows] = x[n][rows][columns]: between channel-last maps and PyTorch's flat order. */
    gan_status (*transpose)(gan_backend *be, float *y, const float *x, int n, int rows, int columns);
    /* out[k] = picture picks[k] / 2 of `pixels`, left to right where picks[k] is odd, k < n. */
    gan_status (*pictures)(gan_backend *be, float *out, const uint8_t *pixels, const uint64_t *picks,
                           const gan_pictures_args *args);
    /* Loss of n samples in `role`: dlogits = derivative * scale; sums[0] = sum of losses, sums[1] = sum of
     * probabilities "real". */
    gan_status (*loss)(gan_backend *be, const gan_loss *loss, gan_loss_role role, float *dlogits,
                       float sums[2], const float *logits, int n, float scale);
    /* n vectors of `dim` numbers each, N(0,1) or U(-1,1); vector i is drawn at index at.index + i. */
    gan_status (*noise)(gan_backend *be, float *out, size_t n, size_t dim, bool normal, gan_rng at);

    /* --- whole ops --- */
    /* Initial values: out[0..n) from `init` at the random position `at` (rng.h). */
    gan_status (*init)(gan_backend *be, float *out, size_t n, gan_init init, gan_rng at);
    /* out[i] = sum over k of parts[k][i], in the fixed tree over k.
     * Parts may be overwritten; out may be parts[0]. */
    gan_status (*tree_sum)(gan_backend *be, float *out, float *const *parts, int n_parts, size_t n);
    gan_status (*tree_sum_double)(gan_backend *be, double *out, double *const *parts, int n_parts, size_t n);
    /* From the sums over `count` rows: mean and 1/sqrt(biased variance + epsilon);
     * the running statistics take `momentum` of the mean and of the unbiased variance (PyTorch's rule).
     * Running pointers may be NULL. */
    gan_status (*bn_statistics)(gan_backend *be, float *mean, float *inverse_deviation, float *running_mean,
                                float *running_var, const double *sums, int c, double count, double epsilon,
                                double momentum);
    /* inverse_deviation = 1/sqrt(running_var + epsilon), for inference. */
    gan_status (*bn_inference)(gan_backend *be, float *inverse_deviation, const float *running_var, int c,
                               double epsilon);
    gan_status (*adam)(gan_backend *be, float *p, float *m, float *v, const float *gradient, size_t n,
                       const gan_adam_args *args);

    /* --- graphs; NULL in a backend that has none --- */
    /* What is called between capture_begin and capture_end is not done but recorded, with its pointers and
     * values; graph_launch does it, as one more op, as often as it is called. All of it has been called once
     * before, outside. Memory can neither be had nor be given back meanwhile, and nothing crosses to the
     * host: such calls are errors, and so is a new plan while a graph lives. Two things are each launch's
     * own: `noise` takes `step` in place of at.step, and the k-th `adam` takes args[k] of as many as were
     * captured. The bits are those of the same calls without a graph.
     *
     * capture_end is due whatever failed in between; then, or with `out` NULL, what was recorded is thrown
     * away. Its message says so when the backend cannot be used after it. */
    gan_status (*capture_begin)(gan_backend *be);
    gan_status (*capture_end)(gan_backend *be, gan_graph **out);
    gan_status (*graph_launch)(gan_backend *be, gan_graph *graph, uint32_t step, const gan_adam_args *args,
                               int n);
    void (*graph_destroy)(gan_backend *be, gan_graph *graph); /* NULL is fine */
} gan_backend_ops;

/* Every backend's struct starts with this. `threads` is how many shards run at once.
 *
 * Plans belong to the group that is entered when they are created: 0 or 1, one for each network of a GAN. The
 * private copies that conv_prepare makes may stand in memory that the plans of the other group use in turn
 * (shares_copies). Whoever is about to use the plans of a group enters it; when the stamp is not the one at
 * which a plan was last prepared, its copies are gone. */
struct gan_backend {
    const gan_backend_ops *ops;
    int threads;
    int group;      /* whose copies are there */
    uint64_t stamp; /* how often copies were lost by that */

    /* A device's; on the host 0, NULL and "". */
    int device;
    void *stream;    /* cudaStream_t: where all ops go, in order */
    char place[128]; /* device and host, for messages */
    char bus[32];    /* "0000:01:00.0": the device itself, however many others the process sees */

    /* Set by whoever knows what could keep the device for ever; NULL: nobody. Called again and again while
     * the host waits for the device, except in `close`; a failure ends the wait with that status. */
    gan_status (*poll)(void *context);
    void *poll_context;

    struct gan_read {
        unsigned char bytes[GAN_READ_BYTES];
        size_t n;
    } reads[GAN_READ_SLOTS]; /* of a backend with host memory */
};

/* What products are computed in; sums, weights, statistics and moments are float32 or better in any case. */
typedef enum gan_precision {
    GAN_PRECISION_AUTO, /* the backend's own choice */
    GAN_PRECISION_FP32,
    GAN_PRECISION_TF32,
    GAN_PRECISION_BF16
} gan_precision;

typedef struct gan_backend_options {
    int threads; /* at least 1 */
    int device;  /* index among those that this process sees; the host's backends have none */
    gan_precision precision;
} gan_backend_options;

/* Opens a backend by name. GAN_BAD_INPUT: unknown (naming the nearest), or options that it cannot fulfil. */
gan_status gan_backend_open(gan_backend **out, const char *name, const gan_backend_options *options);
void gan_backend_close(gan_backend *be); /* NULL is fine */
uint64_t gan_backend_enter(gan_backend *be, int group);

/* The table of built backends (src/backend/table.c); NULL past the end. */
const char *gan_backend_name(size_t index);
/* What this process finds of a backend's devices. */
typedef enum gan_found {
    GAN_FOUND_NONE,   /* none, and nothing is wrong: no driver, or they are hidden on purpose */
    GAN_FOUND_IDLE,   /* none that can be used, though there is a sign of one: worth a warning */
    GAN_FOUND_BROKEN, /* there is a driver, and it does not work: no reason to compute elsewhere in silence */
    GAN_FOUND_DEVICES
} gan_found;

typedef struct gan_backend_devices {
    gan_found found;
    int n;          /* devices that this process sees */
    char why[400];  /* there are none; for people, without a stop */
    char todo[256]; /* about that; "" when nothing needs to be done */
} gan_backend_devices;

/* Of a host's backend, and of an unknown one, nothing is found; of cuda in a build without it, whether GPUs
 * are left idle. */
void gan_backend_find(gan_backend_devices *out, const char *name);

#endif
