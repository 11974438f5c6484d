/* What the host knows of the collectives that the device is busy with: each leaves an event behind it. While
 * the host waits for the device, the oldest whose event has not come is what all wait for. */
#include "comm_nccl.h"

#include <stdio.h>

/* What is recorded into a graph is no call of now: gan_comm_replay() counts it when it runs. */
gan_status gan_nccl_begin(gan_nccl *over, const char *kind, size_t n)
{
    enum cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
    gan_doing doing;
    gan_watch_doing(&doing, over->comm->watch);
    snprintf(over->what, sizeof over->what, "%s of %zu %s (step %llu, %s) on %s",
             over->tree ? "the tree sum" : "ncclAllReduce", n, kind, (unsigned long long)doing.step,
             doing.what[0] ? doing.what : "starting", over->device.place);
    GAN_TRY(gan_nccl_check_cuda(over, "cudaStreamIsCapturing",
                                cudaStreamIsCapturing(over->device.stream, &capture)));
    over->capturing = capture != cudaStreamCaptureStatusNone;
    if (!over->capturing)
        over->number = gan_watch_arrive(over->comm->watch);
    return GAN_OK;
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

gan_status gan_nccl_mark_end(gan_nccl *over, cudaStream_t stream)
{
    if (over->capturing)
        return GAN_OK;
    GAN_TRY(retire(over));
    if (over->next - over->first == GAN_NCCL_MARKS)
        return GAN_OK; /* very far ahead: what comes next has to speak for it */
    gan_nccl_mark *mark = &over->marks[over->next++ % GAN_NCCL_MARKS];
    mark->number = over->number;
    snprintf(mark->what, sizeof mark->what, "%s", over->what);
    return gan_nccl_check_cuda(over, "cudaEventRecord", cudaEventRecord(mark->done, stream));
}

gan_status gan_nccl_replay(gan_comm *comm)
{
    gan_nccl *over = comm->over;
    gan_doing doing;
    gan_watch_doing(&doing, comm->watch);
    snprintf(over->what, sizeof over->what, "the sums of a step's graph (step %llu) on %s",
             (unsigned long long)doing.step, over->device.place);
    over->capturing = false;
    over->number = gan_watch_arrive(comm->watch);
    return gan_nccl_mark_end(over, over->device.stream);
}

gan_status gan_nccl_poll(gan_comm *comm)
{
    gan_nccl *over = comm->over;
    ncclResult_t state = ncclSuccess, result = ncclCommGetAsyncError(over->nccl, &state);
    const gan_nccl_mark *mark = &over->marks[over->first % GAN_NCCL_MARKS];
    if (over->first < over->next)
        snprintf(over->what, sizeof over->what, "%s", mark->what);
    GAN_TRY(gan_nccl_check(over, "ncclCommGetAsyncError", result == ncclSuccess ? state : result));
    GAN_TRY(retire(over));
    mark = &over->marks[over->first % GAN_NCCL_MARKS];
    bool waits = over->first < over->next;
    gan_watch_asked(comm->watch, waits ? mark->number : 0, waits ? mark->what : "");
    return over->below->poll(comm);
}
