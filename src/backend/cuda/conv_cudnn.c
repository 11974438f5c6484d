/* conv_cudnn.c: convolutions by cuDNN instead of over columns, in a build with -DGAN_CUDNN=ON: where its
 * padding, which is the same before and after, can say the shape, and where it has an algorithm that always
 * gives the same bits. Weights and parts have the layout that they have without it. Algorithms are those that
 * cuDNN thinks best for the shape; none is run to choose. */
#include <cudnn.h>
#include <stdlib.h>

#include "conv_way.h"

#define WORKSPACE_MAX ((size_t)256 << 20)
#define ASKED         16 /* algorithms; there are fewer */

/* What all plans share, while there are any. */
struct gan_cudnn {
    cudnnHandle_t handle;
    void *workspace;
    size_t bytes;
    int plans;
};

typedef struct plan {
    gan_conv_way way;
    cudnnTensorDescriptor_t big, small;
    cudnnFilterDescriptor_t filter;
    cudnnConvolutionDescriptor_t convolution;
    cudnnConvolutionFwdAlgo_t forward;
    cudnnConvolutionBwdDataAlgo_t data;
    cudnnConvolutionBwdFilterAlgo_t weights;
} plan;

static gan_status check(gan_backend *be, const char *what, cudnnStatus_t status)
{
    if (status == CUDNN_STATUS_SUCCESS)
        return GAN_OK;
    return gan_error(GAN_FAILED, "cuda backend: at %s: cuDNN says %s on %s", what,
                     cudnnGetErrorString(status), be->place);
}

static gan_status open_library(gan_cuda *cuda)
{
    gan_backend *be = &cuda->base;
    if (!cuda->cudnn)
        cuda->cudnn = calloc(1, sizeof *cuda->cudnn);
    if (!cuda->cudnn)
        return gan_error(GAN_FAILED, "convolution: out of memory");
    if (cuda->cudnn->plans++ > 0)
        return GAN_OK;
    GAN_TRY(check(be, "cudnnCreate", cudnnCreate(&cuda->cudnn->handle)));
    return check(be, "cudnnSetStream", cudnnSetStream(cuda->cudnn->handle, gan_cuda_stream(be)));
}

static void close_library(gan_cuda *cuda)
{
    if (!cuda->cudnn || --cuda->cudnn->plans > 0)
        return;
    gan_cuda_free(&cuda->base, cuda->cudnn->workspace);
    if (cuda->cudnn->handle)
        cudnnDestroy(cuda->cudnn->handle);
    free(cuda->cudnn);
    cuda->cudnn = NULL;
}

static gan_status reserve_workspace(gan_cuda *cuda, size_t bytes)
{
    struct gan_cudnn *cudnn = cuda->cudnn;
    if (cudnn->bytes >= bytes)
        return GAN_OK;
    gan_cuda_free(&cuda->base, cudnn->workspace);
    cudnn->workspace = NULL;
    cudnn->bytes = 0;
    GAN_TRY(gan_cuda_alloc(&cuda->base, &cudnn->workspace, bytes));
    cudnn->bytes = bytes;
    return GAN_OK;
}

static bool is_symmetric(int size, int out, int kernel, int stride, int pad)
{
    return out == (size + 2 * pad - kernel) / stride + 1;
}

static bool can_say(const gan_cuda *cuda, const gan_conv_shape *s)
{
    return cuda->precision != GAN_PRECISION_BF16 &&
           is_symmetric(s->h, s->out_h, s->kernel_h, s->stride_h, s->pad_top) &&
           is_symmetric(s->w, s->out_w, s->kernel_w, s->stride_w, s->pad_left);
}

static gan_status describe(gan_cuda *cuda, plan *p, const gan_conv_shape *s)
{
    gan_backend *be = &cuda->base;
    const cudnnMathType_t math = cuda->precision == GAN_PRECISION_TF32 ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH;
    GAN_TRY(check(be, "cudnnCreateTensorDescriptor", cudnnCreateTensorDescriptor(&p->big)));
    GAN_TRY(check(be, "cudnnCreateTensorDescriptor", cudnnCreateTensorDescriptor(&p->small)));
    GAN_TRY(check(be, "cudnnCreateFilterDescriptor", cudnnCreateFilterDescriptor(&p->filter)));
    GAN_TRY(check(be, "cudnnCreateConvolutionDescriptor", cudnnCreateConvolutionDescriptor(&p->convolution)));
    GAN_TRY(check(
        be, "cudnnSetTensor4dDescriptor",
        cudnnSetTensor4dDescriptor(p->big, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, s->n, s->c, s->h, s->w)));
    GAN_TRY(check(be, "cudnnSetTensor4dDescriptor",
                  cudnnSetTensor4dDescriptor(p->small, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, s->n, s->out_c,
                                             s->out_h, s->out_w)));
    GAN_TRY(check(be, "cudnnSetFilter4dDescriptor",
                  cudnnSetFilter4dDescriptor(p->filter, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NHWC, s->out_c, s->c,
                                             s->kernel_h, s->kernel_w)));
    GAN_TRY(
        check(be, "cudnnSetConvolution2dDescriptor",
              cudnnSetConvolution2dDescriptor(p->convolution, s->pad_top, s->pad_left, s->stride_h,
                                              s->stride_w, 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT)));
    return check(be, "cudnnSetConvolutionMathType", cudnnSetConvolutionMathType(p->convolution, math));
}

/* Takes the first, which cuDNN thinks the fastest, of those that may be; else leaves *found 0. */
#define TAKE_FIRST(found, bytes, algorithm, list, n)                                                         \
    for (int i = 0; i < (n) && !*(found); i++) {                                                             \
        if ((list)[i].status == CUDNN_STATUS_SUCCESS && (list)[i].determinism == CUDNN_DETERMINISTIC &&      \
            (list)[i].mathType != CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION &&                                   \
            (list)[i].memory <= WORKSPACE_MAX) {                                                             \
            *(found) = true;                                                                                 \
            *(bytes) = (list)[i].memory > *(bytes) ? (list)[i].memory : *(bytes);                            \
            (algorithm) = (list)[i].algo;                                                                    \
        }                                                                                                    \
    }

static gan_status choose_forward(bool *found, size_t *bytes, gan_cuda *cuda, plan *p)
{
    cudnnConvolutionFwdAlgoPerf_t list[ASKED];
    int n = 0;
    *found = false;
    GAN_TRY(check(&cuda->base, "cudnnGetConvolutionForwardAlgorithm_v7",
                  cudnnGetConvolutionForwardAlgorithm_v7(cuda->cudnn->handle, p->big, p->filter,
                                                         p->convolution, p->small, ASKED, &n, list)));
    TAKE_FIRST(found, bytes, p->forward, list, n)
    return GAN_OK;
}

static gan_status choose_data(bool *found, size_t *bytes, gan_cuda *cuda, plan *p)
{
    cudnnConvolutionBwdDataAlgoPerf_t list[ASKED];
    int n = 0;
    *found = false;
    GAN_TRY(check(&cuda->base, "cudnnGetConvolutionBackwardDataAlgorithm_v7",
                  cudnnGetConvolutionBackwardDataAlgorithm_v7(cuda->cudnn->handle, p->filter, p->small,
                                                              p->convolution, p->big, ASKED, &n, list)));
    TAKE_FIRST(found, bytes, p->data, list, n)
    return GAN_OK;
}

static gan_status choose_weights(bool *found, size_t *bytes, gan_cuda *cuda, plan *p)
{
    cudnnConvolutionBwdFilterAlgoPerf_t list[ASKED];
    int n = 0;
    *found = false;
    GAN_TRY(check(&cuda->base, "cudnnGetConvolutionBackwardFilterAlgorithm_v7",
                  cudnnGetConvolutionBackwardFilterAlgorithm_v7(cuda->cudnn->handle, p->big, p->small,
                                                                p->convolution, p->filter, ASKED, &n, list)));
    TAKE_FIRST(found, bytes, p->weights, list, n)
    return GAN_OK;
}

/* Three algorithms and the workspace that they need. */
static gan_status choose(bool *found, gan_cuda *cuda, plan *p)
{
    size_t bytes = 0;
    GAN_TRY(choose_forward(found, &bytes, cuda, p));
    if (*found)
        GAN_TRY(choose_data(found, &bytes, cuda, p));
    if (*found)
        GAN_TRY(choose_weights(found, &bytes, cuda, p));
    return *found ? reserve_workspace(cuda, bytes) : GAN_OK;
}

static gan_status forward(gan_backend *be, const gan_conv_way *way, float *y, const float *x,
                          const float *weights)
{
    const plan *p = (const plan *)way;
    const struct gan_cudnn *cudnn = ((gan_cuda *)be)->cudnn;
    const float one = 1, zero = 0;
    return check(be, "conv_forward",
                 cudnnConvolutionForward(cudnn->handle, &one, p->big, x, p->filter, weights, p->convolution,
                                         p->forward, cudnn->workspace, cudnn->bytes, &zero, p->small, y));
}

static gan_status backward_data(gan_backend *be, const gan_conv_way *way, float *dx, const float *dy,
                                const float *weights)
{
    const plan *p = (const plan *)way;
    const struct gan_cudnn *cudnn = ((gan_cuda *)be)->cudnn;
    const float one = 1, zero = 0;
    return check(be, "conv_backward_data",
                 cudnnConvolutionBackwardData(cudnn->handle, &one, p->filter, weights, p->small, dy,
                                              p->convolution, p->data, cudnn->workspace, cudnn->bytes, &zero,
                                              p->big, dx));
}

static gan_status backward_weights(gan_backend *be, const gan_conv_way *way, float *part, const float *x,
                                   const float *dy, bool accumulate)
{
    const plan *p = (const plan *)way;
    const struct gan_cudnn *cudnn = ((gan_cuda *)be)->cudnn;
    const float one = 1, beta = accumulate ? 1 : 0;
    return check(be, "conv_backward_weights",
                 cudnnConvolutionBackwardFilter(cudnn->handle, &one, p->big, x, p->small, dy, p->convolution,
                                                p->weights, cudnn->workspace, cudnn->bytes, &beta, p->filter,
                                                part));
}

static void destroy(gan_backend *be, gan_conv_way *way)
{
    plan *p = (plan *)way;
    if (p->big)
        cudnnDestroyTensorDescriptor(p->big);
    if (p->small)
        cudnnDestroyTensorDescriptor(p->small);
    if (p->filter)
        cudnnDestroyFilterDescriptor(p->filter);
    if (p->convolution)
        cudnnDestroyConvolutionDescriptor(p->convolution);
    free(p);
    close_library((gan_cuda *)be);
}

gan_status gan_cudnn_create(gan_backend *be, gan_conv_way **out, const gan_conv_shape *shape)
{
    gan_cuda *cuda = (gan_cuda *)be;
    bool found = false;
    *out = NULL;
    if (!can_say(cuda, shape))
        return GAN_OK;
    plan *p = calloc(1, sizeof *p);
    if (!p)
        return gan_error(GAN_FAILED, "convolution: out of memory");
    p->way = (gan_conv_way){forward, backward_data, backward_weights, destroy};
    gan_status status = open_library(cuda);
    if (status == GAN_OK)
        status = describe(cuda, p, shape);
    if (status == GAN_OK)
        status = choose(&found, cuda, p);
    if (found && status == GAN_OK)
        *out = &p->way;
    else
        destroy(be, &p->way);
    return status;
}
