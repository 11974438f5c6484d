/* nccl_ranks.cpp CASE: what the ranks of a communicator do together; nccl.sh starts it. Exit status: 0 for
 * the right answer. */
#define OMPI_SKIP_MPICXX 1
#include <mpi.h>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include "nccl.h"
#include "toys.h"

static const int count = 100;
static int rank, ranks;

static void expect_nccl(ncclResult_t result)
{
    if (result != ncclSuccess) {
        fprintf(stderr, "toy: %s\n", ncclGetErrorString(result));
        _exit(2);
    }
}

/* Waits for what is in progress. */
static void settle(ncclComm_t comm, ncclResult_t result)
{
    while (result == ncclInProgress)
        expect_nccl(ncclCommGetAsyncError(comm, &result));
    expect_nccl(result);
}

static ncclComm_t begin(int blocking, int device)
{
    ncclUniqueId id;
    ncclComm_t comm;
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = blocking;
    if (rank == 0)
        expect_nccl(ncclGetUniqueId(&id));
    MPI_Bcast(&id, sizeof id, MPI_BYTE, 0, MPI_COMM_WORLD);
    expect(cudaSetDevice(device));
    settle(comm, ncclCommInitRankConfig(&comm, ranks, id, rank, &config));
    return comm;
}

static void end(ncclComm_t comm)
{
    expect_nccl(ncclCommFinalize(comm));
    expect_nccl(ncclCommDestroy(comm));
}

static __global__ void fill(float *y, float value)
{
    y[threadIdx.x] = value;
}

static float *filled(float value, cudaStream_t stream)
{
    float *y = new_device<float>(count);
    GAN_LAUNCH(fill, 1, count, 0, stream, y, value);
    return y;
}

static bool holds(const float *y, float value, cudaStream_t stream)
{
    const std::vector<float> got = fetch(y, count, stream);
    return got[0] == value && got[count / 2] == value && got[count - 1] == value;
}

static bool all_kinds(int blocking)
{
    ncclComm_t comm = begin(blocking, rank);
    cudaStream_t stream = new_stream();
    const float mine = static_cast<float>(rank + 1), n = static_cast<float>(ranks), sum = n * (n + 1) / 2;
    float *x = filled(mine, stream), *y = new_device<float>(count), *all = new_device<float>(count * 8);
    settle(comm, ncclAllReduce(x, y, count, ncclFloat, ncclSum, comm, stream));
    bool right = holds(y, sum, stream) && holds(x, mine, stream);
    settle(comm, ncclAllReduce(x, y, count, ncclFloat, ncclMax, comm, stream));
    right = holds(y, n, stream) && right;
    settle(comm, ncclBroadcast(x, y, count, ncclFloat, ranks - 1, comm, stream));
    right = holds(y, n, stream) && right;
    settle(comm, ncclAllGather(x, all, count, ncclFloat, comm, stream));
    right = holds(all, 1, stream) && holds(all + count * (ranks - 1), n, stream) && right;
    expect_nccl(ncclGroupStart());
    expect_nccl(ncclSend(x, count, ncclFloat, (rank + 1) % ranks, comm, stream));
    expect_nccl(ncclRecv(y, count, ncclFloat, (rank + ranks - 1) % ranks, comm, stream));
    settle(comm, ncclGroupEnd());
    right = holds(y, static_cast<float>((rank + ranks - 1) % ranks + 1), stream) && right;
    settle(comm, ncclAllReduce(x, x, count, ncclFloat, ncclAvg, comm, stream));
    right = std::fabs(fetch(x, 1, stream)[0] - sum / n) < 1e-6f && right;
    end(comm);
    return right;
}

static bool blocking()
{
    return all_kinds(1);
}

static bool in_progress()
{
    return all_kinds(0);
}

/* Two collectives on two streams, which begin in different orders on the ranks:
 * NCCL keeps the order of the calls. */
static bool two_streams()
{
    ncclComm_t comm = begin(0, rank);
    cudaStream_t a = new_stream(), b = new_stream();
    float *x = filled(1, a), *y = filled(2, b);
    settle(comm, ncclAllReduce(x, x, count, ncclFloat, ncclSum, comm, a));
    settle(comm, ncclAllReduce(y, y, count, ncclFloat, ncclSum, comm, b));
    const bool right = holds(y, static_cast<float>(2 * ranks), b) && holds(x, static_cast<float>(ranks), a);
    end(comm);
    return right;
}

/* A collective within a graph, beside a kernel of another stream. */
static bool graph()
{
    ncclComm_t comm = begin(0, rank);
    cudaStream_t a = new_stream(), b = new_stream();
    cudaEvent_t fork, join;
    cudaGraph_t captured;
    cudaGraphExec_t exec;
    expect(cudaEventCreateWithFlags(&fork, cudaEventDisableTiming));
    expect(cudaEventCreateWithFlags(&join, cudaEventDisableTiming));
    float *x = new_device<float>(count), *y = new_device<float>(count);
    expect(cudaStreamBeginCapture(a, cudaStreamCaptureModeThreadLocal));
    GAN_LAUNCH(fill, 1, count, 0, a, x, 2.0f);
    expect(cudaEventRecord(fork, a));
    expect(cudaStreamWaitEvent(b, fork, 0));
    settle(comm, ncclAllReduce(x, x, count, ncclFloat, ncclSum, comm, b));
    expect(cudaEventRecord(join, b));
    GAN_LAUNCH(fill, 1, count, 0, a, y, 3.0f);
    expect(cudaStreamWaitEvent(a, join, 0));
    settle(comm, ncclAllReduce(y, y, count, ncclFloat, ncclSum, comm, a));
    expect(cudaStreamEndCapture(a, &captured));
    expect(cudaGraphInstantiateWithFlags(&exec, captured, 0));
    for (int i = 0; i < 3; i++)
        expect(cudaGraphLaunch(exec, a));
    const bool right =
        holds(x, static_cast<float>(2 * ranks), a) && holds(y, static_cast<float>(3 * ranks), a);
    end(comm);
    return right;
}

/* A rank that waits in MPI does not keep the others from ending their collective. */
static bool waits_in_mpi()
{
    ncclComm_t comm = begin(1, rank);
    cudaStream_t stream = new_stream();
    float *x = filled(1, stream);
    expect_nccl(ncclAllReduce(x, x, count, ncclFloat, ncclSum, comm, stream));
    if (rank != 0)
        expect(cudaStreamSynchronize(stream));
    MPI_Request request;
    int done = 0;
    MPI_Ibarrier(MPI_COMM_WORLD, &request);
    while (!done)
        MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    const bool right = holds(x, static_cast<float>(ranks), stream);
    end(comm);
    return right;
}

/* What hangs is noticed by asking, and ends with an abort. */
static bool poll_and_abort(const char *failure, ncclResult_t expected)
{
    ncclComm_t comm = begin(0, rank);
    cudaStream_t stream = new_stream();
    float *x = filled(1, stream);
    if (rank == 1)
        cudasim_fail(failure);
    ncclResult_t state = ncclAllReduce(x, x, count, ncclFloat, ncclSum, comm, stream);
    while (state == ncclInProgress)
        expect_nccl(ncclCommGetAsyncError(comm, &state));
    int polls = 0;
    while (cudaStreamQuery(stream) == cudaErrorNotReady && state == ncclSuccess && polls++ < 100)
        expect_nccl(ncclCommGetAsyncError(comm, &state));
    const bool noticed =
        state == (rank == 1 ? expected : ncclSuccess) && (state != ncclSuccess || polls > 100);
    expect_nccl(ncclCommAbort(comm));
    expect(cudaStreamSynchronize(stream));
    cudasim_fail("");
    MPI_Barrier(MPI_COMM_WORLD);
    return noticed;
}

static bool hang()
{
    return poll_and_abort("ncclHang:1", ncclSuccess);
}

static bool async_error()
{
    return poll_and_abort("ncclAsyncError:1", ncclRemoteError);
}

static bool one_device()
{
    ncclUniqueId id = {};
    ncclComm_t comm;
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    expect(cudaSetDevice(0));
    return ncclCommInitRankConfig(&comm, ranks, id, rank, &config) == ncclInvalidUsage &&
           strstr(ncclGetLastError(comm), "Duplicate GPU detected");
}

/* --- what must be reported --- */
static bool differ(size_t elements, ncclRedOp_t op)
{
    ncclComm_t comm = begin(1, rank);
    cudaStream_t stream = new_stream();
    float *x = filled(1, stream);
    expect_nccl(ncclAllReduce(x, x, elements, ncclFloat, op, comm, stream));
    expect(cudaStreamSynchronize(stream));
    return true;
}
static bool other_count()
{
    return differ(rank == 0 ? count : count / 2, ncclSum);
}
static bool other_op()
{
    return differ(count, rank == 0 ? ncclSum : ncclMax);
}
static bool count_in_bytes()
{
    return differ(count * sizeof(float), ncclSum);
}
static bool other_order()
{
    ncclComm_t comm = begin(1, rank);
    cudaStream_t stream = new_stream();
    float *x = filled(1, stream);
    for (int i = 0; i < 2; i++)
        if (i == rank % 2)
            expect_nccl(ncclAllReduce(x, x, count, ncclFloat, ncclSum, comm, stream));
        else
            expect_nccl(ncclBroadcast(x, x, count, ncclFloat, 0, comm, stream));
    expect(cudaStreamSynchronize(stream));
    return true;
}
static bool other_message()
{
    ncclComm_t comm = begin(1, rank);
    cudaStream_t stream = new_stream();
    float *x = filled(1, stream);
    if (rank == 0)
        expect_nccl(ncclSend(x, count, ncclFloat, 1, comm, stream));
    else if (rank == 1)
        expect_nccl(ncclRecv(x, count / 2, ncclFloat, 0, comm, stream));
    expect(cudaStreamSynchronize(stream));
    MPI_Barrier(MPI_COMM_WORLD);
    return true;
}

/* The event does not hold what is not queued yet; in some order it is still in progress. */
static bool too_early()
{
    ncclComm_t comm = begin(0, rank);
    cudaStream_t stream = new_stream();
    float *x = filled(1, stream);
    for (int i = 0; i < 8; i++) {
        const ncclResult_t result = ncclAllReduce(x, x, count, ncclFloat, ncclSum, comm, stream);
        expect(cudaStreamSynchronize(stream));
        settle(comm, result);
    }
    return true;
}

/* Nothing but the missing event tells the answer from what was there before. Other policies look in between
 * by chance, `halfway` always does. */
static bool no_event()
{
    ncclComm_t comm = begin(1, rank);
    cudaStream_t a = new_stream(), b = new_stream();
    float *x = filled(1, a), *y = filled(static_cast<float>(ranks), a), *z = new_device<float>(count);
    expect(cudaStreamSynchronize(a));
    expect_nccl(ncclAllReduce(x, y, count, ncclFloat, ncclSum, comm, a));
    for (int i = 0; i < 3; i++)
        expect(cudaMemcpyAsync(z + i, y + i, sizeof(float), cudaMemcpyDeviceToDevice, b));
    const std::vector<float> got = fetch(z, 3, b);
    expect(cudaStreamSynchronize(a));
    end(comm);
    return got[0] + got[1] + got[2] == static_cast<float>(3 * ranks);
}

struct test_case {
    const char *name;
    bool (*run)();
    bool many; /* right in every order */
};
static const test_case cases[] = {
    {"blocking", blocking, true},
    {"in_progress", in_progress, true},
    {"two_streams", two_streams, true},
    {"graph", graph, true},
    {"waits_in_mpi", waits_in_mpi, true},
    {"hang", hang, true},
    {"async_error", async_error, true},
    {"one_device", one_device, true},
    {"other_count", other_count, false},
    {"other_op", other_op, false},
    {"count_in_bytes", count_in_bytes, false},
    {"other_order", other_order, false},
    {"other_message", other_message, false},
    {"too_early", too_early, false},
    {"no_event", no_event, false},
};

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    int wrong = 0;
    const char *given = getenv("GAN_TEST_SEEDS");
    const unsigned long long seeds = given ? strtoull(given, nullptr, 10) : 1;
    for (const test_case &one : cases) {
        if (argc > 1 ? strcmp(one.name, argv[1]) != 0 : !one.many)
            continue;
        for (const char *policy : {"eager", "lazy", "random", "starve", "halfway"})
            for (unsigned long long seed = 0; seed < seeds; seed++) {
                cudasim_set(seed * 97 + static_cast<unsigned long long>(rank), policy);
                if (one.run())
                    continue;
                fprintf(stderr, "%s: wrong on rank %d, policy %s, seed %llu\n", one.name, rank, policy, seed);
                wrong = 1;
            }
        MPI_Barrier(MPI_COMM_WORLD);
    }
    MPI_Finalize();
    return wrong;
}
