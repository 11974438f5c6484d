/* test_races.cpp: compiled with -fsanitize=thread, whose hooks the stand-in defines: a race is reported in
 * whatever order things ran, also where the answer is right. */
#include "checks.h"
#include "cublas_v2.h"

static const int threads = 64, blocks = 3;

enum Sync { barrier, warp, nothing };

/* Thread t writes tile[t] and reads tile[t ^ other]. */
template <int sync> static __global__ void swap(int *y, int other)
{
    GAN_SHARED(int, tile, [threads]);
    const int t = static_cast<int>(threadIdx.x);
    tile[t] = t;
    if (sync == barrier)
        __syncthreads();
    if (sync == warp)
        __syncwarp();
    y[blockIdx.x * blockDim.x + threadIdx.x] = tile[t ^ other];
}

template <int sync, int other> static bool run_swap()
{
    cudaStream_t stream = new_stream();
    int *y = new_device<int>(threads * blocks);
    GAN_LAUNCH(swap<sync>, blocks, threads, 0, stream, y, other);
    return fetch(y, threads * blocks, stream)[3] == (3 ^ other);
}

static void test_shared_memory(void **)
{
    must_pass(run_swap<barrier, 63>);
    must_pass(run_swap<warp, 31>);
    must_pass(run_swap<nothing, 0>);
    must_be_reported(run_swap<nothing, 1>, "race on shared array tile");
    must_be_reported(run_swap<warp, 63>, "race on shared array tile");
}

/* A loop that writes what others may still read: the barrier at its end is the one that is forgotten. */
template <bool second> static __global__ void rounds(float *y, const float *x, int n)
{
    GAN_SHARED(float, value, );
    float sum = 0;
    for (int i = 0; i < n; i++) {
        if (threadIdx.x == 0)
            value = x[i];
        __syncthreads();
        sum += value;
        if (second)
            __syncthreads();
    }
    y[threadIdx.x] = sum;
}

template <bool second> static bool run_rounds()
{
    cudaStream_t stream = new_stream();
    float *x = new_device<float>(4), *y = new_device<float>(threads);
    expect(cudaMemsetAsync(x, 0, 4 * sizeof(float), stream));
    GAN_LAUNCH(rounds<second>, 1, threads, 0, stream, y, x, 4);
    return fetch(y, 1, stream)[0] == 0;
}

static void test_loop(void **)
{
    must_pass(run_rounds<true>);
    must_be_reported(run_rounds<false>, "race on shared array value (byte 0 of 4)");
}

enum Target { own, neighbour, one_for_all, one_for_each_number, own_byte };

template <int target> static __global__ void write(int *y, unsigned char *z)
{
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x, n = gridDim.x * blockDim.x;
    if (target == own)
        y[i] = 1;
    if (target == neighbour)
        y[i + 1 < n ? i + 1 : i] = 1;
    if (target == one_for_all)
        y[0] = 1;
    if (target == one_for_each_number)
        y[threadIdx.x] = 1;
    if (target == own_byte)
        z[i] = 1;
}

template <int target> static bool run_write()
{
    cudaStream_t stream = new_stream();
    int *y = new_device<int>(threads * blocks);
    unsigned char *z = new_device<unsigned char>(threads * blocks);
    GAN_LAUNCH(write<target>, blocks, threads, 0, stream, y, z);
    expect(cudaStreamSynchronize(stream));
    return true;
}

static void test_global_memory(void **)
{
    must_pass(run_write<own>);
    must_pass(run_write<own_byte>);
    must_be_reported(run_write<neighbour>, "race on device memory (byte 764 of 768)");
    must_be_reported(run_write<one_for_all>, "nothing orders the write by kernel write");
    must_be_reported(run_write<one_for_each_number>, "race on device memory");
}

static __global__ void copy(int *y, const int *x, int n, int from)
{
    for (int i = static_cast<int>(threadIdx.x); i < n; i += static_cast<int>(blockDim.x))
        y[i] = x[i + from];
}

template <int from> static bool run_read_outside()
{
    cudaStream_t stream = new_stream();
    int *x = new_device<int>(threads), *y = new_device<int>(threads);
    expect(cudaMemsetAsync(x, 0, threads * sizeof(int), stream));
    GAN_LAUNCH(copy, 1, threads, 0, stream, y, x, threads, from);
    return fetch(y, 1, stream)[0] == 0;
}

static void test_bounds(void **)
{
    must_pass(run_read_outside<0>);
    must_be_reported(run_read_outside<1>, "reads 4 bytes at device memory (byte 259 of 256), out of bounds");
    must_be_reported(run_read_outside<-1>, "out of bounds");
}

enum Order { by_event, by_host, by_nothing };

template <int order> static bool run_streams()
{
    cudaStream_t a = new_stream(), b = new_stream();
    cudaEvent_t event;
    expect(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    int *x = new_device<int>(threads), *y = new_device<int>(threads);
    expect(cudaMemsetAsync(x, 0, threads * sizeof(int), a));
    if (order == by_event) {
        expect(cudaEventRecord(event, a));
        expect(cudaStreamWaitEvent(b, event, 0));
    }
    if (order == by_host)
        expect(cudaStreamSynchronize(a));
    GAN_LAUNCH(copy, 1, threads, 0, b, y, x, threads, 0);
    expect(cudaStreamSynchronize(b));
    expect(cudaStreamSynchronize(a));
    return true;
}

static void test_streams(void **)
{
    must_pass(run_streams<by_event>);
    must_pass(run_streams<by_host>);
    must_be_reported(run_streams<by_nothing>, "cudaMemsetAsync on stream 1");
}

/* y = x and z = x beside each other in a graph; with `same`, both write y. */
template <bool same> static bool run_graph()
{
    cudaStream_t a = new_stream(), b = new_stream();
    cudaEvent_t fork, join;
    expect(cudaEventCreateWithFlags(&fork, cudaEventDisableTiming));
    expect(cudaEventCreateWithFlags(&join, cudaEventDisableTiming));
    int *x = new_device<int>(threads), *y = new_device<int>(threads), *z = new_device<int>(threads);
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    expect(cudaStreamBeginCapture(a, cudaStreamCaptureModeThreadLocal));
    expect(cudaMemsetAsync(x, 0, threads * sizeof(int), a));
    expect(cudaEventRecord(fork, a));
    expect(cudaStreamWaitEvent(b, fork, 0));
    GAN_LAUNCH(copy, 1, threads, 0, a, y, x, threads, 0);
    GAN_LAUNCH(copy, 1, threads, 0, b, same ? y : z, x, threads, 0);
    expect(cudaEventRecord(join, b));
    expect(cudaStreamWaitEvent(a, join, 0));
    expect(cudaStreamEndCapture(a, &graph));
    expect(cudaGraphInstantiateWithFlags(&exec, graph, 0));
    expect(cudaGraphLaunch(exec, a));
    expect(cudaGraphLaunch(exec, b));
    return fetch(y, 1, b)[0] == 0;
}

static void test_graphs(void **)
{
    must_pass(run_graph<false>);
    must_be_reported(run_graph<true>, "race on device memory");
}

/* Two handles on two streams; with `shared`, one workspace. */
template <bool shared> static bool run_workspaces()
{
    const float one = 1, zero = 0;
    float *x = new_device<float>(4), *workspace = new_device<float>(64);
    std::vector<cudaStream_t> streams;
    for (int i = 0; i < 2; i++) {
        cudaStream_t stream = new_stream();
        cublasHandle_t handle;
        float *y = new_device<float>(4);
        cublasCreate(&handle);
        cublasSetStream(handle, stream);
        cublasSetWorkspace(handle, shared ? workspace : new_device<float>(64), 64 * sizeof(float));
        cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &one, x, CUDA_R_32F, 2, x, CUDA_R_32F, 2,
                     &zero, y, CUDA_R_32F, 2, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
        streams.push_back(stream);
    }
    for (cudaStream_t stream : streams)
        expect(cudaStreamSynchronize(stream));
    return true;
}

static void test_workspaces(void **)
{
    must_pass(run_workspaces<false>);
    must_be_reported(run_workspaces<true>, "race on device memory");
}

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_shared_memory), cmocka_unit_test(test_loop),
        cmocka_unit_test(test_global_memory), cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_streams),       cmocka_unit_test(test_graphs),
        cmocka_unit_test(test_workspaces),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
