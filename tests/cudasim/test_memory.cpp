/* test_memory.cpp: bounds, lifetimes, and who may touch which memory when. */
#include <cmath>
#include <cstring>
#include "checks.h"

#if defined(__SANITIZE_ADDRESS__)
static const char *const beside = "use-after-poison", *const freed_write = "use-after-poison";
#else
static const char *const beside = "wrote beside an allocation of 256 bytes", *const freed_write =
                                                                                 "freed memory";
#endif
static const int count = 64;

static __global__ void fill(float *y, int n, float value)
{
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < n)
        y[i] = value;
}

template <int too_many> static bool run_fill()
{
    cudaStream_t stream = new_stream();
    float *y = new_device<float>(count);
    GAN_LAUNCH(fill, 2, 48, 0, stream, y, count + too_many, 3.0f);
    const std::vector<float> got = fetch(y, count, stream);
    expect(cudaFree(y));
    expect(cudaStreamDestroy(stream));
    return got[0] == 3 && got[count - 1] == 3 && cudasim_alive() == 0;
}

static void test_bounds(void **)
{
    must_pass(run_fill<0>);
    must_be_reported(run_fill<1>, beside);
}

static bool run_fresh_memory()
{
    cudaStream_t stream = new_stream();
    return std::isnan(fetch(new_device<float>(count), count, stream)[count / 2]);
}

static void test_fresh_memory_is_nan(void **)
{
    must_pass(run_fresh_memory);
}

/* The copy is queued; the memory goes before it has run. */
static bool run_freed_too_early()
{
    cudaStream_t stream = new_stream();
    float *x = new_device<float>(count), *host = new_pinned<float>(count);
    GAN_LAUNCH(fill, 1, count, 0, stream, x, count, 1.0f);
    expect(cudaMemcpyAsync(host, x, count * sizeof(float), cudaMemcpyDeviceToHost, stream));
    expect(cudaFree(x));
    expect(cudaStreamSynchronize(stream));
    return host[0] == 1;
}

static __global__ void write_through(float **table)
{
    *table[0] = 1;
}

/* No argument points to the freed memory: only the write itself shows. */
static bool run_freed_behind_a_table()
{
    cudaStream_t stream = new_stream();
    float *x = new_device<float>(count), **table = new_device<float *>(1);
    expect(cudaMemcpyAsync(table, &x, sizeof x, cudaMemcpyHostToDevice, stream));
    expect(cudaStreamSynchronize(stream));
    expect(cudaFree(x));
    GAN_LAUNCH(write_through, 1, 1, 0, stream, table);
    expect(cudaStreamSynchronize(stream));
    return true;
}

static bool run_freed_argument()
{
    cudaStream_t stream = new_stream();
    float *x = new_device<float>(count);
    expect(cudaFree(x));
    GAN_LAUNCH(fill, 1, count, 0, stream, x, count, 1.0f);
    return true;
}

static bool run_freed_twice()
{
    float *x = new_device<float>(count);
    expect(cudaFree(x));
    expect(cudaFree(x));
    return true;
}

static void test_freed_memory(void **)
{
    must_be_noticed(run_freed_too_early, "freed device memory");
    must_be_reported(run_freed_behind_a_table, freed_write);
    must_be_reported(run_freed_argument, "argument 1 points to freed device memory");
    must_be_reported(run_freed_twice, "cudaFree of freed device memory");
}

struct vector_of {
    const float *x;
    int n;
};
static __global__ void sum(float *y, vector_of v)
{
    float total = 0;
    for (int i = 0; i < v.n; i++)
        total += v.x[i];
    *y = total;
}

enum Where { device, host, pinned };

template <int where> static bool run_sum()
{
    cudaStream_t stream = new_stream();
    float values[count] = {};
    float *y = new_device<float>(1),
          *x = where == device ? new_device<float>(count) : new_pinned<float>(count);
    if (where == device)
        expect(cudaMemsetAsync(x, 0, sizeof values, stream));
    if (where == host)
        GAN_LAUNCH(fill, 1, count, 0, stream, values, count, 1.0f);
    GAN_LAUNCH(sum, 1, 1, 0, stream, y, vector_of{x, count});
    return fetch(y, 1, stream)[0] == 0;
}

static void test_arguments(void **)
{
    must_pass(run_sum<device>);
    must_be_reported(run_sum<host>, "kernel fill: argument 1 points to memory of the host");
    must_be_reported(run_sum<pinned>, "kernel sum: argument 2 points to pinned memory of the host");
}

static bool run_host_reads_device()
{
    float *x = new_device<float>(count);
    return x[3] == 0;
}

static void test_host_touches_device_memory(void **)
{
    must_be_reported(run_host_reads_device, "host code touches device memory (byte 12 of 256)");
}

template <bool wait> static bool run_read_result()
{
    cudaStream_t stream = new_stream();
    float *x = new_device<float>(count), *result = new_pinned<float>(1);
    GAN_LAUNCH(fill, 1, count, 0, stream, x, count, 5.0f);
    expect(cudaMemcpyAsync(result, x, sizeof *result, cudaMemcpyDeviceToHost, stream));
    if (wait)
        expect(cudaStreamSynchronize(stream));
    return *result == 5;
}

/* A slot is filled, sent, and filled again for the next. */
template <bool wait> static bool run_refill()
{
    cudaStream_t stream = new_stream();
    cudaEvent_t sent;
    expect(cudaEventCreateWithFlags(&sent, cudaEventDisableTiming));
    float *a = new_device<float>(count), *b = new_device<float>(count), *slot = new_pinned<float>(count);
    float *const targets[] = {a, b};
    for (int i = 0; i < 2; i++) {
        if (i > 0 && wait)
            expect(cudaEventSynchronize(sent));
        for (int k = 0; k < count; k++)
            slot[k] = static_cast<float>(i);
        expect(cudaMemcpyAsync(targets[i], slot, count * sizeof(float), cudaMemcpyHostToDevice, stream));
        expect(cudaEventRecord(sent, stream));
    }
    return fetch(a, 1, stream)[0] == 0 && fetch(b, 1, stream)[0] == 1;
}

static void test_pinned_memory(void **)
{
    must_pass(run_read_result<true>);
    must_be_noticed(run_read_result<false>, "that a queued copy still writes");
    must_pass(run_refill<true>);
    must_be_noticed(run_refill<false>, "that a queued copy still reads");
}

/* Memory that is not pinned may change as soon as the call is back. */
static bool run_pageable()
{
    cudaStream_t stream = new_stream();
    float *x = new_device<float>(1), value = 1;
    expect(cudaMemcpyAsync(x, &value, sizeof value, cudaMemcpyHostToDevice, stream));
    value = 2;
    return fetch(x, 1, stream)[0] == 1;
}

static bool run_wrong_kind()
{
    float *x = new_device<float>(1), value = 1;
    expect(cudaMemcpyAsync(x, &value, sizeof value, cudaMemcpyDeviceToHost, new_stream()));
    return true;
}

static bool run_copy_too_long()
{
    float *x = new_device<float>(4), values[8] = {};
    expect(cudaMemcpyAsync(x, values, sizeof values, cudaMemcpyHostToDevice, new_stream()));
    return true;
}

static void test_copies(void **)
{
    must_pass(run_pageable);
    must_be_reported(run_wrong_kind, "cudaMemcpyAsync of kind 2, but these addresses are of kind 1");
    must_be_reported(run_copy_too_long, "byte 31 of 16), out of bounds");
}

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_fresh_memory_is_nan),
        cmocka_unit_test(test_freed_memory),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_host_touches_device_memory),
        cmocka_unit_test(test_pinned_memory),
        cmocka_unit_test(test_copies),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
