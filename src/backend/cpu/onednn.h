/* onednn.h: the little that the cpu backend needs of oneDNN (2.6 to 3.x), always on one thread.
 *
 * A primitive created while several OpenMP threads are allowed plans its work for several; run by one thread
 * of a parallel region, oneDNN 2.6 then silently does a part of the sum. So creation and every run happen
 * under omp_set_num_threads(1), which is put back before returning. */
#ifndef GAN_BACKEND_CPU_ONEDNN_H
#define GAN_BACKEND_CPU_ONEDNN_H

#include "cpu.h"

gan_status gan_dnnl_open(gan_dnnl **out, int threads);
void gan_dnnl_close(gan_dnnl *dnnl);

/* C[m][n] = op(A) op(B) + beta C, row-major; ta, tb: 'N' or 'T';
 * lda, ldb, ldc: floats between rows as stored. */
gan_status gan_dnnl_gemm(char ta, char tb, size_t m, size_t n, size_t k, const float *a, size_t lda,
                         const float *b, size_t ldb, float beta, float *c, size_t ldc);

/* How many rows (or columns) a product must have so that equal rows of A (columns of op(B)) give equal rows
 * (columns) of C, to the last bit, wherever they stand: `n` or a few more. Below AVX-512 oneDNN computes what
 * is left over at the end of its blocks in another order. Between products of different sizes there is no
 * such thing: how it splits the sum depends on all three sizes. */
size_t gan_dnnl_rows(size_t n);
size_t gan_dnnl_columns(size_t n);

/* The layout of a tensor, oneDNN's own. What a gan_dnnl_op holds, it owns. */
typedef struct gan_dnnl_desc gan_dnnl_desc;
gan_status gan_dnnl_oihw(gan_dnnl_desc **out, const gan_conv_shape *shape); /* plain weights */
void gan_dnnl_desc_destroy(gan_dnnl_desc *desc);
size_t gan_dnnl_desc_floats(const gan_dnnl_desc *desc);

/* A primitive with what it takes to run it: up to three tensors, named by their DNNL_ARG_*, and its scratch.
 * All zero: none, which may be destroyed. */
typedef struct gan_dnnl_op {
    struct dnnl_primitive *primitive;
    int n;
    int args[3];
    gan_dnnl_desc *descs[3];
    gan_dnnl_desc *scratchpad;
} gan_dnnl_op;

typedef enum gan_dnnl_direction { GAN_DNNL_FORWARD, GAN_DNNL_DATA, GAN_DNNL_WEIGHTS } gan_dnnl_direction;

/* Both fill an `op` that is all zero; where they fail, gan_dnnl_op_destroy frees what was made.
 * A direct convolution, NHWC, weights in the layout the primitive likes. Tensor order: big side, small side,
 * weights. */
gan_status gan_dnnl_conv_create(gan_dnnl_op *op, gan_dnnl *dnnl, const gan_conv_shape *shape,
                                gan_dnnl_direction direction);
/* The copy from one weights layout to another. */
gan_status gan_dnnl_reorder_create(gan_dnnl_op *op, gan_dnnl *dnnl, const gan_dnnl_desc *from,
                                   const gan_dnnl_desc *to);
void gan_dnnl_op_destroy(gan_dnnl_op *op);
size_t gan_dnnl_scratch_floats(const gan_dnnl_op *op);
/* Runs on this thread; buffers[i] is the tensor args[i], `scratch` has gan_dnnl_scratch_floats. */
gan_status gan_dnnl_run(gan_dnnl *dnnl, const gan_dnnl_op *op, void *const *buffers, float *scratch);

#endif
