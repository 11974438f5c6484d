/* conv.c: convolutions as matrix products over columns (columns.cu), a few pictures at a time, so that the
 * columns stay in the second-level cache. Where a picture is its own row of columns (dense layers, the ends
 * of a DCGAN) the product reads and writes the pictures themselves.
 *
 * What is multiplied is float32, rounded by cuBLAS (tf32), or here (bf16): then the columns and the private
 * weights are bfloat16 in memory, and pictures and gradients are copied to be so. Sums and results are
 * float32 in each.
 *
 * Row-major, with K = kernel_h * kernel_w * c and a row for each output position:
 *   y = columns W^T      columns = dy W      dW = dy^T columns      W, dW and parts: [out_c][K]
 * cuBLAS counts columns first: to it these are the transposed matrices, and the factors change places. */
#include "cuda.h"

#include <limits.h>
#include <stdlib.h>
#include "conv_way.h"
#include "backend/ref/ref.h"

struct gan_conv {
    gan_conv_shape shape;
    gan_conv_way *way;   /* not over columns; or NULL */
    void *weights;       /* [out_c][K], float or bfloat16 */
    int k;               /* K */
    int positions;       /* of a picture's output */
    int chunk;           /* pictures at a time */
    bool own_columns;    /* a picture's memory is its columns */
    size_t weight_count; /* out_c * K */
};

static bool is_own_columns(const gan_conv_shape *s)
{
    const bool at_start = s->pad_top == 0 && s->pad_left == 0;
    const bool whole = s->kernel_h == s->h && s->kernel_w == s->w && s->out_h == 1 && s->out_w == 1;
    const bool point = s->kernel_h == 1 && s->kernel_w == 1 && s->out_h == s->h && s->out_w == s->w;
    return at_start && (whole || point);
}

static bool is_narrow(const gan_backend *be)
{
    return ((const gan_cuda *)be)->precision == GAN_PRECISION_BF16;
}

static size_t factor_size(const gan_backend *be)
{
    return is_narrow(be) ? sizeof(uint16_t) : sizeof(float);
}

static gan_status plan(const gan_backend *be, gan_conv *conv)
{
    const gan_conv_shape *s = &conv->shape;
    const double k = (double)s->kernel_h * s->kernel_w * s->c, positions = (double)s->out_h * s->out_w;
    conv->own_columns = is_own_columns(s);
    const bool whole = conv->own_columns && !is_narrow(be);
    double pictures = whole ? s->n : GAN_CUDA_COLUMN_BYTES / (positions * k * sizeof(float));
    pictures = pictures < 1 ? 1 : pictures > s->n ? s->n : pictures;
    if (k > INT_MAX || positions * pictures > INT_MAX)
        return gan_error(GAN_BAD_INPUT,
                         "convolution of %d x %d x %d x %d, kernel %d x %d: too large for cuBLAS; use a "
                         "smaller batch or network",
                         s->n, s->h, s->w, s->c, s->kernel_h, s->kernel_w);
    conv->k = (int)k;
    conv->positions = (int)positions;
    conv->chunk = (int)pictures;
    conv->weight_count = (size_t)s->out_c * (size_t)conv->k;
    return GAN_OK;
}

static gan_status enlarge(gan_backend *be, void **memory, size_t *bytes, size_t need)
{
    if (*bytes >= need)
        return GAN_OK;
    gan_cuda_free(be, *memory);
    *memory = NULL;
    *bytes = 0;
    GAN_TRY(gan_cuda_alloc(be, memory, need));
    *bytes = need;
    return GAN_OK;
}

/* Columns are floats on their way back to pixels, whatever they are as factors. */
static gan_status reserve(gan_backend *be, const gan_conv *conv)
{
    gan_cuda *cuda = (gan_cuda *)be;
    const size_t rows = (size_t)conv->chunk * (size_t)conv->positions;
    if (!conv->own_columns || is_narrow(be))
        GAN_TRY(enlarge(be, &cuda->columns, &cuda->column_bytes, rows * (size_t)conv->k * sizeof(float)));
    if (!is_narrow(be))
        return GAN_OK;
    return enlarge(be, &cuda->factors, &cuda->factor_bytes,
                   rows * (size_t)conv->shape.out_c * sizeof(uint16_t));
}

gan_status gan_cuda_conv_create(gan_backend *be, gan_conv **out, const gan_conv_shape *shape)
{
    gan_status status;
    *out = NULL;
    GAN_TRY(gan_cuda_refuse_capture(be, "conv_create"));
    if (((gan_cuda *)be)->graphs > 0) /* the columns may move, and they have their address */
        return gan_error(GAN_FAILED, "cuda backend: conv_create while a graph lives on %s", be->place);
    GAN_TRY(gan_ref_conv_check(shape));
    gan_conv *conv = calloc(1, sizeof *conv);
    if (!conv)
        return gan_error(GAN_FAILED, "convolution: out of memory");
    conv->shape = *shape;
    GAN_TRY_OUT(status, plan(be, conv));
    GAN_TRY_OUT(status, reserve(be, conv));
    GAN_TRY_OUT(status, gan_cuda_alloc(be, &conv->weights, conv->weight_count * factor_size(be)));
#ifdef GAN_CUDNN
    if (!conv->own_columns)
        GAN_TRY_OUT(status, gan_cudnn_create(be, &conv->way, shape));
#endif
    *out = conv;
    return GAN_OK;
out:
    gan_cuda_conv_destroy(be, conv);
    return status;
}

void gan_cuda_conv_destroy(gan_backend *be, gan_conv *conv)
{
    if (!conv)
        return;
    if (conv->way)
        conv->way->destroy(be, conv->way);
    gan_cuda_free(be, conv->weights);
    free(conv);
}

static int taps(const gan_conv *conv)
{
    return conv->shape.kernel_h * conv->shape.kernel_w;
}

gan_status gan_cuda_conv_prepare(gan_backend *be, gan_conv *conv, const float *weights)
{
    const int out_c = conv->shape.out_c, c = conv->shape.c;
    return is_narrow(be) ? gan_cuda_transpose_narrow(be, conv->weights, weights, out_c, c, taps(conv))
                         : gan_cuda_transpose(be, conv->weights, weights, out_c, c, taps(conv));
}

typedef struct matrix {
    cublasOperation_t op;
    const void *at;
    int stride;
} matrix;

/* out [n][m], row-major, = b a + keep * out, with a and b as cuBLAS counts. */
static gan_status multiply(gan_backend *be, const char *what, float *out, int m, int n, int k, matrix a,
                           matrix b, bool keep)
{
    const gan_cuda *cuda = (gan_cuda *)be;
    const float one = 1, beta = keep ? 1 : 0;
    const cudaDataType type = is_narrow(be) ? CUDA_R_16BF : CUDA_R_32F;
    const cublasComputeType_t compute =
        cuda->precision == GAN_PRECISION_TF32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
    return gan_cublas_check(be, what,
                            cublasGemmEx(cuda->cublas, a.op, b.op, m, n, k, &one, a.at, type, a.stride, b.at,
                                         type, b.stride, &beta, out, CUDA_R_32F, m, compute,
                                         CUBLAS_GEMM_DEFAULT));
}

/* A run of pictures: where it begins on both sides, and its rows of columns. */
typedef struct chunk {
    int pictures, rows;
    size_t big, small; /* floats before it */
    bool first;
} chunk;

static chunk chunk_at(const gan_conv *conv, int first)
{
    const gan_conv_shape *s = &conv->shape;
    const int pictures = s->n - first < conv->chunk ? s->n - first : conv->chunk;
    return (chunk){.pictures = pictures,
                   .rows = pictures * conv->positions,
                   .big = (size_t)first * (size_t)s->h * (size_t)s->w * (size_t)s->c,
                   .small = (size_t)first * (size_t)conv->positions * (size_t)s->out_c,
                   .first = first == 0};
}

static gan_status columns_of(gan_backend *be, const void **out, const gan_conv *conv, const float *x,
                             chunk at)
{
    void *columns = ((gan_cuda *)be)->columns;
    *out = columns;
    if (!conv->own_columns)
        return gan_cuda_columns(be, columns, is_narrow(be), x + at.big, &conv->shape, at.pictures);
    if (is_narrow(be))
        return gan_cuda_narrow(be, columns, x + at.big, (size_t)at.rows * (size_t)conv->k);
    *out = x + at.big;
    return GAN_OK;
}

/* The small side of a chunk as a factor. */
static gan_status factor_of(gan_backend *be, const void **out, const gan_conv *conv, const float *dy,
                            chunk at)
{
    void *factors = ((gan_cuda *)be)->factors;
    *out = is_narrow(be) ? factors : dy + at.small;
    if (!is_narrow(be))
        return GAN_OK;
    return gan_cuda_narrow(be, factors, dy + at.small, (size_t)at.rows * (size_t)conv->shape.out_c);
}

gan_status gan_cuda_conv_forward(gan_backend *be, gan_conv *conv, float *y, const float *x)
{
    const int out_c = conv->shape.out_c, k = conv->k;
    if (conv->way)
        return conv->way->forward(be, conv->way, y, x, conv->weights);
    for (int first = 0; first < conv->shape.n; first += conv->chunk) {
        const chunk at = chunk_at(conv, first);
        const void *columns;
        GAN_TRY(columns_of(be, &columns, conv, x, at));
        GAN_TRY(multiply(be, "conv_forward", y + at.small, out_c, at.rows, k,
                         (matrix){CUBLAS_OP_T, conv->weights, k}, (matrix){CUBLAS_OP_N, columns, k}, false));
    }
    return GAN_OK;
}

gan_status gan_cuda_conv_backward_data(gan_backend *be, gan_conv *conv, float *dx, const float *dy)
{
    const int out_c = conv->shape.out_c, k = conv->k;
    if (conv->way)
        return conv->way->backward_data(be, conv->way, dx, dy, conv->weights);
    for (int first = 0; first < conv->shape.n; first += conv->chunk) {
        const chunk at = chunk_at(conv, first);
        float *columns = conv->own_columns ? dx + at.big : ((gan_cuda *)be)->columns;
        const void *gradient;
        GAN_TRY(factor_of(be, &gradient, conv, dy, at));
        GAN_TRY(multiply(be, "conv_backward_data", columns, k, at.rows, out_c,
                         (matrix){CUBLAS_OP_N, conv->weights, k}, (matrix){CUBLAS_OP_N, gradient, out_c},
                         false));
        if (!conv->own_columns)
            GAN_TRY(gan_cuda_pixels(be, dx + at.big, columns, &conv->shape, at.pictures));
    }
    return GAN_OK;
}

gan_status gan_cuda_conv_backward_weights(gan_backend *be, gan_conv *conv, float *part, const float *x,
                                          const float *dy, bool accumulate)
{
    const int out_c = conv->shape.out_c, k = conv->k;
    if (conv->way)
        return conv->way->backward_weights(be, conv->way, part, x, dy, accumulate);
    for (int first = 0; first < conv->shape.n; first += conv->chunk) {
        const chunk at = chunk_at(conv, first);
        const void *columns, *gradient;
        GAN_TRY(columns_of(be, &columns, conv, x, at));
        GAN_TRY(factor_of(be, &gradient, conv, dy, at));
        GAN_TRY(multiply(be, "conv_backward_weights", part, k, out_c, at.rows,
                         (matrix){CUBLAS_OP_N, columns, k}, (matrix){CUBLAS_OP_T, gradient, out_c},
                         accumulate || !at.first));
    }
    return GAN_OK;
}

size_t gan_cuda_conv_part_floats(gan_backend *be, const gan_conv *conv)
{
    (void)be;
    return conv->weight_count;
}

gan_status gan_cuda_conv_weight_gradient(gan_backend *be, gan_conv *conv, float *dw, float *const *parts,
                                         int n)
{
    GAN_TRY(gan_cuda_tree_sum(be, parts[0], parts, n, conv->weight_count));
    return gan_cuda_transpose(be, dw, parts[0], conv->shape.out_c, taps(conv), conv->shape.c);
}
