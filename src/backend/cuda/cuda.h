/* cuda.h: what the files of the cuda backend share. Nothing outside this folder includes it.
 *
 * All work of a rank goes to one stream, in the order of the calls: shards one after another, their inside on
 * the whole GPU. So the scratch memory below has one user at a time, and no op waits. All that crosses goes
 * through pinned memory: what the host writes, so that the caller may reuse its own at once; what it reads,
 * because CUDA would wait for a copy to other memory by itself, and nobody could end that wait. */
#ifndef GAN_BACKEND_CUDA_H
#define GAN_BACKEND_CUDA_H

#include <cublas_v2.h>
#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "gan_dist/backend.h"

/* Columns of a convolution: so many stay in the second-level cache between the kernels that write and read
 * them. One picture may need more. Tests make it small, so that theirs take several pieces too. */
#ifndef GAN_CUDA_COLUMN_BYTES
#define GAN_CUDA_COLUMN_BYTES ((size_t)24 << 20)
#endif
#define GAN_CUDA_PARTIALS ((size_t)1 << 18) /* doubles: sums of row blocks on their way to one sum */
/* Many small slots, so that a few numbers a step do not wait for the pictures of the step before. */
#define GAN_CUDA_LARGE       2
#define GAN_CUDA_LARGE_BYTES ((size_t)4 << 20)
#define GAN_CUDA_SMALL       32
#define GAN_CUDA_SMALL_BYTES ((size_t)4 << 10) /* pages, which the stand-in guards */
#define GAN_CUDA_ADAMS       64                /* updates in a graph: as many as an order can have */

/* Pinned memory on one end of a copy; `copied` is when it may be used again. */
typedef struct gan_cuda_slot {
    void *memory;
    cudaEvent_t copied;
    size_t bytes; /* brought by read_start */
} gan_cuda_slot;

/* The copy stream of `send`, opened by the first one; `sent` is where its last copy has ended, `before` where
 * the ops stood at the last send. */
typedef struct gan_cuda_sender {
    cudaStream_t stream;
    cudaEvent_t sent, before;
} gan_cuda_sender;

/* The stream of `peek`, and where its copies land. */
typedef struct gan_cuda_peeker {
    cudaStream_t stream;
    void *pinned; /* GAN_CUDA_LARGE_BYTES */
} gan_cuda_peeker;

/* What is new with each launch of a graph, in the device's memory. */
typedef struct gan_cuda_launch {
    uint32_t step;
    gan_adam_args adam[GAN_CUDA_ADAMS];
} gan_cuda_launch;

typedef struct gan_cuda {
    gan_backend base;
    cublasHandle_t cublas;
    void *cublas_workspace;
    double *partials;
    gan_precision precision; /* of the factors of a convolution's products */
    void *columns;
    void *factors; /* bfloat16: the other factor, where it is a gradient */
    size_t column_bytes, factor_bytes;
    struct gan_cudnn *cudnn; /* conv_cudnn.c; NULL without plans of it */
    gan_cuda_sender sender;
    gan_cuda_peeker peeker;
    void *pinned; /* the slots' memory */
    gan_cuda_slot large[GAN_CUDA_LARGE], small[GAN_CUDA_SMALL], reads[GAN_READ_SLOTS];
    int next_large, next_small; /* to fill */
    gan_cuda_launch *launch;
    bool is_capturing, capture_failed;
    int adams;  /* captured so far */
    int graphs; /* that live */
} gan_cuda;

static inline cudaStream_t gan_cuda_stream(gan_backend *be)
{
    return (cudaStream_t)be->stream;
}

/* cuda.c: from a code of CUDA or cuBLAS to a status whose message names call, device and host. */
gan_status gan_cuda_check(gan_backend *be, const char *what, cudaError_t error);
gan_status gan_cublas_check(gan_backend *be, const char *what, cublasStatus_t status);
/* Within a capture: an error, and the capture has failed. */
gan_status gan_cuda_refuse_capture(gan_backend *be, const char *what);
/* After a launch: was it accepted? What goes wrong while it runs is found by the next call that waits. */
gan_status gan_cuda_launched(gan_backend *be, const char *what);

/* find.c: the devices that this process sees, or why there are none. */
void gan_cuda_look(gan_backend_devices *out);
/* try.cu: a kernel on the backend's device; GAN_BAD_INPUT, with what to build, where it has no code. */
gan_status gan_cuda_try(gan_backend *be);

/* memory.c */
gan_status gan_cuda_alloc(gan_backend *be, void **out, size_t bytes);
void gan_cuda_free(gan_backend *be, void *memory);
gan_status gan_cuda_upload(gan_backend *be, void *to, const void *from_host, size_t bytes);
gan_status gan_cuda_download(gan_backend *be, void *to_host, const void *from, size_t bytes);
gan_status gan_cuda_copy(gan_backend *be, void *to, const void *from, size_t bytes);
gan_status gan_cuda_read_start(gan_backend *be, int slot, const void *from, size_t bytes);
gan_status gan_cuda_read_wait(gan_backend *be, int slot, void *to_host);
gan_status gan_cuda_sync(gan_backend *be);
gan_status gan_cuda_open_slots(gan_cuda *cuda);
void gan_cuda_close_slots(gan_cuda *cuda); /* as far as they were opened */
gan_status gan_cuda_for_shards(gan_backend *be, int n, gan_shard_fn fn, void *context);

/* send.c */
gan_status gan_cuda_room(gan_backend *be, size_t *bytes);
gan_status gan_cuda_host_alloc(gan_backend *be, void **out, size_t bytes);
void gan_cuda_host_free(gan_backend *be, void *memory);
gan_status gan_cuda_send(gan_backend *be, void *to, const void *from_host, size_t bytes);
gan_status gan_cuda_send_wait(gan_backend *be);
void gan_cuda_sender_close(gan_backend *be);

/* peek.c */
gan_status gan_cuda_peek_open(gan_backend *be);
gan_status gan_cuda_peek(gan_backend *be, void *to_host, const void *from, size_t bytes);
void gan_cuda_peeker_close(gan_backend *be);

/* wait.c: until `event`, or with NULL all of `stream`, has happened: looks again and again, so that poll can
 * end it. A failure of poll is the status; what CUDA says of the device is *error. gan_cuda_wait: on the
 * backend's stream, with either as the status. */
gan_status gan_cuda_wait_for(gan_backend *be, cudaStream_t stream, cudaEvent_t event, cudaError_t *error);
gan_status gan_cuda_wait(gan_backend *be, const char *what, cudaEvent_t event);

/* graph.c */
gan_status gan_cuda_capture_begin(gan_backend *be);
gan_status gan_cuda_capture_end(gan_backend *be, gan_graph **out);
gan_status gan_cuda_graph_launch(gan_backend *be, gan_graph *graph, uint32_t step, const gan_adam_args *args,
                                 int n);
void gan_cuda_graph_destroy(gan_backend *be, gan_graph *graph);
/* Where a captured call finds each launch's own values, in the device's memory; NULL outside of a capture. */
const uint32_t *gan_cuda_launch_step(gan_backend *be);
gan_status gan_cuda_launch_adam(gan_backend *be, const gan_adam_args **out);

/* conv.c */
gan_status gan_cuda_conv_create(gan_backend *be, gan_conv **out, const gan_conv_shape *shape);
void gan_cuda_conv_destroy(gan_backend *be, gan_conv *conv);
gan_status gan_cuda_conv_prepare(gan_backend *be, gan_conv *conv, const float *weights);
gan_status gan_cuda_conv_forward(gan_backend *be, gan_conv *conv, float *y, const float *x);
gan_status gan_cuda_conv_backward_data(gan_backend *be, gan_conv *conv, float *dx, const float *dy);
gan_status gan_cuda_conv_backward_weights(gan_backend *be, gan_conv *conv, float *part, const float *x,
                                          const float *dy, bool accumulate);
size_t gan_cuda_conv_part_floats(gan_backend *be, const gan_conv *conv);
gan_status gan_cuda_conv_weight_gradient(gan_backend *be, gan_conv *conv, float *dw, float *const *parts,
                                         int n);

/* columns.cu: [n][out_h][out_w][kernel_h][kernel_w][c] from n pictures x, as bfloat16 where `narrow`; and the
 * adjoint: every pixel of dx is the sum of its taps, in the order of the kernel's rows and columns. */
gan_status gan_cuda_columns(gan_backend *be, void *columns, bool narrow, const float *x,
                            const gan_conv_shape *shape, int n);
gan_status gan_cuda_pixels(gan_backend *be, float *dx, const float *columns, const gan_conv_shape *shape,
                           int n);

/* n floats to bfloat16. */
gan_status gan_cuda_narrow(gan_backend *be, void *out, const float *x, size_t n);

/* bias_act.cu */
gan_status gan_cuda_bias_add(gan_backend *be, float *y, const float *bias, size_t rows, int c);
gan_status gan_cuda_bias_gradient(gan_backend *be, float *part, const float *dy, size_t rows, int c,
                                  bool accumulate);
gan_status gan_cuda_act_forward(gan_backend *be, float *y, gan_act act, size_t n);
gan_status gan_cuda_act_backward(gan_backend *be, float *dy, const float *y, gan_act act, size_t n);

/* bn.cu */
gan_status gan_cuda_bn_sums(gan_backend *be, double *sums, const float *x, size_t rows, int c);
gan_status gan_cuda_bn_forward(gan_backend *be, float *y, const float *x, const gan_bn_args *args);
gan_status gan_cuda_bn_backward_sums(gan_backend *be, double *sums, const float *dy, const float *x,
                                     const float *y, const gan_bn_args *args);
gan_status gan_cuda_bn_backward(gan_backend *be, float *dx, const float *dy, const float *x, const float *y,
                                const double *sums, double count, const gan_bn_args *args);
gan_status gan_cuda_bn_gradients(gan_backend *be, float *dgamma, float *dbeta, const double *sums, int c,
                                 bool accumulate);
gan_status gan_cuda_bn_statistics(gan_backend *be, float *mean, float *inverse_deviation, float *running_mean,
                                  float *running_var, const double *sums, int c, double count, double epsilon,
                                  double momentum);
gan_status gan_cuda_bn_inference(gan_backend *be, float *inverse_deviation, const float *running_var, int c,
                                 double epsilon);

/* reshape.cu */
gan_status gan_cuda_label_forward(gan_backend *be, float *y, const float *x, const int *labels, int n,
                                  size_t hw, int c, int classes);
gan_status gan_cuda_label_backward(gan_backend *be, float *dx, const float *dy, int n, size_t hw, int c,
                                   int classes);
gan_status gan_cuda_transpose(gan_backend *be, float *y, const float *x, int n, int rows, int columns);
/* The same, to bfloat16. */
gan_status gan_cuda_transpose_narrow(gan_backend *be, void *y, const float *x, int n, int rows, int columns);

/* pictures.cu */
gan_status gan_cuda_pictures(gan_backend *be, float *out, const uint8_t *pixels, const uint64_t *picks,
                             const gan_pictures_args *args);

/* loss.cu, noise.cu, init.cu, reduce.cu, adam.cu */
gan_status gan_cuda_loss(gan_backend *be, const gan_loss *loss, gan_loss_role role, float *dlogits,
                         float sums[2], const float *logits, int n, float scale);
gan_status gan_cuda_noise(gan_backend *be, float *out, size_t n, size_t dim, bool normal, gan_rng at);
gan_status gan_cuda_init(gan_backend *be, float *out, size_t n, gan_init init, gan_rng at);
gan_status gan_cuda_tree_sum(gan_backend *be, float *out, float *const *parts, int n_parts, size_t n);
gan_status gan_cuda_tree_sum_double(gan_backend *be, double *out, double *const *parts, int n_parts,
                                    size_t n);
gan_status gan_cuda_adam(gan_backend *be, float *p, float *m, float *v, const float *gradient, size_t n,
                         const gan_adam_args *args);

#ifdef __cplusplus
}
#endif

#endif
