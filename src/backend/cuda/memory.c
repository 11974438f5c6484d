/* memory.c: device memory, and what crosses between it and the host's. */
#include "cuda.h"

#include <string.h>

gan_status gan_cuda_alloc(gan_backend *be, void **out, size_t bytes)
{
    size_t free_bytes = 0, total = 0;
    *out = NULL;
    cudaError_t error = cudaMalloc(out, bytes ? bytes : 1);
    if (error == cudaErrorMemoryAllocation) {
        cudaGetLastError(); /* told here: it must not be found again after the next launch */
        cudaMemGetInfo(&free_bytes, &total);
        return gan_error(GAN_FAILED,
                         "cuda backend: no memory for %zu MiB (%zu of %zu MiB are free) on %s; use a smaller "
                         "batch or network",
                         bytes >> 20, free_bytes >> 20, total >> 20, ((gan_cuda *)be)->place);
    }
    GAN_TRY(gan_cuda_check(be, "cudaMalloc", error));
    gan_status status =
        gan_cuda_check(be, "cudaMemsetAsync", cudaMemsetAsync(*out, 0, bytes, gan_cuda_stream(be)));
    if (status != GAN_OK) {
        cudaFree(*out);
        *out = NULL;
    }
    return status;
}

/* The stream may still work on it. A failure of that work is found by whoever waits for its results. */
void gan_cuda_free(gan_backend *be, void *memory)
{
    if (!memory)
        return;
    cudaStreamSynchronize(gan_cuda_stream(be));
    cudaFree(memory);
}

/* One piece through the next slot: waits only until that slot's last journey has ended. */
static gan_status upload_piece(gan_cuda *cuda, void *to, const void *from_host, size_t bytes)
{
    gan_backend *be = &cuda->base;
    gan_cuda_slot *slot = &cuda->slots[cuda->slot];
    cuda->slot = (cuda->slot + 1) % GAN_CUDA_SLOTS;
    GAN_TRY(gan_cuda_check(be, "upload", cudaEventSynchronize(slot->copied)));
    memcpy(slot->memory, from_host, bytes);
    GAN_TRY(gan_cuda_check(be, "upload",
                           cudaMemcpyAsync(to, slot->memory, bytes, cudaMemcpyHostToDevice, cuda->stream)));
    return gan_cuda_check(be, "upload", cudaEventRecord(slot->copied, cuda->stream));
}

gan_status gan_cuda_upload(gan_backend *be, void *to, const void *from_host, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += GAN_CUDA_SLOT_BYTES) {
        size_t n = bytes - at < GAN_CUDA_SLOT_BYTES ? bytes - at : GAN_CUDA_SLOT_BYTES;
        GAN_TRY(upload_piece((gan_cuda *)be, (char *)to + at, (const char *)from_host + at, n));
    }
    return GAN_OK;
}

gan_status gan_cuda_download(gan_backend *be, void *to_host, const void *from, size_t bytes)
{
    if (bytes > 0)
        GAN_TRY(gan_cuda_check(
            be, "download",
            cudaMemcpyAsync(to_host, from, bytes, cudaMemcpyDeviceToHost, gan_cuda_stream(be))));
    return gan_cuda_sync(be);
}

gan_status gan_cuda_sync(gan_backend *be)
{
    return gan_cuda_check(be, "waiting for the GPU", cudaStreamSynchronize(gan_cuda_stream(be)));
}

gan_status gan_cuda_for_shards(gan_backend *be, int n, gan_shard_fn fn, void *context)
{
    (void)be;
    for (int shard = 0; shard < n; shard++)
        GAN_TRY(fn(context, shard));
    return GAN_OK;
}
