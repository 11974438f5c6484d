/* device_sums CASE [ROUNDS]: sums of a device's memory over the ranks, on the stand-in, in many orders of the
 * device's work; device_sums.sh starts it. No backend: the memory and the stream are this test's own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "comm/expect.h"
#include "cudasim.h"
#include "nccl.h"

#define N 3001 /* the tree takes it in several pieces */

static gan_comm *comm;
static cudaStream_t stream;
static char place[64];

static bool says(const char *text)
{
    return strstr(gan_error_message(), text) != NULL;
}

static gan_status download(void *context, void *to_host, const void *from, size_t bytes)
{
    cudaStream_t on = *(cudaStream_t *)context;
    EXPECT(cudaMemcpyAsync(to_host, from, bytes, cudaMemcpyDeviceToHost, on) == cudaSuccess);
    while (cudaStreamQuery(on) == cudaErrorNotReady) {
        cudaGetLastError(); /* no error: it must not be found after the next launch */
        GAN_TRY(gan_comm_poll(comm));
    }
    return GAN_OK;
}

static gan_status upload(void *context, void *to, const void *from_host, size_t bytes)
{
    cudaStream_t on = *(cudaStream_t *)context;
    EXPECT(cudaMemcpyAsync(to, from_host, bytes, cudaMemcpyHostToDevice, on) == cudaSuccess);
    return GAN_OK;
}

static gan_comm_device make_device(int index)
{
    EXPECT(cudaSetDevice(index) == cudaSuccess);
    EXPECT(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess);
    snprintf(place, sizeof place, "device %d of host test", index);
    return (gan_comm_device){&stream, download, upload, index, stream, place};
}

/* Of many magnitudes, so that another order of adding gives other bits. */
static double brought(int salt, int rank, size_t i)
{
    uint64_t x = (uint64_t)(salt + 1) * 0x9e3779b97f4a7c15u + (uint64_t)rank * 0xbf58476d1ce4e5b9u +
                 i * 0x94d049bb133111ebu;
    static const double scale[] = {1, 1e3, 1e-3, 1e5};
    x = (x ^ x >> 31) * 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    return ((double)(x >> 11) / 9007199254740992.0 - 0.5) * scale[x & 3];
}

static float tree_float(int salt, size_t i)
{
    float value[16];
    int n = gan_comm_size(comm);
    for (int r = 0; r < n; r++)
        value[r] = (float)brought(salt, r, i);
    for (; n > 1; n = (n + 1) / 2)
        for (int k = 0; k < n; k += 2)
            value[k / 2] = k + 1 < n ? value[k] + value[k + 1] : value[k];
    return value[0];
}

static double tree_double(int salt, size_t i)
{
    double value[16];
    int n = gan_comm_size(comm);
    for (int r = 0; r < n; r++)
        value[r] = brought(salt, r, i);
    for (; n > 1; n = (n + 1) / 2)
        for (int k = 0; k < n; k += 2)
            value[k / 2] = k + 1 < n ? value[k] + value[k + 1] : value[k];
    return value[0];
}

/* The sum of the magnitudes is what rounding goes by. */
static double magnitude(int salt, size_t i)
{
    double sum = 0;
    for (int r = 0; r < gan_comm_size(comm); r++)
        sum += brought(salt, r, i) < 0 ? -brought(salt, r, i) : brought(salt, r, i);
    return sum;
}

static void *bring(int salt, size_t n, bool doubles)
{
    size_t bytes = n * (doubles ? sizeof(double) : sizeof(float));
    void *device, *host = malloc(bytes + 1);
    for (size_t i = 0; i < n; i++) {
        double x = brought(salt, gan_comm_rank(comm), i);
        if (doubles)
            ((double *)host)[i] = x;
        else
            ((float *)host)[i] = (float)x;
    }
    EXPECT(cudaMalloc(&device, bytes + 1) == cudaSuccess);
    EXPECT(upload(&stream, device, host, bytes) == GAN_OK);
    free(host);
    return device;
}

/* Fetches and frees; exact: the tree's bits, otherwise as near as rounding
 * allows and the same on all ranks. */
static void check_floats(float *device, int salt, size_t n, bool exact)
{
    float *got = malloc(n * sizeof *got + 1);
    EXPECT(download(&stream, got, device, n * sizeof *got) == GAN_OK);
    uint64_t hash = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        double off = (double)got[i] - (double)tree_float(salt, i);
        EXPECT(exact ? off == 0 : (off < 0 ? -off : off) <= 1e-6 * magnitude(salt, i));
        memcpy(&bits, &got[i], sizeof bits);
        hash = hash * 31 + bits;
    }
    EXPECT(gan_comm_check_same(comm, hash, "a sum") == GAN_OK);
    EXPECT(cudaFree(device) == cudaSuccess);
    free(got);
}

static void check_doubles(double *device, int salt, size_t n, bool exact)
{
    double *got = malloc(n * sizeof *got + 1);
    EXPECT(download(&stream, got, device, n * sizeof *got) == GAN_OK);
    for (size_t i = 0; i < n; i++) {
        double off = got[i] - tree_double(salt, i);
        EXPECT(exact ? off == 0 : (off < 0 ? -off : off) <= 1e-14 * magnitude(salt, i));
    }
    EXPECT(cudaFree(device) == cudaSuccess);
    free(got);
}

/* As many as may be in flight, of all lengths, and doubles between them. */
static void sum_all(bool exact)
{
    static const size_t lengths[GAN_EXCHANGES] = {N, 1, 0, 2 * N, 3, N, 0, 64, 2, N};
    float *buffers[GAN_EXCHANGES];
    gan_exchange *exchanges[GAN_EXCHANGES], *more;
    for (int i = 0; i < GAN_EXCHANGES; i++) {
        buffers[i] = bring(i, lengths[i], false);
        EXPECT(gan_comm_sum_start(comm, &exchanges[i], buffers[i], lengths[i]) == GAN_OK);
    }
    EXPECT(gan_comm_sum_start(comm, &more, buffers[0], 1) == GAN_FAILED);
    double *doubles = bring(99, 700, true);
    EXPECT(gan_comm_sum_double(comm, doubles, 700) == GAN_OK);
    check_doubles(doubles, 99, 700, exact);
    for (int i = GAN_EXCHANGES - 1; i >= 0; i--) {
        EXPECT(gan_comm_sum_wait(comm, exchanges[i]) == GAN_OK);
        check_floats(buffers[i], i, lengths[i], exact);
    }
}

/* More than the host keeps account of, before it looks at one. */
static void sum_far_ahead(bool exact)
{
    double *doubles[100];
    for (int i = 0; i < 100; i++) {
        doubles[i] = bring(i, 3, true);
        EXPECT(gan_comm_sum_double(comm, doubles[i], 3) == GAN_OK);
    }
    for (int i = 0; i < 100; i++)
        check_doubles(doubles[i], i, 3, exact);
}

/* Recorded once, run three times: each time the sum of what the buffers hold then. */
static void sum_in_graph(bool exact)
{
    float *x = bring(1, N, false), *y = bring(2, N, false);
    double *z = bring(3, 10, true);
    gan_exchange *first, *second;
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    EXPECT(gan_comm_capturable(comm));
    EXPECT(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
    EXPECT(gan_comm_sum_start(comm, &first, x, N) == GAN_OK);
    EXPECT(gan_comm_sum_start(comm, &second, y, N) == GAN_OK);
    EXPECT(gan_comm_sum_double(comm, z, 10) == GAN_OK);
    EXPECT(gan_comm_sum_wait(comm, first) == GAN_OK);
    EXPECT(gan_comm_sum_wait(comm, second) == GAN_OK);
    EXPECT(cudaStreamEndCapture(stream, &graph) == cudaSuccess);
    EXPECT(cudaGraphInstantiateWithFlags(&exec, graph, cudaGraphInstantiateFlagUseNodePriority) ==
           cudaSuccess);
    EXPECT(cudaGraphLaunch(exec, stream) == cudaSuccess);
    EXPECT(gan_comm_replay(comm) == GAN_OK);
    float *eager = bring(4, N, false);
    EXPECT(gan_comm_sum_start(comm, &first, eager, N) == GAN_OK);
    EXPECT(gan_comm_sum_wait(comm, first) == GAN_OK);
    check_floats(eager, 4, N, exact);
    check_floats(y, 2, N, exact);
    check_doubles(z, 3, 10, exact);
    check_floats(x, 1, N, exact);
    EXPECT(cudaGraphExecDestroy(exec) == cudaSuccess);
    EXPECT(cudaGraphDestroy(graph) == cudaSuccess);
}

/* Nobody has waited for the device when the comm leaves it. */
static void leave_at_once(void)
{
    gan_exchange *exchange;
    float *x = bring(5, N, false);
    EXPECT(gan_comm_sum_start(comm, &exchange, x, N) == GAN_OK);
    EXPECT(gan_comm_sum_wait(comm, exchange) == GAN_OK);
    gan_comm_leave_device(comm);
    EXPECT(cudaStreamSynchronize(stream) == cudaSuccess);
    EXPECT(cudaFree(x) == cudaSuccess);
}

static void sums(gan_comm_way way, int rounds)
{
    static const char *const policies[] = {"eager", "lazy", "random", "starve"};
    bool exact = way != GAN_COMM_NCCL || gan_comm_size(comm) < 3;
    for (int i = 0; i < rounds; i++) {
        cudasim_set((unsigned long long)(i * 7 + gan_comm_rank(comm)), policies[i % 4]);
        unsigned long before = cudasim_alive();
        gan_comm_device device = make_device(gan_comm_rank(comm));
        EXPECT(gan_comm_use_device(comm, &device, way) == GAN_OK);
        sum_all(exact);
        if (i < 4)
            sum_far_ahead(exact);
        if (gan_comm_capturable(comm))
            sum_in_graph(exact);
        leave_at_once();
        EXPECT(cudaStreamDestroy(stream) == cudaSuccess);
        EXPECT(cudasim_alive() == before);
    }
}

/* Two ranks on one device: NCCL is refused with both ranks' names, MPI does it. */
static void share(void)
{
    gan_comm_device device = make_device(gan_comm_rank(comm) == 2 ? 1 : 0);
    EXPECT(gan_comm_use_device(comm, &device, GAN_COMM_NCCL) == GAN_BAD_INPUT);
    EXPECT(says("ranks 0 and 1 are both on the device at 0000:01:00.0 of host"));
    EXPECT(gan_comm_use_device(comm, &device, GAN_COMM_MPI) == GAN_OK);
    EXPECT(!gan_comm_capturable(comm));
    sum_all(true);
    gan_comm_leave_device(comm);
}

/* Each call in the opening fails on one rank: all ranks hear why, nothing is left; nor when the end fails. */
static void open_fails(void)
{
    static const char *const calls[] = {"cudaDeviceGetPCIBusId", "cudaDeviceGetStreamPriorityRange",
                                        "cudaStreamCreateWithPriority", "cudaEventCreateWithFlags",
                                        "cudaMalloc"};
    gan_comm_device device = make_device(gan_comm_rank(comm));
    unsigned long before = cudasim_alive();
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        for (int at = 1; at <= (strcmp(calls[i], "cudaEventCreateWithFlags") == 0 ? 20 : 1); at += 6) {
            char plan[64];
            snprintf(plan, sizeof plan, "%s:%d", calls[i], at);
            cudasim_fail(gan_comm_rank(comm) == 1 ? plan : "");
            EXPECT(gan_comm_use_device(comm, &device, GAN_COMM_NCCL_TREE) == GAN_FAILED);
            EXPECT(says(calls[i]) && says("rank 1: "));
            cudasim_fail("");
            EXPECT(cudasim_alive() == before);
        }
    cudasim_fail("ncclGetUniqueId:1");
    EXPECT(gan_comm_use_device(comm, &device, GAN_COMM_NCCL) == GAN_FAILED);
    cudasim_fail("ncclCommInitRankConfig:1");
    EXPECT(gan_comm_use_device(comm, &device, GAN_COMM_NCCL) == GAN_FAILED);
    cudasim_fail("");
    EXPECT(cudasim_alive() == before);
    EXPECT(gan_comm_use_device(comm, &device, GAN_COMM_NCCL) == GAN_OK);
    cudasim_fail("ncclCommFinalize:1");
    gan_comm_leave_device(comm);
    cudasim_fail("");
    EXPECT(cudasim_alive() == before);
}

/* A call fails on all ranks in the middle of a sum: each says so, and the end is an abort. */
static void sum_fails(const char *plan, gan_comm_way way)
{
    gan_comm_device device = make_device(gan_comm_rank(comm));
    gan_exchange *exchange;
    EXPECT(gan_comm_use_device(comm, &device, way) == GAN_OK);
    float *x = bring(1, N, false);
    cudasim_fail(plan);
    gan_status status = gan_comm_sum_start(comm, &exchange, x, N);
    if (status == GAN_OK)
        status = gan_comm_sum_wait(comm, exchange);
    for (int i = 0; i < 20 && status == GAN_OK; i++)
        status = gan_comm_poll(comm);
    EXPECT(status == GAN_FAILED);
    EXPECT(says(place) && says("3001 floats"));
    fprintf(stderr, "told: %s\n", gan_error_message());
    gan_comm_close(comm, true, 1);
}

int main(int argc, char **argv)
{
    comm = expect_open(&argc, &argv);
    const char *what = argc > 1 ? argv[1] : "";
    int rounds = argc > 2 ? atoi(argv[2]) : 0;
    if (strcmp(what, "mpi") == 0)
        sums(GAN_COMM_MPI, rounds);
    else if (strcmp(what, "nccl") == 0)
        sums(GAN_COMM_NCCL, rounds);
    else if (strcmp(what, "tree") == 0)
        sums(GAN_COMM_NCCL_TREE, rounds);
    else if (strcmp(what, "share") == 0)
        share();
    else if (strcmp(what, "open_fails") == 0)
        open_fails();
    else
        sum_fails(what, argc > 2 ? GAN_COMM_NCCL_TREE : GAN_COMM_NCCL);
    return expect_close(comm);
}
