/* comm_nccl: how it begins, fails and ends. */
#include "comm_nccl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "comm/nccl_find.h"
#include "gan_dist/log.h"

#define ABORT_SECONDS 10.0 /* ncclCommAbort may wait for a peer that cannot be reached */
#define END_SECONDS   10.0 /* that a run which is over waits for its communicator to end */
#define POLL_MICROS   20
#define EAGER_POLLS   200 /* without a pause: what NCCL does beside the call is most often done soon */
#define BUS_ID        32  /* "00000000:01:00.0" */

gan_status gan_nccl_check(gan_nccl *over, const char *call, ncclResult_t result)
{
    if (result == ncclSuccess || result == ncclInProgress)
        return GAN_OK;
    const char *more = over->nccl ? ncclGetLastError(over->nccl) : "";
    return gan_error(GAN_FAILED, "rank %d: %s: NCCL says %s%s%s%s; in %s", over->comm->rank, call,
                     ncclGetErrorString(result), more[0] ? " (" : "", more, more[0] ? ")" : "", over->what);
}

gan_status gan_nccl_check_cuda(gan_nccl *over, const char *call, cudaError_t error)
{
    if (error == cudaSuccess)
        return GAN_OK;
    cudaGetLastError(); /* told here: it must not be found again after the next launch */
    return gan_error(GAN_FAILED, "rank %d: %s: CUDA says %s; in %s", over->comm->rank, call,
                     cudaGetErrorString(error), over->what);
}

/* Of one that is asked and has not said yes yet. */
static gan_status may_wait(gan_nccl *over, const char *call)
{
    double seconds = gan_watch_waited(over->comm->watch);
    if (over->patience == 0 || seconds < over->patience)
        return over->below->poll(over->comm);
    gan_log_rank("warning: %s does not come back: after %.0f s %s is no longer waited for", call, seconds,
                 over->what);
    return gan_error(GAN_FAILED, "%s does not come back", call);
}

gan_status gan_nccl_settle(gan_nccl *over, const char *call, ncclResult_t result)
{
    gan_status status = GAN_OK;
    if (result != ncclInProgress)
        return gan_nccl_check(over, call, result);
    gan_watch_wait(over->comm->watch, over->number, over->what);
    for (int polls = 1; status == GAN_OK && result == ncclInProgress; polls++) {
        ncclResult_t asked = ncclCommGetAsyncError(over->nccl, &result);
        status = gan_nccl_check(over, call, asked == ncclSuccess ? result : asked);
        if (status == GAN_OK && result == ncclInProgress)
            status = may_wait(over, call);
        if (polls > EAGER_POLLS)
            usleep(POLL_MICROS);
    }
    gan_watch_done(over->comm->watch);
    return status;
}

/* Beginning and ending go on after the call, whatever it says. */
static ncclResult_t begun(ncclResult_t result)
{
    return result == ncclSuccess ? ncclInProgress : result;
}

/* --- the end ------------------------------------------------------------------------------------- */

static void destroy_events(gan_nccl_exchange *exchange)
{
    if (exchange->ready)
        cudaEventDestroy(exchange->ready);
    if (exchange->done)
        cudaEventDestroy(exchange->done);
}

/* Frees as far as it was opened; the communicator has ended. */
static void free_rest(gan_nccl *over)
{
    for (int i = 0; i < GAN_EXCHANGES; i++)
        destroy_events(&over->exchanges[i]);
    destroy_events(&over->small);
    for (int i = 0; i < GAN_NCCL_MARKS; i++)
        if (over->marks[i].done)
            cudaEventDestroy(over->marks[i].done);
    if (over->stream)
        cudaStreamDestroy(over->stream);
    cudaFree(over->piece);
    cudaFreeHost(over->ended);
    free(over);
}

/* Ends the communicator and whatever of it still runs. */
static void abort_nccl(gan_nccl *over)
{
    if (over->nccl)
        ncclCommAbort(over->nccl);
    over->nccl = NULL;
}

static gan_status wait_for_stream(gan_nccl *over)
{
    cudaError_t error;
    while ((error = cudaStreamQuery(over->stream)) == cudaErrorNotReady) {
        cudaGetLastError();
        GAN_TRY(gan_nccl_poll(over->comm));
        usleep(POLL_MICROS);
    }
    return gan_nccl_check_cuda(over, "cudaStreamQuery", error);
}

static gan_status end_nccl(gan_nccl *over)
{
    over->number = gan_watch_arrive(over->comm->watch);
    snprintf(over->what, sizeof over->what, "the end of NCCL's communicator on %s", over->device.place);
    GAN_TRY(wait_for_stream(over));
    over->patience = END_SECONDS;
    GAN_TRY(gan_nccl_settle(over, "ncclCommFinalize", begun(ncclCommFinalize(over->nccl))));
    ncclComm_t nccl = over->nccl;
    over->nccl = NULL;
    return gan_nccl_check(over, "ncclCommDestroy", ncclCommDestroy(nccl));
}

static void nccl_leave(gan_comm *comm)
{
    gan_nccl *over = comm->over;
    if (end_nccl(over) != GAN_OK) { /* the run has ended, well or not: that stays its outcome */
        gan_watch_leave(comm->watch, ABORT_SECONDS);
        abort_nccl(over);
    }
    gan_watch_asked(comm->watch, 0, "");
    comm->ops = over->below;
    comm->over = NULL;
    free_rest(over);
}

/* Others may hang in a collective with this rank: nothing of the device is waited for. */
static void nccl_close(gan_comm *comm, bool abort_others, int status)
{
    gan_nccl *over = comm->over;
    gan_watch_leave(comm->watch, ABORT_SECONDS);
    abort_nccl(over);
    over->below->close(comm, abort_others, status);
}

/* --- the beginning ------------------------------------------------------------------------------- */

/* NCCL itself refuses two ranks on one device, in other words, or hangs. */
static gan_status refuse_sharing(gan_nccl *over, const char *ids)
{
    const gan_comm *comm = over->comm;
    for (int b = 1; b < comm->size; b++)
        for (int a = 0; a < b; a++)
            if (comm->peers[a].host == comm->peers[b].host && strcmp(ids + a * BUS_ID, ids + b * BUS_ID) == 0)
                return gan_error(GAN_BAD_INPUT,
                                 "ranks %d and %d are both on the device at %s of host %s, and NCCL wants "
                                 "one for each: start no more ranks than devices, "
                                 "or let them share with train.comm = mpi",
                                 a, b, ids + a * BUS_ID, comm->peers[a].name);
    return GAN_OK;
}

static gan_status compare_devices(gan_nccl *over)
{
    char mine[BUS_ID] = "", *ids = calloc((size_t)over->comm->size, BUS_ID);
    gan_status status = ids ? GAN_OK : gan_error(GAN_FAILED, "no memory to compare the ranks' devices");
    if (status == GAN_OK)
        status = gan_nccl_check_cuda(over, "cudaDeviceGetPCIBusId",
                                     cudaDeviceGetPCIBusId(mine, sizeof mine, over->device.index));
    status = gan_comm_agree(over->comm, status);
    if (status == GAN_OK)
        status = gan_comm_gather_text(over->comm, ids, mine, BUS_ID);
    if (status == GAN_OK)
        status = refuse_sharing(over, ids);
    free(ids);
    return status;
}

static gan_status open_exchange(gan_nccl *over, gan_nccl_exchange *exchange)
{
    GAN_TRY(gan_nccl_check_cuda(over, "cudaEventCreateWithFlags",
                                cudaEventCreateWithFlags(&exchange->ready, cudaEventDisableTiming)));
    return gan_nccl_check_cuda(over, "cudaEventCreateWithFlags",
                               cudaEventCreateWithFlags(&exchange->done, cudaEventDisableTiming));
}

/* All that this rank can do alone. What computes gives way to what is exchanged: others wait for it. */
static gan_status open_parts(gan_nccl *over)
{
    int least, greatest;
    GAN_TRY(gan_nccl_check_cuda(over, "cudaDeviceGetStreamPriorityRange",
                                cudaDeviceGetStreamPriorityRange(&least, &greatest)));
    GAN_TRY(
        gan_nccl_check_cuda(over, "cudaStreamCreateWithPriority",
                            cudaStreamCreateWithPriority(&over->stream, cudaStreamNonBlocking, greatest)));
    for (int i = 0; i < GAN_EXCHANGES; i++)
        GAN_TRY(open_exchange(over, &over->exchanges[i]));
    GAN_TRY(open_exchange(over, &over->small));
    for (int i = 0; i < GAN_NCCL_MARKS; i++)
        GAN_TRY(gan_nccl_check_cuda(over, "cudaEventCreateWithFlags",
                                    cudaEventCreateWithFlags(&over->marks[i].done, cudaEventDisableTiming)));
    void *ended, *there;
    GAN_TRY(gan_nccl_check_cuda(over, "cudaHostAlloc",
                                cudaHostAlloc(&ended, sizeof *over->ended, cudaHostAllocMapped)));
    over->ended = ended;
    *over->ended = 0;
    GAN_TRY(
        gan_nccl_check_cuda(over, "cudaHostGetDevicePointer", cudaHostGetDevicePointer(&there, ended, 0)));
    over->ended_there = there;
    return over->tree
               ? gan_nccl_check_cuda(over, "cudaMalloc", cudaMalloc(&over->piece, GAN_NCCL_PIECE_BYTES))
               : GAN_OK;
}

static gan_status open_nccl(gan_nccl *over)
{
    gan_comm *comm = over->comm;
    ncclUniqueId id;
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;
    gan_status status = GAN_OK;
    if (comm->rank == 0)
        status = gan_nccl_check(over, "ncclGetUniqueId", ncclGetUniqueId(&id));
    GAN_TRY(gan_comm_agree(comm, status));
    GAN_TRY(gan_comm_broadcast(comm, &id, sizeof id, 0));
    over->number = gan_watch_arrive(comm->watch);
    status = gan_nccl_settle(over, "ncclCommInitRankConfig",
                             begun(ncclCommInitRankConfig(&over->nccl, comm->size, id, comm->rank, &config)));
    if (status != GAN_OK)
        abort_nccl(over); /* so that the others hear of it, and come to agree */
    return gan_comm_agree(comm, status);
}

/* Ranks whose opening ends wait in MPI for those whose does not: the watch then tells what those do. */
static gan_status open_and_tell(gan_nccl *over)
{
    gan_watch *watch = over->comm->watch;
    gan_doing before;
    char doing[GAN_DOING_MAX];
    gan_watch_doing(&before, watch);
    snprintf(doing, sizeof doing, "opening NCCL on device %d", over->device.index);
    gan_watch_report(watch, before.step, doing);
    GAN_TRY(open_nccl(over));
    gan_watch_report(watch, before.step, before.what);
    return GAN_OK;
}

static void take_over(gan_nccl *over)
{
    gan_comm *comm = over->comm;
    over->ops = *comm->ops;
    over->ops.close = nccl_close;
    over->ops.sum_start = gan_nccl_sum_start;
    over->ops.sum_wait = gan_nccl_sum_wait;
    over->ops.sum_double = gan_nccl_sum_double;
    over->ops.poll = gan_nccl_poll;
    over->ops.replay = gan_nccl_replay;
    over->ops.leave_device = nccl_leave;
    comm->ops = &over->ops;
    comm->over = over;
}

gan_status gan_nccl_use(gan_comm *comm, const gan_comm_device *device, bool tree)
{
    gan_nccl *over = calloc(1, sizeof *over);
    gan_status status = over ? GAN_OK : gan_error(GAN_FAILED, "no memory for NCCL's communicator");
    status = gan_comm_agree(comm, status);
    if (status != GAN_OK) {
        free(over);
        return status;
    }
    over->below = comm->ops;
    over->comm = comm;
    over->device = *device;
    over->tree = tree;
    snprintf(over->what, sizeof over->what, "the opening of NCCL on %s", device->place);
    GAN_TRY_OUT(status, compare_devices(over));
    GAN_TRY_OUT(status, gan_comm_agree(comm, open_parts(over)));
    GAN_TRY_OUT(status, open_and_tell(over));
    take_over(over);
    return GAN_OK;
out:
    abort_nccl(over);
    free_rest(over);
    return status;
}
