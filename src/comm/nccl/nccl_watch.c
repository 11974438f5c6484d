/* What the host knows of the collectives that the device is busy with: each leaves an event behind it. While
 * the host waits for the device, the oldest whose event has not come is what all wait for. A graph's launch
 * leaves one event for all; within it each collective leaves its number in a word that the host can read;
 * what comes after the last counts as that. */
#include "comm_nccl.h"

#include <stdio.h>

static void describe(char *what, size_t room, const gan_nccl *over, const char *call, uint64_t step,
                     const char *doing)
{
    snprintf(what, room, "%s (step %llu, %s) on %s", call, (unsigned long long)step,
             doing[0] ? doing : "starting", over->device.place);
}

static gan_status tell(gan_nccl *over, uint32_t ended)
{
    return gan_nccl_check_cuda(over, "the count of a graph's sums",
                               gan_nccl_tell(over->ended_there, ended, over->stream));
}

/* Keeps the name of a collective that is being recorded, which comes when those before it have ended: told
 * while this one's numbers are still computed, so that nobody waits for it. */
static gan_status keep(gan_nccl *over, const char *call, const char *doing)
{
    if (over->n_recorded == GAN_NCCL_SUMS)
        return GAN_OK;
    gan_nccl_recorded *recorded = &over->recorded[over->n_recorded++];
    snprintf(recorded->call, sizeof recorded->call, "%s", call);
    snprintf(recorded->doing, sizeof recorded->doing, "%s", doing);
    return over->n_recorded > 1 ? tell(over, over->n_recorded - 1) : GAN_OK;
}

/* What is recorded into a graph is no call of now: gan_comm_replay() counts it when it runs. */
gan_status gan_nccl_begin(gan_nccl *over, const char *kind, size_t n)
{
    enum cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
    char call[sizeof over->recorded->call];
    gan_doing doing;
    gan_watch_doing(&doing, over->comm->watch);
    snprintf(call, sizeof call, "%s of %zu %s", over->tree ? "the tree sum" : "ncclAllReduce", n, kind);
    describe(over->what, sizeof over->what, over, call, doing.step, doing.what);
    GAN_TRY(gan_nccl_check_cuda(over, "cudaStreamIsCapturing",
                                cudaStreamIsCapturing(over->device.stream, &capture)));
    if (capture == cudaStreamCaptureStatusNone) {
        over->capturing = false;
        over->number = gan_watch_arrive(over->comm->watch);
        return GAN_OK;
    }
    if (!over->capturing)
        over->n_recorded = 0;
    over->capturing = true;
    return keep(over, call, doing.what);
}

gan_status gan_nccl_mark_begin(gan_nccl *over)
{
    return over->capturing && over->n_recorded == 1 ? tell(over, 0) : GAN_OK;
}

/* Forgets what is over. */
static gan_status retire(gan_nccl *over)
{
    while (over->first < over->next) {
        cudaError_t error = cudaEventQuery(over->marks[over->first % GAN_NCCL_MARKS].done);
        if (error == cudaErrorNotReady) {
            cudaGetLastError(); /* no error: it must not be found after the next launch */
            return GAN_OK;
        }
        GAN_TRY(gan_nccl_check_cuda(over, "cudaEventQuery", error));
        over->first++;
    }
    return GAN_OK;
}

static gan_status leave_mark(gan_nccl *over, cudaStream_t stream, bool launch)
{
    gan_doing doing;
    GAN_TRY(retire(over));
    if (over->next - over->first == GAN_NCCL_MARKS)
        return GAN_OK; /* very far ahead: what comes next has to speak for it */
    gan_nccl_mark *mark = &over->marks[over->next++ % GAN_NCCL_MARKS];
    gan_watch_doing(&doing, over->comm->watch);
    mark->number = over->number;
    mark->launch = launch;
    mark->step = doing.step;
    snprintf(mark->what, sizeof mark->what, "%s", over->what);
    return gan_nccl_check_cuda(over, "cudaEventRecord", cudaEventRecord(mark->done, stream));
}

gan_status gan_nccl_mark_end(gan_nccl *over)
{
    return over->capturing ? GAN_OK : leave_mark(over, over->stream, false);
}

gan_status gan_nccl_replay(gan_comm *comm)
{
    gan_nccl *over = comm->over;
    gan_doing doing;
    gan_watch_doing(&doing, comm->watch);
    snprintf(over->what, sizeof over->what, "the graph of step %llu on %s", (unsigned long long)doing.step,
             over->device.place);
    over->capturing = false;
    over->number = gan_watch_arrive(comm->watch);
    return leave_mark(over, over->device.stream, true);
}

/* The oldest that is not known to be over becomes `what`. */
static void name_oldest(gan_nccl *over)
{
    const gan_nccl_mark *mark = &over->marks[over->first % GAN_NCCL_MARKS];
    const uint32_t ended = *(volatile uint32_t *)over->ended;
    if (over->first == over->next)
        return;
    if (mark->launch && over->n_recorded > 0)
        describe(over->what, sizeof over->what, over, over->recorded[ended].call, mark->step,
                 over->recorded[ended].doing);
    else
        snprintf(over->what, sizeof over->what, "%s", mark->what);
}

gan_status gan_nccl_poll(gan_comm *comm)
{
    gan_nccl *over = comm->over;
    ncclResult_t state = ncclSuccess, result = ncclCommGetAsyncError(over->nccl, &state);
    name_oldest(over);
    GAN_TRY(gan_nccl_check(over, "ncclCommGetAsyncError", result == ncclSuccess ? state : result));
    GAN_TRY(retire(over));
    name_oldest(over);
    const bool waits = over->first < over->next;
    gan_watch_asked(comm->watch, waits ? over->marks[over->first % GAN_NCCL_MARKS].number : 0,
                    waits ? over->what : "");
    return over->below->poll(comm);
}
