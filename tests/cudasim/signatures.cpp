/* signatures.cpp: compiled against the headers of the stand-in and against NVIDIA's.
 * What one of them declares otherwise than it stands here does not compile.
 * signatures.sh sees to it that nothing is missing here. */
#include <type_traits>
#include "cublas_v2.h"
#include "cuda_bf16.h"
#include "cuda_runtime.h"
#if __has_include("nccl.h") /* NVIDIA's comes in a package of its own */
#include "nccl.h"
#define HAVE_NCCL
#endif
#if __has_include("cudnn.h") /* so does cuDNN's */
#include "cudnn.h"
#define HAVE_CUDNN
#endif

template <typename T> static constexpr bool is(T)
{
    return true;
}

/* The cast also chooses among the overloads that C++ has for some. */
#define FUNCTION(result, name, ...) static_assert(is(static_cast<result (*)(__VA_ARGS__)>(&name)), #name)
#define VALUE(name, value)          static_assert(static_cast<long>(name) == (value), #name)
#define MEMBER(type, name, of)      static_assert(std::is_same_v<decltype(of::name), type>, #name)
#define ENUM(type)                  static_assert(std::is_enum_v<type>, #type)
#define LAYOUT(type, size, align)   static_assert(sizeof(type) == (size) && alignof(type) == (align), #type)

FUNCTION(cudaError_t, cudaDriverGetVersion, int *);
FUNCTION(cudaError_t, cudaRuntimeGetVersion, int *);
FUNCTION(cudaError_t, cudaGetDeviceCount, int *);
FUNCTION(cudaError_t, cudaSetDevice, int);
FUNCTION(cudaError_t, cudaGetDevice, int *);
FUNCTION(cudaError_t, cudaGetDeviceProperties, cudaDeviceProp *, int);
FUNCTION(cudaError_t, cudaDeviceGetAttribute, int *, cudaDeviceAttr, int);
FUNCTION(cudaError_t, cudaDeviceGetPCIBusId, char *, int, int);
FUNCTION(cudaError_t, cudaDeviceGetStreamPriorityRange, int *, int *);
FUNCTION(cudaError_t, cudaMemGetInfo, size_t *, size_t *);
FUNCTION(cudaError_t, cudaMalloc, void **, size_t);
FUNCTION(cudaError_t, cudaFree, void *);
FUNCTION(cudaError_t, cudaMallocHost, void **, size_t);
FUNCTION(cudaError_t, cudaHostAlloc, void **, size_t, unsigned);
FUNCTION(cudaError_t, cudaHostGetDevicePointer, void **, void *, unsigned);
FUNCTION(cudaError_t, cudaFreeHost, void *);
FUNCTION(cudaError_t, cudaMemcpyAsync, void *, const void *, size_t, cudaMemcpyKind, cudaStream_t);
FUNCTION(cudaError_t, cudaMemsetAsync, void *, int, size_t, cudaStream_t);
FUNCTION(cudaError_t, cudaStreamCreateWithFlags, cudaStream_t *, unsigned);
FUNCTION(cudaError_t, cudaStreamCreateWithPriority, cudaStream_t *, unsigned, int);
FUNCTION(cudaError_t, cudaStreamDestroy, cudaStream_t);
FUNCTION(cudaError_t, cudaStreamSynchronize, cudaStream_t);
FUNCTION(cudaError_t, cudaStreamQuery, cudaStream_t);
FUNCTION(cudaError_t, cudaStreamWaitEvent, cudaStream_t, cudaEvent_t, unsigned);
FUNCTION(cudaError_t, cudaEventCreateWithFlags, cudaEvent_t *, unsigned);
FUNCTION(cudaError_t, cudaEventDestroy, cudaEvent_t);
FUNCTION(cudaError_t, cudaEventRecord, cudaEvent_t, cudaStream_t);
FUNCTION(cudaError_t, cudaEventSynchronize, cudaEvent_t);
FUNCTION(cudaError_t, cudaEventQuery, cudaEvent_t);
FUNCTION(cudaError_t, cudaGetLastError, );
FUNCTION(cudaError_t, cudaPeekAtLastError, );
FUNCTION(const char *, cudaGetErrorName, cudaError_t);
FUNCTION(const char *, cudaGetErrorString, cudaError_t);
FUNCTION(cudaError_t, cudaFuncSetAttribute, const void *, cudaFuncAttribute, int);
FUNCTION(cudaError_t, cudaStreamBeginCapture, cudaStream_t, cudaStreamCaptureMode);
FUNCTION(cudaError_t, cudaStreamEndCapture, cudaStream_t, cudaGraph_t *);
FUNCTION(cudaError_t, cudaStreamIsCapturing, cudaStream_t, cudaStreamCaptureStatus *);
FUNCTION(cudaError_t, cudaGraphInstantiateWithFlags, cudaGraphExec_t *, cudaGraph_t, unsigned long long);
FUNCTION(cudaError_t, cudaGraphUpload, cudaGraphExec_t, cudaStream_t);
FUNCTION(cudaError_t, cudaGraphLaunch, cudaGraphExec_t, cudaStream_t);
FUNCTION(cudaError_t, cudaGraphExecDestroy, cudaGraphExec_t);
FUNCTION(cudaError_t, cudaGraphDestroy, cudaGraph_t);

FUNCTION(cublasStatus_t, cublasCreate, cublasHandle_t *);
FUNCTION(cublasStatus_t, cublasDestroy, cublasHandle_t);
FUNCTION(cublasStatus_t, cublasSetStream, cublasHandle_t, cudaStream_t);
FUNCTION(cublasStatus_t, cublasSetMathMode, cublasHandle_t, cublasMath_t);
FUNCTION(cublasStatus_t, cublasSetWorkspace, cublasHandle_t, void *, size_t);
FUNCTION(const char *, cublasGetStatusString, cublasStatus_t);
FUNCTION(cublasStatus_t, cublasGemmEx, cublasHandle_t, cublasOperation_t, cublasOperation_t, int, int, int,
         const void *, const void *, cudaDataType, int, const void *, cudaDataType, int, const void *, void *,
         cudaDataType, int, cublasComputeType_t, cublasGemmAlgo_t);
FUNCTION(cublasStatus_t, cublasGemmStridedBatchedEx, cublasHandle_t, cublasOperation_t, cublasOperation_t,
         int, int, int, const void *, const void *, cudaDataType, int, long long, const void *, cudaDataType,
         int, long long, const void *, void *, cudaDataType, int, long long, int, cublasComputeType_t,
         cublasGemmAlgo_t);

VALUE(cudaSuccess, 0);
VALUE(cudaErrorInvalidValue, 1);
VALUE(cudaErrorMemoryAllocation, 2);
VALUE(cudaErrorInitializationError, 3);
VALUE(cudaErrorStubLibrary, 34);
VALUE(cudaErrorInsufficientDriver, 35);
VALUE(cudaErrorInvalidDeviceFunction, 98);
VALUE(cudaErrorNoDevice, 100);
VALUE(cudaErrorInvalidDevice, 101);
VALUE(cudaErrorNoKernelImageForDevice, 209);
VALUE(cudaErrorJitCompilerNotFound, 221);
VALUE(cudaErrorUnsupportedPtxVersion, 222);
VALUE(cudaErrorNotReady, 600);
VALUE(cudaErrorIllegalAddress, 700);
VALUE(cudaErrorLaunchOutOfResources, 701);
VALUE(cudaErrorSystemNotReady, 802);
VALUE(cudaErrorSystemDriverMismatch, 803);
VALUE(cudaErrorCompatNotSupportedOnDevice, 804);
VALUE(cudaErrorStreamCaptureUnjoined, 904);
VALUE(cudaErrorUnknown, 999);
VALUE(cudaMemcpyHostToHost, 0);
VALUE(cudaMemcpyHostToDevice, 1);
VALUE(cudaMemcpyDeviceToHost, 2);
VALUE(cudaMemcpyDeviceToDevice, 3);
VALUE(cudaMemcpyDefault, 4);
VALUE(cudaDevAttrMaxThreadsPerBlock, 1);
VALUE(cudaDevAttrMaxSharedMemoryPerBlock, 8);
VALUE(cudaDevAttrWarpSize, 10);
VALUE(cudaDevAttrMultiProcessorCount, 16);
VALUE(cudaDevAttrL2CacheSize, 38);
VALUE(cudaDevAttrComputeCapabilityMajor, 75);
VALUE(cudaDevAttrComputeCapabilityMinor, 76);
VALUE(cudaDevAttrMaxSharedMemoryPerBlockOptin, 97);
VALUE(cudaFuncAttributeMaxDynamicSharedMemorySize, 8);
VALUE(cudaStreamCaptureModeGlobal, 0);
VALUE(cudaStreamCaptureModeThreadLocal, 1);
VALUE(cudaStreamCaptureModeRelaxed, 2);
VALUE(cudaStreamCaptureStatusNone, 0);
VALUE(cudaStreamCaptureStatusActive, 1);
VALUE(cudaStreamCaptureStatusInvalidated, 2);
VALUE(cudaGraphInstantiateFlagUseNodePriority, 8);
VALUE(cudaStreamNonBlocking, 1);
VALUE(cudaEventBlockingSync, 1);
VALUE(cudaEventDisableTiming, 2);
VALUE(cudaHostAllocMapped, 2);
VALUE(cudaEventWaitDefault, 0);
VALUE(CUDA_R_32F, 0);
VALUE(CUDA_R_16BF, 14);
VALUE(CUBLAS_STATUS_SUCCESS, 0);
VALUE(CUBLAS_STATUS_NOT_INITIALIZED, 1);
VALUE(CUBLAS_STATUS_ALLOC_FAILED, 3);
VALUE(CUBLAS_STATUS_INVALID_VALUE, 7);
VALUE(CUBLAS_STATUS_EXECUTION_FAILED, 13);
VALUE(CUBLAS_STATUS_NOT_SUPPORTED, 15);
VALUE(CUBLAS_OP_N, 0);
VALUE(CUBLAS_OP_T, 1);
VALUE(CUBLAS_DEFAULT_MATH, 0);
VALUE(CUBLAS_PEDANTIC_MATH, 2);
VALUE(CUBLAS_TF32_TENSOR_OP_MATH, 3);
VALUE(CUBLAS_COMPUTE_32F, 68);
VALUE(CUBLAS_COMPUTE_32F_PEDANTIC, 69);
VALUE(CUBLAS_COMPUTE_32F_FAST_16BF, 75);
VALUE(CUBLAS_COMPUTE_32F_FAST_TF32, 77);
VALUE(CUBLAS_GEMM_DEFAULT, -1);

static_assert(std::is_same_v<cublasHandle_t, cublasContext *>);
ENUM(cudaError);
ENUM(cudaGraphInstantiateFlags);
ENUM(cudaDataType_t);
MEMBER(char[256], name, cudaDeviceProp);
MEMBER(size_t, totalGlobalMem, cudaDeviceProp);
MEMBER(size_t, sharedMemPerBlock, cudaDeviceProp);
MEMBER(size_t, sharedMemPerBlockOptin, cudaDeviceProp);
MEMBER(int, warpSize, cudaDeviceProp);
MEMBER(int, maxThreadsPerBlock, cudaDeviceProp);
MEMBER(int, major, cudaDeviceProp);
MEMBER(int, minor, cudaDeviceProp);
MEMBER(int, multiProcessorCount, cudaDeviceProp);
MEMBER(int, l2CacheSize, cudaDeviceProp);
MEMBER(unsigned, x, uint3);
MEMBER(unsigned, z, dim3);
MEMBER(float, y, float2);
MEMBER(float, w, float4);
LAYOUT(uint3, 12, 4);
LAYOUT(dim3, 12, 4);
LAYOUT(float2, 8, 8);
LAYOUT(float4, 16, 16);
LAYOUT(__nv_bfloat16, 2, 2);
FUNCTION(__nv_bfloat16, __float2bfloat16_rn, float);

#ifdef HAVE_NCCL
FUNCTION(ncclResult_t, ncclGetVersion, int *);
FUNCTION(ncclResult_t, ncclGetUniqueId, ncclUniqueId *);
FUNCTION(ncclResult_t, ncclCommInitRankConfig, ncclComm_t *, int, ncclUniqueId, int, ncclConfig_t *);
FUNCTION(ncclResult_t, ncclCommGetAsyncError, ncclComm_t, ncclResult_t *);
FUNCTION(ncclResult_t, ncclCommFinalize, ncclComm_t);
FUNCTION(ncclResult_t, ncclCommDestroy, ncclComm_t);
FUNCTION(ncclResult_t, ncclCommAbort, ncclComm_t);
FUNCTION(const char *, ncclGetErrorString, ncclResult_t);
FUNCTION(const char *, ncclGetLastError, ncclComm_t);
FUNCTION(ncclResult_t, ncclAllReduce, const void *, void *, size_t, ncclDataType_t, ncclRedOp_t, ncclComm_t,
         cudaStream_t);
FUNCTION(ncclResult_t, ncclBroadcast, const void *, void *, size_t, ncclDataType_t, int, ncclComm_t,
         cudaStream_t);
FUNCTION(ncclResult_t, ncclAllGather, const void *, void *, size_t, ncclDataType_t, ncclComm_t, cudaStream_t);
FUNCTION(ncclResult_t, ncclSend, const void *, size_t, ncclDataType_t, int, ncclComm_t, cudaStream_t);
FUNCTION(ncclResult_t, ncclRecv, void *, size_t, ncclDataType_t, int, ncclComm_t, cudaStream_t);
FUNCTION(ncclResult_t, ncclGroupStart, );
FUNCTION(ncclResult_t, ncclGroupEnd, );
static_assert(std::is_same_v<ncclComm_t, ncclComm *>);
VALUE(NCCL_UNIQUE_ID_BYTES, 128);
VALUE(NCCL_CONFIG_UNDEF_INT, INT_MIN);
VALUE(ncclSuccess, 0);
VALUE(ncclUnhandledCudaError, 1);
VALUE(ncclSystemError, 2);
VALUE(ncclInternalError, 3);
VALUE(ncclInvalidArgument, 4);
VALUE(ncclInvalidUsage, 5);
VALUE(ncclRemoteError, 6);
VALUE(ncclInProgress, 7);
VALUE(ncclInt8, 0);
VALUE(ncclUint8, 1);
VALUE(ncclInt32, 2);
VALUE(ncclUint32, 3);
VALUE(ncclInt64, 4);
VALUE(ncclUint64, 5);
VALUE(ncclFloat32, 7);
VALUE(ncclFloat, 7);
VALUE(ncclFloat64, 8);
VALUE(ncclDouble, 8);
VALUE(ncclSum, 0);
VALUE(ncclProd, 1);
VALUE(ncclMax, 2);
VALUE(ncclMin, 3);
VALUE(ncclAvg, 4);
MEMBER(size_t, size, ncclConfig_t);
MEMBER(unsigned, magic, ncclConfig_t);
MEMBER(unsigned, version, ncclConfig_t);
MEMBER(int, blocking, ncclConfig_t);
MEMBER(int, minCTAs, ncclConfig_t);
MEMBER(int, maxCTAs, ncclConfig_t);
static_assert(NCCL_MAJOR == 2 && NCCL_MINOR >= 18 && NCCL_VERSION_CODE > 21800);
static const ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
static_assert(sizeof config == sizeof(ncclConfig_t));
static_assert(std::is_same_v<decltype(ncclUniqueId::internal), char[128]>);
#endif

#ifdef HAVE_CUDNN
FUNCTION(const char *, cudnnGetErrorString, cudnnStatus_t);
FUNCTION(cudnnStatus_t, cudnnCreate, cudnnHandle_t *);
FUNCTION(cudnnStatus_t, cudnnDestroy, cudnnHandle_t);
FUNCTION(cudnnStatus_t, cudnnSetStream, cudnnHandle_t, cudaStream_t);
FUNCTION(cudnnStatus_t, cudnnCreateTensorDescriptor, cudnnTensorDescriptor_t *);
FUNCTION(cudnnStatus_t, cudnnDestroyTensorDescriptor, cudnnTensorDescriptor_t);
FUNCTION(cudnnStatus_t, cudnnSetTensor4dDescriptor, cudnnTensorDescriptor_t, cudnnTensorFormat_t,
         cudnnDataType_t, int, int, int, int);
FUNCTION(cudnnStatus_t, cudnnCreateFilterDescriptor, cudnnFilterDescriptor_t *);
FUNCTION(cudnnStatus_t, cudnnDestroyFilterDescriptor, cudnnFilterDescriptor_t);
FUNCTION(cudnnStatus_t, cudnnSetFilter4dDescriptor, cudnnFilterDescriptor_t, cudnnDataType_t,
         cudnnTensorFormat_t, int, int, int, int);
FUNCTION(cudnnStatus_t, cudnnCreateConvolutionDescriptor, cudnnConvolutionDescriptor_t *);
FUNCTION(cudnnStatus_t, cudnnDestroyConvolutionDescriptor, cudnnConvolutionDescriptor_t);
FUNCTION(cudnnStatus_t, cudnnSetConvolutionMathType, cudnnConvolutionDescriptor_t, cudnnMathType_t);
FUNCTION(cudnnStatus_t, cudnnSetConvolution2dDescriptor, cudnnConvolutionDescriptor_t, int, int, int, int,
         int, int, cudnnConvolutionMode_t, cudnnDataType_t);
FUNCTION(cudnnStatus_t, cudnnGetConvolutionForwardAlgorithm_v7, cudnnHandle_t, cudnnTensorDescriptor_t,
         cudnnFilterDescriptor_t, cudnnConvolutionDescriptor_t, cudnnTensorDescriptor_t, int, int *,
         cudnnConvolutionFwdAlgoPerf_t *);
FUNCTION(cudnnStatus_t, cudnnGetConvolutionBackwardDataAlgorithm_v7, cudnnHandle_t, cudnnFilterDescriptor_t,
         cudnnTensorDescriptor_t, cudnnConvolutionDescriptor_t, cudnnTensorDescriptor_t, int, int *,
         cudnnConvolutionBwdDataAlgoPerf_t *);
FUNCTION(cudnnStatus_t, cudnnGetConvolutionBackwardFilterAlgorithm_v7, cudnnHandle_t, cudnnTensorDescriptor_t,
         cudnnTensorDescriptor_t, cudnnConvolutionDescriptor_t, cudnnFilterDescriptor_t, int, int *,
         cudnnConvolutionBwdFilterAlgoPerf_t *);
FUNCTION(cudnnStatus_t, cudnnConvolutionForward, cudnnHandle_t, const void *, cudnnTensorDescriptor_t,
         const void *, cudnnFilterDescriptor_t, const void *, cudnnConvolutionDescriptor_t,
         cudnnConvolutionFwdAlgo_t, void *, size_t, const void *, cudnnTensorDescriptor_t, void *);
FUNCTION(cudnnStatus_t, cudnnConvolutionBackwardData, cudnnHandle_t, const void *, cudnnFilterDescriptor_t,
         const void *, cudnnTensorDescriptor_t, const void *, cudnnConvolutionDescriptor_t,
         cudnnConvolutionBwdDataAlgo_t, void *, size_t, const void *, cudnnTensorDescriptor_t, void *);
FUNCTION(cudnnStatus_t, cudnnConvolutionBackwardFilter, cudnnHandle_t, const void *, cudnnTensorDescriptor_t,
         const void *, cudnnTensorDescriptor_t, const void *, cudnnConvolutionDescriptor_t,
         cudnnConvolutionBwdFilterAlgo_t, void *, size_t, const void *, cudnnFilterDescriptor_t, void *);
VALUE(CUDNN_STATUS_SUCCESS, 0);
VALUE(CUDNN_STATUS_BAD_PARAM, 2000);
VALUE(CUDNN_STATUS_NOT_SUPPORTED, 3000);
VALUE(CUDNN_STATUS_EXECUTION_FAILED, 5000);
VALUE(CUDNN_DATA_FLOAT, 0);
VALUE(CUDNN_TENSOR_NCHW, 0);
VALUE(CUDNN_TENSOR_NHWC, 1);
VALUE(CUDNN_CONVOLUTION, 0);
VALUE(CUDNN_CROSS_CORRELATION, 1);
VALUE(CUDNN_NON_DETERMINISTIC, 0);
VALUE(CUDNN_DETERMINISTIC, 1);
VALUE(CUDNN_DEFAULT_MATH, 0);
VALUE(CUDNN_TENSOR_OP_MATH, 1);
VALUE(CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION, 2);
VALUE(CUDNN_FMA_MATH, 3);
VALUE(CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, 0);
VALUE(CUDNN_CONVOLUTION_BWD_DATA_ALGO_0, 0);
VALUE(CUDNN_CONVOLUTION_BWD_DATA_ALGO_1, 1);
VALUE(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0, 0);
VALUE(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1, 1);
LAYOUT(cudnnConvolutionFwdAlgoPerf_t, 48, 8);
MEMBER(size_t, memory, cudnnConvolutionFwdAlgoPerf_t);
MEMBER(cudnnDeterminism_t, determinism, cudnnConvolutionFwdAlgoPerf_t);
MEMBER(cudnnMathType_t, mathType, cudnnConvolutionFwdAlgoPerf_t);
LAYOUT(cudnnConvolutionBwdDataAlgoPerf_t, 48, 8);
MEMBER(size_t, memory, cudnnConvolutionBwdDataAlgoPerf_t);
MEMBER(cudnnDeterminism_t, determinism, cudnnConvolutionBwdDataAlgoPerf_t);
MEMBER(cudnnMathType_t, mathType, cudnnConvolutionBwdDataAlgoPerf_t);
LAYOUT(cudnnConvolutionBwdFilterAlgoPerf_t, 48, 8);
MEMBER(size_t, memory, cudnnConvolutionBwdFilterAlgoPerf_t);
MEMBER(cudnnDeterminism_t, determinism, cudnnConvolutionBwdFilterAlgoPerf_t);
MEMBER(cudnnMathType_t, mathType, cudnnConvolutionBwdFilterAlgoPerf_t);
static_assert(std::is_same_v<cudnnHandle_t, cudnnContext *>);
static_assert(std::is_same_v<cudnnTensorDescriptor_t, cudnnTensorStruct *>);
static_assert(std::is_same_v<cudnnFilterDescriptor_t, cudnnFilterStruct *>);
static_assert(std::is_same_v<cudnnConvolutionDescriptor_t, cudnnConvolutionStruct *>);
#endif
