/* test_threads.cpp: barriers, warp operations and shared memory. */
#include "checks.h"

static const int threads = 64, blocks = 5;

/* Each thread writes its own element and reads another's: y[i] = i mirrored in its block. */
template <bool barrier> static __global__ void mirror(int *y)
{
    GAN_SHARED(int, tile, [threads]);
    const unsigned t = threadIdx.x;
    tile[t] = static_cast<int>(blockIdx.x * blockDim.x + t);
    if (barrier)
        __syncthreads();
    y[blockIdx.x * blockDim.x + t] = tile[threads - 1 - t];
}

template <bool barrier> static bool run_mirror()
{
    cudaStream_t stream = new_stream();
    int *y = new_device<int>(threads * blocks);
    GAN_LAUNCH(mirror<barrier>, blocks, threads, 0, stream, y);
    const std::vector<int> got = fetch(y, threads * blocks, stream);
    for (int i = 0; i < threads * blocks; i++)
        if (got[static_cast<size_t>(i)] != i / threads * threads + threads - 1 - i % threads)
            return false;
    return true;
}

static void test_barrier(void **)
{
    must_pass(run_mirror<true>);
}

static void test_missing_barrier(void **)
{
    must_be_noticed(run_mirror<false>, nullptr);
}

enum Fault { none, divergent, other_line, early_end };

template <int fault> static __global__ void meet(int *y)
{
    const unsigned t = threadIdx.x;
    if (fault == early_end && t == 7)
        return;
    if (fault == other_line && t >= 32)
        __syncthreads();
    else if (fault != divergent || t < 32)
        __syncthreads();
    y[t] = 1;
}

template <int fault> static bool run_meet()
{
    cudaStream_t stream = new_stream();
    int *y = new_device<int>(threads);
    GAN_LAUNCH(meet<fault>, 1, threads, 0, stream, y);
    return fetch(y, threads, stream)[0] == 1;
}

static void test_divergent_barriers(void **)
{
    must_pass(run_meet<none>);
    must_be_reported(run_meet<divergent>, "32 threads (first: 32) have ended");
    must_be_reported(run_meet<other_line>, "divergent barrier: 32 threads");
    must_be_reported(run_meet<early_end>, "1 threads (first: 7) have ended");
}

static __global__ void warp_sums(float *y, const float *x)
{
    float by_xor = x[threadIdx.x], by_down = by_xor;
    for (int o = 16; o > 0; o /= 2) {
        by_xor += __shfl_xor_sync(0xffffffffu, by_xor, o);
        by_down += __shfl_down_sync(0xffffffffu, by_down, o);
    }
    const double first = __shfl_sync(0xffffffffu, static_cast<double>(by_down), 0);
    const unsigned odd = __ballot_sync(0xffffffffu, threadIdx.x & 1);
    __syncwarp();
    y[threadIdx.x] = by_xor == static_cast<float>(first) && odd == 0xaaaaaaaau ? by_xor : -1;
}

static bool run_warp_sums()
{
    cudaStream_t stream = new_stream();
    float *x = new_device<float>(threads), *y = new_device<float>(threads);
    std::vector<float> values(threads);
    for (size_t i = 0; i < threads; i++)
        values[i] = static_cast<float>(i);
    expect(cudaMemcpyAsync(x, values.data(), threads * sizeof(float), cudaMemcpyHostToDevice, stream));
    GAN_LAUNCH(warp_sums, 1, threads, 0, stream, y, x);
    const std::vector<float> got = fetch(y, threads, stream);
    return got[0] == 496 && got[31] == 496 && got[32] == 1520 && got[63] == 1520;
}

static void test_warp_operations(void **)
{
    must_pass(run_warp_sums);
}

enum MaskFault { half_comes, not_in_mask, masks_differ, reads_outside, too_few_lanes };

template <int fault> static __global__ void bad_mask(int *y)
{
    const int t = static_cast<int>(threadIdx.x);
    int value = t;
    if (fault == half_comes && t < 16)
        value = __shfl_xor_sync(0xffffffffu, value, 1);
    if (fault == not_in_mask)
        value = __shfl_xor_sync(0xffffu, value, 1);
    if (fault == masks_differ)
        value = __shfl_xor_sync(t < 16 ? 0xffffffffu : 0xffff0000u, value, 1);
    if (fault == reads_outside && t < 16)
        value = __shfl_sync(0xffffu, value, 20);
    if (fault == too_few_lanes)
        value = __shfl_xor_sync(0xffffffffu, value, 1);
    y[t] = value;
}

template <int fault> static bool run_bad_mask()
{
    cudaStream_t stream = new_stream();
    int *y = new_device<int>(threads);
    GAN_LAUNCH(bad_mask<fault>, 1, fault == too_few_lanes ? 16 : 32, 0, stream, y);
    return fetch(y, 1, stream)[0] >= 0;
}

static void test_wrong_masks(void **)
{
    must_be_reported(run_bad_mask<half_comes>, "wrong mask");
    must_be_reported(run_bad_mask<not_in_mask>, "is not in its own mask 0xffff");
    must_be_reported(run_bad_mask<masks_differ>, "wrong mask");
    must_be_reported(run_bad_mask<reads_outside>, "reads lane 20, which mask 0xffff does not name");
    must_be_reported(run_bad_mask<too_few_lanes>, "names lane 16 of a warp of 16");
}

template <int past> static __global__ void shared_sum(float *y, int n)
{
    GAN_DYNAMIC_SHARED(float, row);
    GAN_SHARED(float, total, );
    const int t = static_cast<int>(threadIdx.x);
    row[t == 0 && past != 0 ? past : t] = 1;
    __syncthreads();
    if (threadIdx.x == 0) {
        total = 0;
        for (int i = 0; i < n; i++)
            total += row[i];
    }
    __syncthreads();
    y[threadIdx.x] = total;
}

template <int past> static bool run_shared_sum()
{
    cudaStream_t stream = new_stream();
    float *y = new_device<float>(threads);
    GAN_LAUNCH(shared_sum<past>, 3, threads, threads * sizeof(float), stream, y, threads);
    return fetch(y, 1, stream)[0] == threads;
}

static bool run_too_much_shared()
{
    float *y = new_device<float>(threads);
    GAN_LAUNCH(shared_sum<0>, 1, threads, 64 << 10, new_stream(), y, threads);
    return true;
}

static bool run_much_shared()
{
    cudaStream_t stream = new_stream();
    float *y = new_device<float>(threads);
    expect(cudaFuncSetAttribute(shared_sum<0>, cudaFuncAttributeMaxDynamicSharedMemorySize, 64 << 10));
    GAN_LAUNCH(shared_sum<0>, 1, threads, 64 << 10, stream, y, threads);
    return fetch(y, 1, stream)[0] == threads;
}

#if defined(__SANITIZE_ADDRESS__)
static const char *const beside = "use-after-poison";
#else
static const char *const beside = "beside shared array row";
#endif

static void test_shared_memory(void **)
{
    must_pass(run_shared_sum<0>);
    must_pass(run_much_shared);
    must_be_reported(run_shared_sum<threads>, beside);
    must_be_reported(run_shared_sum<-1>, beside);
    must_be_reported(run_too_much_shared, "65536 bytes of dynamic shared memory, 49152 allowed");
}

static __device__ int deep(int n)
{
    volatile int room[64];
    room[n % 64] = n;
    return n > 0 ? deep(n - 1) + room[n % 64] : 0;
}

static __global__ void dive(int *y, int depth)
{
    *y = deep(depth);
}

template <int depth> static bool run_dive()
{
    cudaStream_t stream = new_stream();
    int *y = new_device<int>(1);
    GAN_LAUNCH(dive, 1, 1, 0, stream, y, depth);
    return fetch(y, 1, stream)[0] == depth * (depth + 1) / 2;
}

static bool run_too_many_threads()
{
    int *y = new_device<int>(1);
    GAN_LAUNCH(meet<none>, 1, 1025, 0, new_stream(), y);
    return true;
}

static bool run_empty_grid()
{
    int *y = new_device<int>(1);
    GAN_LAUNCH(meet<none>, 0, 32, 0, new_stream(), y);
    return true;
}

static void test_limits(void **)
{
    must_be_reported(run_too_many_threads, "block of 1025 x 1 x 1 threads");
    must_pass(run_dive<20>);
    must_be_reported(run_dive<20000>, "stack overflow");
    must_be_reported(run_empty_grid, "grid of 0 x 1 x 1 blocks");
}

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_barrier),
        cmocka_unit_test(test_missing_barrier),
        cmocka_unit_test(test_divergent_barriers),
        cmocka_unit_test(test_warp_operations),
        cmocka_unit_test(test_wrong_masks),
        cmocka_unit_test(test_shared_memory),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
