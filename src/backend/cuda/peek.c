/* peek.c: the device's memory as it is now: on a stream of its own, past all work that is queued. What it
 * meets may be half written: the caller has to know. */
#include "cuda.h"

#include <string.h>

gan_status gan_cuda_peek_open(gan_backend *be)
{
    gan_cuda_peeker *peeker = &((gan_cuda *)be)->peeker;
    GAN_TRY(gan_cuda_refuse_capture(be, "peek_open"));
    if (!peeker->stream)
        GAN_TRY(gan_cuda_check(be, "cudaStreamCreateWithFlags",
                               cudaStreamCreateWithFlags(&peeker->stream, cudaStreamNonBlocking)));
    if (peeker->pinned)
        return GAN_OK;
    return gan_cuda_check(be, "cudaMallocHost", cudaMallocHost(&peeker->pinned, GAN_CUDA_LARGE_BYTES));
}

/* Called while the host waits, by poll: so it waits by itself, and not long. */
gan_status gan_cuda_peek(gan_backend *be, void *to_host, const void *from, size_t bytes)
{
    const gan_cuda_peeker *peeker = &((gan_cuda *)be)->peeker;
    for (size_t at = 0; at < bytes; at += GAN_CUDA_LARGE_BYTES) {
        const size_t n = bytes - at < GAN_CUDA_LARGE_BYTES ? bytes - at : GAN_CUDA_LARGE_BYTES;
        GAN_TRY(gan_cuda_check(be, "peek",
                               cudaMemcpyAsync(peeker->pinned, (const char *)from + at, n,
                                               cudaMemcpyDeviceToHost, peeker->stream)));
        GAN_TRY(gan_cuda_check(be, "peek", cudaStreamSynchronize(peeker->stream)));
        memcpy((char *)to_host + at, peeker->pinned, n);
    }
    return GAN_OK;
}

void gan_cuda_peeker_close(gan_backend *be)
{
    const gan_cuda_peeker *peeker = &((gan_cuda *)be)->peeker;
    if (peeker->stream)
        cudaStreamDestroy(peeker->stream);
    cudaFreeHost(peeker->pinned);
}
