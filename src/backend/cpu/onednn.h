/* onednn.h: the little that the cpu backend needs of oneDNN (version 2 API), always on one thread.
 *
 * A primitive created while several OpenMP threads are allowed plans its work for several; run by one thread
 * of a parallel region, oneDNN 2.6 then silently does a part of the sum. So creation and every run happen
 * under omp_set_num_threads(1), which is put back before returning. */
#ifndef GAN_BACKEND_CPU_ONEDNN_H
#define GAN_BACKEND_CPU_ONEDNN_H

#include <dnnl.h>
#include "cpu.h"

#if DNNL_VERSION_MAJOR != 2
#error "the cpu backend uses oneDNN's version 2 API: install oneDNN 2.x (Debian 12: libdnnl-dev)"
#endif

gan_status gan_dnnl_open(gan_dnnl **out, int threads);
void gan_dnnl_close(gan_dnnl *dnnl);

/* C[m][n] = op(A) op(B) + beta C, row-major; ta, tb: 'N' or 'T';
 * lda, ldb, ldc: floats between rows as stored. */
gan_status gan_dnnl_gemm(char ta, char tb, size_t m, size_t n, size_t k, const float *a, size_t lda,
                         const float *b, size_t ldb, float beta, float *c, size_t ldc);

/* A primitive with what it takes to run it: up to three tensors,
 * named by their DNNL_ARG_*, and its scratch. */
typedef struct gan_dnnl_op {
    dnnl_primitive_t primitive;
    int n;
    int args[3];
    dnnl_memory_desc_t descs[3];
    dnnl_memory_desc_t scratchpad;
} gan_dnnl_op;

typedef enum gan_dnnl_direction { GAN_DNNL_FORWARD, GAN_DNNL_DATA, GAN_DNNL_WEIGHTS } gan_dnnl_direction;

/* A direct convolution, NHWC, weights in the layout the primitive likes.
 * Tensor order: big side, small side, weights. */
gan_status gan_dnnl_conv_create(gan_dnnl_op *op, gan_dnnl *dnnl, const gan_conv_shape *shape,
                                gan_dnnl_direction direction);
/* The copy from one weights layout to another; `oihw` describes the plain one. */
gan_status gan_dnnl_reorder_create(gan_dnnl_op *op, gan_dnnl *dnnl, const dnnl_memory_desc_t *from,
                                   const dnnl_memory_desc_t *to);
gan_status gan_dnnl_oihw(dnnl_memory_desc_t *out, const gan_conv_shape *shape);
void gan_dnnl_op_destroy(gan_dnnl_op *op);
size_t gan_dnnl_scratch_floats(const gan_dnnl_op *op);
/* Runs on this thread; buffers[i] is the tensor args[i], `scratch` has gan_dnnl_scratch_floats. */
gan_status gan_dnnl_run(gan_dnnl *dnnl, const gan_dnnl_op *op, void *const *buffers, float *scratch);

#endif
