/* cudnn.cpp: the calls of cuDNN. What it asks beyond cuDNN: of the algorithms that it offers
 * the first does not always give the same bits, and may not be run. */
#include <set>
#include "cudnn_job.h"
#include "report.h"

static const size_t workspace_bytes = 4096; /* what each algorithm wants */

static std::set<const void *> alive;

size_t live_cudnn_objects()
{
    return alive.size();
}

static cudnnStatus_t entered(const char *call)
{
    return enter(call) == cudaSuccess ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_EXECUTION_FAILED;
}

static void check_alive(const char *call, std::initializer_list<const void *> objects)
{
    for (const void *object : objects)
        if (!alive.count(object))
            misuse("%s with something that is destroyed or was never made", call);
}

template <typename T> static cudnnStatus_t create(const char *call, T **out)
{
    const cudnnStatus_t status = entered(call);
    if (status != CUDNN_STATUS_SUCCESS)
        return status;
    refuse_in_capture(call);
    *out = new T();
    alive.insert(*out);
    return status;
}

template <typename T> static cudnnStatus_t destroy(const char *call, T *object)
{
    check_alive(call, {object});
    alive.erase(object);
    bury(object);
    return CUDNN_STATUS_SUCCESS;
}

extern "C" const char *cudnnGetErrorString(cudnnStatus_t status)
{
    return status == CUDNN_STATUS_SUCCESS ? "CUDNN_STATUS_SUCCESS" : "CUDNN_STATUS_EXECUTION_FAILED";
}

extern "C" cudnnStatus_t cudnnCreate(cudnnHandle_t *handle)
{
    return create("cudnnCreate", handle);
}

extern "C" cudnnStatus_t cudnnDestroy(cudnnHandle_t handle)
{
    return destroy("cudnnDestroy", handle);
}

extern "C" cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t *descriptor)
{
    return create("cudnnCreateTensorDescriptor", descriptor);
}

extern "C" cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t descriptor)
{
    return destroy("cudnnDestroyTensorDescriptor", descriptor);
}

extern "C" cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t *descriptor)
{
    return create("cudnnCreateFilterDescriptor", descriptor);
}

extern "C" cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t descriptor)
{
    return destroy("cudnnDestroyFilterDescriptor", descriptor);
}

extern "C" cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t *descriptor)
{
    return create("cudnnCreateConvolutionDescriptor", descriptor);
}

extern "C" cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t descriptor)
{
    return destroy("cudnnDestroyConvolutionDescriptor", descriptor);
}

extern "C" cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream)
{
    check_alive("cudnnSetStream", {handle});
    check_stream("cudnnSetStream", stream);
    handle->stream = stream;
    return entered("cudnnSetStream");
}

static size_t positive(const char *call, int value)
{
    if (value < 1)
        misuse("%s: a size of %d", call, value);
    return static_cast<size_t>(value);
}

extern "C" cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t descriptor,
                                                    cudnnTensorFormat_t format, cudnnDataType_t, int n, int c,
                                                    int h, int w)
{
    const char *call = "cudnnSetTensor4dDescriptor";
    check_alive(call, {descriptor});
    if (format != CUDNN_TENSOR_NHWC)
        misuse("%s: the stand-in knows NHWC alone", call);
    *descriptor = {positive(call, n), positive(call, c), positive(call, h), positive(call, w)};
    return entered(call);
}

extern "C" cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t descriptor, cudnnDataType_t,
                                                    cudnnTensorFormat_t format, int k, int c, int h, int w)
{
    const char *call = "cudnnSetFilter4dDescriptor";
    check_alive(call, {descriptor});
    if (format != CUDNN_TENSOR_NHWC)
        misuse("%s: the stand-in knows NHWC alone", call);
    *descriptor = {positive(call, k), positive(call, c), positive(call, h), positive(call, w)};
    return entered(call);
}

extern "C" cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t descriptor,
                                                     cudnnMathType_t math)
{
    check_alive("cudnnSetConvolutionMathType", {descriptor});
    descriptor->math = math;
    return entered("cudnnSetConvolutionMathType");
}

/* Resets the type of mathematics, as a new descriptor has it. */
extern "C" cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t descriptor, int pad_h,
                                                         int pad_w, int u, int v, int dilation_h,
                                                         int dilation_w, cudnnConvolutionMode_t mode,
                                                         cudnnDataType_t)
{
    const char *call = "cudnnSetConvolution2dDescriptor";
    check_alive(call, {descriptor});
    if (dilation_h != 1 || dilation_w != 1 || mode != CUDNN_CROSS_CORRELATION)
        misuse("%s: the stand-in knows cross-correlation without dilation alone", call);
    *descriptor = {pad_h, pad_w, u, v, CUDNN_DEFAULT_MATH};
    return entered(call);
}

/* --- convolutions --- */
static void check_memory(const char *call, const char *what, const void *at, size_t bytes, int device)
{
    const std::string fault = bytes ? fault_of(at, bytes, device) : "";
    if (!fault.empty())
        misuse("%s: %s, %zu bytes, is in %s", call, what, bytes, fault.c_str());
}

static cudnnStatus_t queue_job(const char *call, cudnnHandle_t handle, const Job &job, bool same_bits,
                               const void *workspace, size_t bytes)
{
    if (!handle->stream)
        misuse("%s on the default stream: cudnnSetStream first", call);
    check_stream(call, handle->stream);
    if (!same_bits)
        misuse("%s by an algorithm that does not always give the same bits", call);
    if (!fits(job))
        return CUDNN_STATUS_BAD_PARAM;
    if (bytes < workspace_bytes)
        misuse("%s with a workspace of %zu bytes", call, bytes);
    const int device = handle->stream->device;
    const auto check = [=] {
        check_memory(call, "x", job.at_x, job.x.bytes(), device);
        check_memory(call, "y", job.at_y, job.y.bytes(), device);
        check_memory(call, "w", job.at_w, job.w.bytes(), device);
        check_memory(call, "the workspace", workspace, bytes, device);
    };
    check();
    Work work;
    work.name = call;
    work.run = [=] {
        check();
        race_range(workspace, workspace_bytes, true); /* two convolutions at once must not share it */
        convolve(job);
    };
    queue_work(handle->stream, std::move(work));
    return CUDNN_STATUS_SUCCESS;
}

static char *memory(const void *at)
{
    return static_cast<char *>(const_cast<void *>(at));
}

static float scalar(const void *at)
{
    if (!at || is_device_address(at))
        misuse("cuDNN: alpha and beta are in host memory");
    return *static_cast<const float *>(at);
}

#define CUDNN_ENTER(call, ...)                                                                               \
    do {                                                                                                     \
        check_alive(call, {__VA_ARGS__});                                                                    \
        const cudnnStatus_t status = entered(call);                                                          \
        if (status != CUDNN_STATUS_SUCCESS)                                                                  \
            return status;                                                                                   \
    } while (0)

extern "C" cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void *alpha,
                                                 const cudnnTensorDescriptor_t x, const void *at_x,
                                                 const cudnnFilterDescriptor_t w, const void *at_w,
                                                 const cudnnConvolutionDescriptor_t how,
                                                 cudnnConvolutionFwdAlgo_t, void *workspace, size_t bytes,
                                                 const void *beta, const cudnnTensorDescriptor_t y,
                                                 void *at_y)
{
    CUDNN_ENTER("cudnnConvolutionForward", handle, x, w, how, y);
    const Job job = {Way::Forward,  *x,          *y, *w, *how, memory(at_x), memory(at_y), memory(at_w),
                     scalar(alpha), scalar(beta)};
    return queue_job("cudnnConvolutionForward", handle, job, true, workspace, bytes);
}

extern "C" cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, const void *alpha,
                                                      const cudnnFilterDescriptor_t w, const void *at_w,
                                                      const cudnnTensorDescriptor_t y, const void *at_y,
                                                      const cudnnConvolutionDescriptor_t how,
                                                      cudnnConvolutionBwdDataAlgo_t algorithm,
                                                      void *workspace, size_t bytes, const void *beta,
                                                      const cudnnTensorDescriptor_t x, void *at_x)
{
    CUDNN_ENTER("cudnnConvolutionBackwardData", handle, x, w, how, y);
    const Job job = {Way::Data,     *x,          *y, *w, *how, memory(at_x), memory(at_y), memory(at_w),
                     scalar(alpha), scalar(beta)};
    return queue_job("cudnnConvolutionBackwardData", handle, job,
                     algorithm == CUDNN_CONVOLUTION_BWD_DATA_ALGO_1, workspace, bytes);
}

extern "C" cudnnStatus_t cudnnConvolutionBackwardFilter(cudnnHandle_t handle, const void *alpha,
                                                        const cudnnTensorDescriptor_t x, const void *at_x,
                                                        const cudnnTensorDescriptor_t y, const void *at_y,
                                                        const cudnnConvolutionDescriptor_t how,
                                                        cudnnConvolutionBwdFilterAlgo_t algorithm,
                                                        void *workspace, size_t bytes, const void *beta,
                                                        const cudnnFilterDescriptor_t w, void *at_w)
{
    CUDNN_ENTER("cudnnConvolutionBackwardFilter", handle, x, w, how, y);
    const Job job = {Way::Filter,   *x,          *y, *w, *how, memory(at_x), memory(at_y), memory(at_w),
                     scalar(alpha), scalar(beta)};
    return queue_job("cudnnConvolutionBackwardFilter", handle, job,
                     algorithm == CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1, workspace, bytes);
}

/* `fickle` first, as if it were the fastest. */
template <typename P, typename A> static cudnnStatus_t offer(P *list, int room, int *n, A fickle, A steady)
{
    const auto row = [](A algorithm, bool same_bits) {
        P performance = {};
        performance.algo = algorithm;
        performance.memory = workspace_bytes;
        performance.determinism = same_bits ? CUDNN_DETERMINISTIC : CUDNN_NON_DETERMINISTIC;
        return performance;
    };
    *n = 0;
    if (fickle != steady && *n < room)
        list[(*n)++] = row(fickle, false);
    if (*n < room)
        list[(*n)++] = row(steady, true);
    return CUDNN_STATUS_SUCCESS;
}

extern "C" cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(
    cudnnHandle_t handle, const cudnnTensorDescriptor_t x, const cudnnFilterDescriptor_t w,
    const cudnnConvolutionDescriptor_t how, const cudnnTensorDescriptor_t y, const int room, int *n,
    cudnnConvolutionFwdAlgoPerf_t *list)
{
    CUDNN_ENTER("cudnnGetConvolutionForwardAlgorithm_v7", handle, x, w, how, y);
    return offer(list, room, n, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM,
                 CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM);
}

extern "C" cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(
    cudnnHandle_t handle, const cudnnFilterDescriptor_t w, const cudnnTensorDescriptor_t y,
    const cudnnConvolutionDescriptor_t how, const cudnnTensorDescriptor_t x, const int room, int *n,
    cudnnConvolutionBwdDataAlgoPerf_t *list)
{
    CUDNN_ENTER("cudnnGetConvolutionBackwardDataAlgorithm_v7", handle, x, w, how, y);
    return offer(list, room, n, CUDNN_CONVOLUTION_BWD_DATA_ALGO_0, CUDNN_CONVOLUTION_BWD_DATA_ALGO_1);
}

extern "C" cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(
    cudnnHandle_t handle, const cudnnTensorDescriptor_t x, const cudnnTensorDescriptor_t y,
    const cudnnConvolutionDescriptor_t how, const cudnnFilterDescriptor_t w, const int room, int *n,
    cudnnConvolutionBwdFilterAlgoPerf_t *list)
{
    CUDNN_ENTER("cudnnGetConvolutionBackwardFilterAlgorithm_v7", handle, x, w, how, y);
    return offer(list, room, n, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1);
}
