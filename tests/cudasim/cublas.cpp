/* cublas.cpp: matrix products as plain loops, in a fixed order. */
#include <cstring>
#include <set>
#include "cublas_v2.h"
#include "report.h"
#include "stream.h"

struct cublasContext {
    CUstream_st *stream;
    bool has_workspace;
    char *workspace;
    size_t workspace_bytes;
    cublasMath_t math;
    int device;
};
static std::set<const cublasContext *> handles;

size_t live_blas_handles()
{
    return handles.size();
}

static cublasStatus_t entered(const char *call, const cublasContext *handle)
{
    if (!handles.count(handle))
        misuse("%s with a handle that is destroyed or was never made", call);
    return enter(call) == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}

extern "C" cublasStatus_t cublasCreate_v2(cublasHandle_t *out)
{
    if (enter("cublasCreate") != cudaSuccess)
        return CUBLAS_STATUS_ALLOC_FAILED;
    refuse_in_capture("cublasCreate");
    *out = new cublasContext{nullptr, false, nullptr, 0, CUBLAS_DEFAULT_MATH, current_device()};
    handles.insert(*out);
    return CUBLAS_STATUS_SUCCESS;
}

extern "C" cublasStatus_t cublasDestroy_v2(cublasHandle_t handle)
{
    const cublasStatus_t status = entered("cublasDestroy", handle);
    if (status != CUBLAS_STATUS_SUCCESS)
        return status;
    handles.erase(handle);
    bury(handle);
    return CUBLAS_STATUS_SUCCESS;
}

/* Resets the workspace, as cuBLAS does. */
extern "C" cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream)
{
    const cublasStatus_t status = entered("cublasSetStream", handle);
    if (status != CUBLAS_STATUS_SUCCESS)
        return status;
    check_stream("cublasSetStream", stream);
    handle->stream = stream;
    handle->has_workspace = false;
    return CUBLAS_STATUS_SUCCESS;
}

extern "C" cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void *workspace, size_t bytes)
{
    const cublasStatus_t status = entered("cublasSetWorkspace", handle);
    if (status != CUBLAS_STATUS_SUCCESS)
        return status;
    const std::string fault = bytes ? fault_of(workspace, bytes, handle->device) : "";
    if (!fault.empty())
        misuse("cublasSetWorkspace: %zu bytes at %s", bytes, fault.c_str());
    if (reinterpret_cast<uintptr_t>(workspace) % 256 != 0)
        misuse("cublasSetWorkspace: the workspace is not aligned to 256 bytes");
    handle->has_workspace = true;
    handle->workspace = static_cast<char *>(workspace);
    handle->workspace_bytes = bytes;
    return CUBLAS_STATUS_SUCCESS;
}

extern "C" cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode)
{
    const cublasStatus_t status = entered("cublasSetMathMode", handle);
    if (status == CUBLAS_STATUS_SUCCESS)
        handle->math = mode;
    return status;
}

extern "C" const char *cublasGetStatusString(cublasStatus_t status)
{
    return status == CUBLAS_STATUS_SUCCESS ? "CUBLAS_STATUS_SUCCESS" : "CUBLAS_STATUS_EXECUTION_FAILED";
}

/* A matrix as cuBLAS is told of it: column-major, `rows` x `columns` as stored. */
struct Matrix {
    char *at;
    cudaDataType type;
    int rows, columns, ld;
    long long stride;

    size_t width() const
    {
        return type == CUDA_R_32F ? 4 : 2;
    }
    size_t bytes() const
    {
        return (static_cast<size_t>(ld) * static_cast<size_t>(columns - 1) + static_cast<size_t>(rows)) *
               width();
    }
    char *of(int batch) const
    {
        return at + batch * stride * static_cast<long long>(width());
    }
};

struct Product {
    Matrix a, b, c;
    cublasOperation_t transa, transb;
    int m, n, k, batch;
    float alpha, beta;
    bool tf32;
};

static void check_matrix(const char *call, const char *name, const Matrix &matrix, int batch, int device)
{
    if (matrix.type != CUDA_R_32F && matrix.type != CUDA_R_16BF)
        misuse("%s: %s is of type %d, which the stand-in does not know", call, name, matrix.type);
    if (matrix.ld < matrix.rows || matrix.ld < 1)
        misuse("%s: leading dimension %d of %s, which has %d rows", call, matrix.ld, name, matrix.rows);
    for (const int one : {0, batch - 1}) {
        const std::string fault = fault_of(matrix.of(one), matrix.bytes(), device);
        if (!fault.empty())
            misuse("%s: %s (%d x %d, leading dimension %d, product %d of %d) is in %s", call, name,
                   matrix.rows, matrix.columns, matrix.ld, one + 1, batch, fault.c_str());
    }
}

static void check_product(const char *call, const Product &p, int device)
{
    check_matrix(call, "A", p.a, p.batch, device);
    check_matrix(call, "B", p.b, p.batch, device);
    check_matrix(call, "C", p.c, p.batch, device);
}

static float load(const Matrix &matrix, const char *base, size_t index, bool tf32)
{
    uint32_t bits = 0;
    float value;
    if (matrix.type == CUDA_R_16BF) {
        uint16_t half;
        memcpy(&half, base + index * 2, sizeof half);
        bits = static_cast<uint32_t>(half) << 16;
    } else {
        memcpy(&bits, base + index * 4, sizeof bits);
        if (tf32 && (bits & 0x7f800000u) != 0x7f800000u)
            bits = (bits + 0xfffu + (bits >> 13 & 1)) & ~0x1fffu; /* 10 bits of mantissa, ties to even */
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void store(const Matrix &matrix, char *base, size_t index, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (matrix.type == CUDA_R_16BF) {
        const bool nan = value != value;
        const uint16_t half = static_cast<uint16_t>(nan ? 0x7fff : (bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
        memcpy(base + index * 2, &half, sizeof half);
    } else {
        memcpy(base + index * 4, &bits, sizeof bits);
    }
}

static std::vector<float> packed(const Matrix &matrix, const char *base, bool transpose, bool tf32)
{
    const size_t rows = static_cast<size_t>(matrix.rows), columns = static_cast<size_t>(matrix.columns);
    std::vector<float> out(rows * columns);
    for (size_t j = 0; j < columns; j++)
        for (size_t i = 0; i < rows; i++)
            out[transpose ? i * columns + j : j * rows + i] =
                load(matrix, base, j * static_cast<size_t>(matrix.ld) + i, tf32);
    return out;
}

static void multiply(const Product &p, int batch)
{
    const size_t m = static_cast<size_t>(p.m), n = static_cast<size_t>(p.n), k = static_cast<size_t>(p.k);
    const std::vector<float> a = packed(p.a, p.a.of(batch), p.transa == CUBLAS_OP_T, p.tf32);
    const std::vector<float> b = packed(p.b, p.b.of(batch), p.transb == CUBLAS_OP_T, p.tf32);
    std::vector<float> sums(m);
    for (size_t j = 0; j < n; j++) {
        std::fill(sums.begin(), sums.end(), 0.0f);
        for (size_t l = 0; l < k; l++)
            for (size_t i = 0; i < m; i++)
                sums[i] += a[l * m + i] * b[j * k + l];
        for (size_t i = 0; i < m; i++) {
            const size_t at = j * static_cast<size_t>(p.c.ld) + i;
            const float old = p.beta == 0 ? 0 : p.beta * load(p.c, p.c.of(batch), at, false);
            store(p.c, p.c.of(batch), at, p.alpha * sums[i] + old);
        }
    }
}

static void touch(const Product &p, int batch)
{
    for (int j = 0; j < p.a.columns; j++)
        race_range(p.a.of(batch) + static_cast<size_t>(j) * p.a.ld * p.a.width(), p.a.rows * p.a.width(),
                   false);
    for (int j = 0; j < p.b.columns; j++)
        race_range(p.b.of(batch) + static_cast<size_t>(j) * p.b.ld * p.b.width(), p.b.rows * p.b.width(),
                   false);
    for (int j = 0; j < p.c.columns; j++)
        race_range(p.c.of(batch) + static_cast<size_t>(j) * p.c.ld * p.c.width(), p.c.rows * p.c.width(),
                   true);
}

static cublasStatus_t queue_product(const char *call, cublasContext *handle, Product product)
{
    const cublasStatus_t status = entered(call, handle);
    if (status != CUBLAS_STATUS_SUCCESS)
        return status;
    if (!handle->stream)
        misuse("%s on the default stream: cublasSetStream first", call);
    check_stream(call, handle->stream);
    if (!handle->has_workspace)
        misuse("%s without a workspace: cublasSetWorkspace after cublasSetStream, which resets it", call);
    const int device = handle->stream->device;
    check_product(call, product, device);
    char *workspace = handle->workspace;
    const size_t bytes = handle->workspace_bytes;
    product.tf32 = product.tf32 || handle->math == CUBLAS_TF32_TENSOR_OP_MATH;
    Work work;
    work.name = call;
    work.run = [=] {
        check_product(call, product, device);
        race_range(workspace, bytes < 256 ? bytes : 256, true); /* two products at once must not share it */
        for (int batch = 0; batch < product.batch; batch++) {
            touch(product, batch);
            multiply(product, batch);
        }
    };
    queue_work(handle->stream, std::move(work));
    return CUBLAS_STATUS_SUCCESS;
}

static float scalar(const char *call, const void *at)
{
    if (!at || is_device_address(at))
        misuse("%s: alpha and beta are in host memory", call);
    return *static_cast<const float *>(at);
}

static Matrix matrix(const void *at, cudaDataType type, bool transposed, int rows, int columns, int ld,
                     long long stride)
{
    char *bytes = static_cast<char *>(const_cast<void *>(at));
    return transposed ? Matrix{bytes, type, columns, rows, ld, stride}
                      : Matrix{bytes, type, rows, columns, ld, stride};
}

static cublasStatus_t gemm(const char *call, cublasHandle_t handle, cublasOperation_t transa,
                           cublasOperation_t transb, int m, int n, int k, const void *alpha, const void *a,
                           cudaDataType atype, int lda, long long stridea, const void *b, cudaDataType btype,
                           int ldb, long long strideb, const void *beta, void *c, cudaDataType ctype, int ldc,
                           long long stridec, int batch, cublasComputeType_t compute)
{
    if (m < 1 || n < 1 || k < 1 || batch < 1)
        misuse("%s: m %d, n %d, k %d, %d products", call, m, n, k, batch);
    if (transa > CUBLAS_OP_T || transb > CUBLAS_OP_T)
        misuse("%s: neither CUBLAS_OP_N nor CUBLAS_OP_T", call);
    const bool narrow = atype == CUDA_R_16BF;
    const bool plain = compute == CUBLAS_COMPUTE_32F || compute == CUBLAS_COMPUTE_32F_PEDANTIC;
    if (atype != btype || !(plain || (compute == CUBLAS_COMPUTE_32F_FAST_TF32 && !narrow)) ||
        (ctype != CUDA_R_32F && !narrow))
        misuse("%s: compute type %d for types %d, %d and %d is not known to the stand-in", call, compute,
               atype, btype, ctype);
    Product product = {matrix(a, atype, transa == CUBLAS_OP_T, m, k, lda, stridea),
                       matrix(b, btype, transb == CUBLAS_OP_T, k, n, ldb, strideb),
                       matrix(c, ctype, false, m, n, ldc, stridec),
                       transa,
                       transb,
                       m,
                       n,
                       k,
                       batch,
                       scalar(call, alpha),
                       scalar(call, beta),
                       compute == CUBLAS_COMPUTE_32F_FAST_TF32};
    return queue_product(call, handle, product);
}

extern "C" cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t transa,
                                       cublasOperation_t transb, int m, int n, int k, const void *alpha,
                                       const void *a, cudaDataType atype, int lda, const void *b,
                                       cudaDataType btype, int ldb, const void *beta, void *c,
                                       cudaDataType ctype, int ldc, cublasComputeType_t compute,
                                       cublasGemmAlgo_t)
{
    return gemm("cublasGemmEx", handle, transa, transb, m, n, k, alpha, a, atype, lda, 0, b, btype, ldb, 0,
                beta, c, ctype, ldc, 0, 1, compute);
}

extern "C" cublasStatus_t cublasGemmStridedBatchedEx(
    cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n, int k,
    const void *alpha, const void *a, cudaDataType atype, int lda, long long stridea, const void *b,
    cudaDataType btype, int ldb, long long strideb, const void *beta, void *c, cudaDataType ctype, int ldc,
    long long stridec, int batch, cublasComputeType_t compute, cublasGemmAlgo_t)
{
    return gemm("cublasGemmStridedBatchedEx", handle, transa, transb, m, n, k, alpha, a, atype, lda, stridea,
                b, btype, ldb, strideb, beta, c, ctype, ldc, stridec, batch, compute);
}
