/* test_blas.cpp: matrix products, and what they ask for. */
#include <cmath>
#include <cstring>
#include "checks.h"
#include "cublas_v2.h"

static void expect_blas(cublasStatus_t status)
{
    expect(status == CUBLAS_STATUS_SUCCESS ? cudaSuccess : cudaErrorUnknown);
}

enum Set { stream_then_workspace, workspace_then_stream, stream_only };

struct rig {
    cudaStream_t stream = new_stream();
    cublasHandle_t handle;
    explicit rig(Set set = stream_then_workspace)
    {
        void *workspace = new_device<char>(1024);
        expect_blas(cublasCreate(&handle));
        if (set == workspace_then_stream)
            expect_blas(cublasSetWorkspace(handle, workspace, 1024));
        expect_blas(cublasSetStream(handle, stream));
        if (set == stream_then_workspace)
            expect_blas(cublasSetWorkspace(handle, workspace, 1024));
    }
};

static float *upload(const std::vector<float> &values, cudaStream_t stream)
{
    float *out = new_device<float>(values.size());
    expect(
        cudaMemcpyAsync(out, values.data(), values.size() * sizeof(float), cudaMemcpyHostToDevice, stream));
    return out;
}

static const int m = 3, n = 4, k = 5, ld = 7;

/* Element (i, j) of a stored matrix, and of the product's operand. */
static float element(int i, int j)
{
    return static_cast<float>(i * i - 3 * j + (i * j) % 4);
}

static std::vector<float> stored(int columns)
{
    std::vector<float> out(static_cast<size_t>(ld * columns));
    for (int j = 0; j < columns; j++)
        for (int i = 0; i < ld; i++)
            out[static_cast<size_t>(j * ld + i)] = element(i, j);
    return out;
}

/* Integers, so that every order of summation gives the same. beta = 0 must not read C, which is NaN. */
template <int ta, int tb, int scale> static bool run_product()
{
    rig r;
    const float alpha = 2, beta = scale;
    const float *a = upload(stored(ta ? m : k), r.stream), *b = upload(stored(tb ? k : n), r.stream);
    float *c = scale ? upload(stored(n), r.stream) : new_device<float>(ld * n);
    expect_blas(cublasGemmEx(r.handle, ta ? CUBLAS_OP_T : CUBLAS_OP_N, tb ? CUBLAS_OP_T : CUBLAS_OP_N, m, n,
                             k, &alpha, a, CUDA_R_32F, ld, b, CUDA_R_32F, ld, &beta, c, CUDA_R_32F, ld,
                             CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT));
    const std::vector<float> got = fetch(c, ld * n, r.stream);
    for (int j = 0; j < n; j++)
        for (int i = 0; i < m; i++) {
            float want = scale ? beta * element(i, j) : 0;
            for (int l = 0; l < k; l++)
                want += alpha * (ta ? element(l, i) : element(i, l)) * (tb ? element(j, l) : element(l, j));
            if (got[static_cast<size_t>(j * ld + i)] != want)
                return false;
        }
    return true;
}

static void test_products(void **)
{
    must_pass(run_product<0, 0, 0>);
    must_pass(run_product<1, 0, 3>);
    must_pass(run_product<0, 1, 0>);
    must_pass(run_product<1, 1, 1>);
}

static bool run_batch()
{
    rig r;
    const float one = 1, zero = 0;
    const float *a = upload({1, 2, 3, 4, 5, 6}, r.stream);
    float *c = new_device<float>(3);
    expect_blas(cublasGemmStridedBatchedEx(r.handle, CUBLAS_OP_T, CUBLAS_OP_N, 1, 1, 2, &one, a, CUDA_R_32F,
                                           2, 2, a, CUDA_R_32F, 2, 2, &zero, c, CUDA_R_32F, 1, 1, 3,
                                           CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT));
    return fetch(c, 3, r.stream) == std::vector<float>{5, 25, 61};
}

/* 1 + 2^-12 is 1 in TF32, and 1 + 2^-9 stays. */
static bool run_tf32()
{
    rig r;
    const float one = 1, zero = 0;
    const float *a = upload({1.000244140625f, 1.001953125f}, r.stream), *b = upload({1}, r.stream);
    float *c = new_device<float>(2);
    expect_blas(cublasGemmEx(r.handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 1, 1, &one, a, CUDA_R_32F, 2, b,
                             CUDA_R_32F, 1, &zero, c, CUDA_R_32F, 2, CUBLAS_COMPUTE_32F_FAST_TF32,
                             CUBLAS_GEMM_DEFAULT));
    return fetch(c, 2, r.stream) == std::vector<float>{1, 1.001953125f};
}

/* Factors of 16 bits; the sum of their products is a float, rounded only where C is narrow too. */
template <int narrow_result> static bool run_bf16()
{
    rig r;
    const float one = 1, zero = 0;
    const uint16_t factors[] = {0x3f80, 0x3f81, 0x4040, 0}; /* 1, 1 + 2^-7, 3 */
    float bits[2];
    memcpy(bits, factors, sizeof bits);
    const float *a = upload({bits[0], bits[1]}, r.stream);
    const uint16_t *b = reinterpret_cast<const uint16_t *>(a) + 2;
    float *c = new_device<float>(2);
    expect_blas(cublasGemmEx(r.handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 1, 1, &one, a, CUDA_R_16BF, 2, b,
                             CUDA_R_16BF, 1, &zero, c, narrow_result ? CUDA_R_16BF : CUDA_R_32F, 2,
                             CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT));
    const std::vector<float> got = fetch(c, 2, r.stream);
    if (!narrow_result)
        return got == std::vector<float>{3, 3.0234375f};
    uint16_t rounded[2];
    memcpy(rounded, got.data(), sizeof rounded);
    return rounded[0] == 0x4040 && rounded[1] == 0x4042; /* 3 + 2^-5, the even one of two as near */
}

static bool run_unknown_types()
{
    rig r;
    const float one = 1;
    const float *a = upload({1, 1}, r.stream);
    cublasGemmEx(r.handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, a, CUDA_R_16BF, 1, a, CUDA_R_16BF, 1,
                 &one, new_device<float>(1), CUDA_R_32F, 1, CUBLAS_COMPUTE_32F_FAST_TF32,
                 CUBLAS_GEMM_DEFAULT);
    return true;
}

static void test_batches_and_precision(void **)
{
    must_pass(run_batch);
    must_pass(run_tf32);
    must_pass(run_bf16<0>);
    must_pass(run_bf16<1>);
    must_be_reported(run_unknown_types, "compute type 77 for types 14, 14 and 0");
}

static bool product(rig &r, int lda, size_t floats, bool device_alpha)
{
    const float one = 1;
    const float *a = upload(std::vector<float>(floats, 1.0f), r.stream);
    float *c = new_device<float>(64);
    expect_blas(cublasGemmEx(r.handle, CUBLAS_OP_N, CUBLAS_OP_N, 4, 4, 4, device_alpha ? a : &one, a,
                             CUDA_R_32F, lda, a, CUDA_R_32F, 4, &one, c, CUDA_R_32F, 4, CUBLAS_COMPUTE_32F,
                             CUBLAS_GEMM_DEFAULT));
    return true;
}
static bool run_small_ld()
{
    rig r;
    return product(r, 3, 16, false);
}
static bool run_large_ld()
{
    rig r;
    return product(r, 5, 16, false);
}
static bool run_device_alpha()
{
    rig r;
    return product(r, 4, 16, true);
}
static bool run_reset_workspace()
{
    rig r(workspace_then_stream);
    return product(r, 4, 16, false);
}
static bool run_no_workspace()
{
    rig r(stream_only);
    return product(r, 4, 16, false);
}
static bool run_other_stream()
{
    rig r;
    expect(cudaStreamDestroy(r.stream));
    r.stream = new_stream();
    return product(r, 4, 16, false);
}
static bool run_failure()
{
    rig r;
    cudasim_fail("cublasCreate:1");
    cublasHandle_t handle;
    return cublasCreate(&handle) == CUBLAS_STATUS_ALLOC_FAILED;
}

static void test_misuse(void **)
{
    must_be_reported(run_small_ld, "leading dimension 3 of A, which has 4 rows");
    must_be_reported(run_large_ld,
                     "cublasGemmEx: A (4 x 4, leading dimension 5, product 1 of 1) is in device memory");
    must_be_reported(run_device_alpha, "alpha and beta are in host memory");
    must_be_reported(run_reset_workspace, "cublasSetWorkspace after cublasSetStream");
    must_be_reported(run_no_workspace, "without a workspace");
    must_be_reported(run_other_stream, "cublasGemmEx on a stream that is destroyed");
    must_pass(run_failure);
}

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_batches_and_precision),
        cmocka_unit_test(test_misuse),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
