/* send.c: pictures on their way to the device while it computes: on a copy stream, from pinned memory.
 *
 *   compute  ...──E1──pictures(1)── step 1 ──E2──pictures(2)── step 2 ──E3──pictures(3)──...
 *   copy          [1]                 [2]                 [3: after E2]
 *
 * The copy of send k waits for E(k-1), since what stood in its place until then was read before that; what is
 * called after send k waits for its copy. */
#include "cuda.h"

gan_status gan_cuda_room(gan_backend *be, size_t *bytes)
{
    size_t total;
    return gan_cuda_check(be, "cudaMemGetInfo", cudaMemGetInfo(bytes, &total));
}

gan_status gan_cuda_host_alloc(gan_backend *be, void **out, size_t bytes)
{
    *out = NULL;
    GAN_TRY(gan_cuda_refuse_capture(be, "host_alloc"));
    return gan_cuda_check(be, "cudaMallocHost", cudaMallocHost(out, bytes ? bytes : 1));
}

/* A copy may still read it: as with gan_cuda_free. */
void gan_cuda_host_free(gan_backend *be, void *memory)
{
    const gan_cuda_sender *sender = &((gan_cuda *)be)->sender;
    cudaError_t error;
    if (memory && gan_cuda_refuse_capture(be, "host_free") == GAN_OK &&
        (!sender->stream || gan_cuda_wait_for(be, sender->stream, NULL, &error) == GAN_OK))
        cudaFreeHost(memory);
}

static gan_status open_sender(gan_cuda *cuda)
{
    gan_backend *be = &cuda->base;
    gan_cuda_sender *sender = &cuda->sender;
    if (sender->before)
        return GAN_OK;
    if (!sender->stream)
        GAN_TRY(gan_cuda_check(be, "cudaStreamCreateWithFlags",
                               cudaStreamCreateWithFlags(&sender->stream, cudaStreamNonBlocking)));
    if (!sender->sent)
        GAN_TRY(gan_cuda_check(be, "cudaEventCreateWithFlags",
                               cudaEventCreateWithFlags(&sender->sent, cudaEventDisableTiming)));
    GAN_TRY(gan_cuda_check(be, "cudaEventCreateWithFlags",
                           cudaEventCreateWithFlags(&sender->before, cudaEventDisableTiming)));
    return gan_cuda_check(be, "send", cudaEventRecord(sender->before, gan_cuda_stream(be)));
}

/* A wait binds the record that there is when it is called. */
gan_status gan_cuda_send(gan_backend *be, void *to, const void *from_host, size_t bytes)
{
    gan_cuda *cuda = (gan_cuda *)be;
    const gan_cuda_sender *sender = &cuda->sender;
    GAN_TRY(gan_cuda_refuse_capture(be, "send"));
    GAN_TRY(open_sender(cuda));
    GAN_TRY(gan_cuda_check(be, "send", cudaStreamWaitEvent(sender->stream, sender->before, 0)));
    GAN_TRY(gan_cuda_check(be, "send", cudaEventRecord(sender->before, gan_cuda_stream(be))));
    if (bytes > 0)
        GAN_TRY(gan_cuda_check(
            be, "send", cudaMemcpyAsync(to, from_host, bytes, cudaMemcpyHostToDevice, sender->stream)));
    GAN_TRY(gan_cuda_check(be, "send", cudaEventRecord(sender->sent, sender->stream)));
    return gan_cuda_check(be, "send", cudaStreamWaitEvent(gan_cuda_stream(be), sender->sent, 0));
}

gan_status gan_cuda_send_wait(gan_backend *be)
{
    const gan_cuda_sender *sender = &((gan_cuda *)be)->sender;
    GAN_TRY(gan_cuda_refuse_capture(be, "send_wait"));
    return sender->sent ? gan_cuda_wait(be, "send", sender->sent) : GAN_OK;
}

void gan_cuda_sender_close(gan_backend *be)
{
    const gan_cuda_sender *sender = &((gan_cuda *)be)->sender;
    if (sender->stream)
        cudaStreamSynchronize(sender->stream);
    if (sender->before)
        cudaEventDestroy(sender->before);
    if (sender->sent)
        cudaEventDestroy(sender->sent);
    if (sender->stream)
        cudaStreamDestroy(sender->stream);
}
