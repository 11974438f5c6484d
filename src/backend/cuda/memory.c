/* memory.c: device memory, and what crosses between it and the host's. */
#include "cuda.h"

#include <string.h>

gan_status gan_cuda_alloc(gan_backend *be, void **out, size_t bytes)
{
    size_t free_bytes = 0, total = 0;
    *out = NULL;
    GAN_TRY(gan_cuda_refuse_capture(be, "alloc"));
    cudaError_t error = cudaMalloc(out, bytes ? bytes : 1);
    if (error == cudaErrorMemoryAllocation) {
        cudaGetLastError(); /* told here: it must not be found again after the next launch */
        cudaMemGetInfo(&free_bytes, &total);
        return gan_error(GAN_FAILED,
                         "cuda backend: no memory for %zu MiB (%zu of %zu MiB are free) on %s; use a smaller "
                         "batch or network",
                         bytes >> 20, free_bytes >> 20, total >> 20, be->place);
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

/* The stream may still work on it. A failure of that work is found by whoever waits for its results. Where
 * poll ends the wait, the memory cannot be given back: CUDA would wait for that work itself. */
void gan_cuda_free(gan_backend *be, void *memory)
{
    cudaError_t error;
    if (memory && gan_cuda_refuse_capture(be, "free") == GAN_OK &&
        gan_cuda_wait_for(be, gan_cuda_stream(be), NULL, &error) == GAN_OK)
        cudaFree(memory);
}

static gan_status open_slots(gan_backend *be, gan_cuda_slot *slots, int n, char *memory, size_t bytes)
{
    for (int i = 0; i < n; i++) {
        slots[i].memory = memory + (size_t)i * bytes;
        GAN_TRY(gan_cuda_check(be, "cudaEventCreateWithFlags",
                               cudaEventCreateWithFlags(&slots[i].copied, cudaEventDisableTiming)));
    }
    return GAN_OK;
}

gan_status gan_cuda_open_slots(gan_cuda *cuda)
{
    gan_backend *be = &cuda->base;
    const size_t large = GAN_CUDA_LARGE * GAN_CUDA_LARGE_BYTES, small = GAN_CUDA_SMALL * GAN_CUDA_SMALL_BYTES;
    const size_t bytes = large + small + GAN_READ_SLOTS * GAN_CUDA_SMALL_BYTES;
    GAN_TRY(gan_cuda_check(be, "cudaMallocHost", cudaMallocHost(&cuda->pinned, bytes)));
    char *at = cuda->pinned;
    GAN_TRY(open_slots(be, cuda->large, GAN_CUDA_LARGE, at, GAN_CUDA_LARGE_BYTES));
    GAN_TRY(open_slots(be, cuda->small, GAN_CUDA_SMALL, at + large, GAN_CUDA_SMALL_BYTES));
    return open_slots(be, cuda->reads, GAN_READ_SLOTS, at + large + small, GAN_CUDA_SMALL_BYTES);
}

static void close_slots(gan_cuda_slot *slots, int n)
{
    for (int i = 0; i < n; i++)
        if (slots[i].copied)
            cudaEventDestroy(slots[i].copied);
}

void gan_cuda_close_slots(gan_cuda *cuda)
{
    close_slots(cuda->large, GAN_CUDA_LARGE);
    close_slots(cuda->small, GAN_CUDA_SMALL);
    close_slots(cuda->reads, GAN_READ_SLOTS);
    cudaFreeHost(cuda->pinned);
}

/* The next slot for so many bytes: waits only until its last journey has ended. */
static gan_status take_slot(gan_cuda *cuda, const char *what, gan_cuda_slot **out, size_t bytes)
{
    if (bytes <= GAN_CUDA_SMALL_BYTES) {
        *out = &cuda->small[cuda->next_small];
        cuda->next_small = (cuda->next_small + 1) % GAN_CUDA_SMALL;
    } else {
        *out = &cuda->large[cuda->next_large];
        cuda->next_large = (cuda->next_large + 1) % GAN_CUDA_LARGE;
    }
    return gan_cuda_wait(&cuda->base, what, (*out)->copied);
}

static gan_status enqueue_copy(gan_backend *be, const char *what, void *to, const void *from, size_t bytes,
                               enum cudaMemcpyKind kind)
{
    return gan_cuda_check(be, what, cudaMemcpyAsync(to, from, bytes, kind, gan_cuda_stream(be)));
}

static gan_status record(gan_backend *be, const char *what, gan_cuda_slot *slot)
{
    return gan_cuda_check(be, what, cudaEventRecord(slot->copied, gan_cuda_stream(be)));
}

static size_t piece_at(size_t at, size_t bytes)
{
    return bytes - at < GAN_CUDA_LARGE_BYTES ? bytes - at : GAN_CUDA_LARGE_BYTES;
}

gan_status gan_cuda_upload(gan_backend *be, void *to, const void *from_host, size_t bytes)
{
    GAN_TRY(gan_cuda_refuse_capture(be, "upload"));
    for (size_t at = 0; at < bytes; at += GAN_CUDA_LARGE_BYTES) {
        const size_t n = piece_at(at, bytes);
        gan_cuda_slot *slot;
        GAN_TRY(take_slot((gan_cuda *)be, "upload", &slot, n));
        memcpy(slot->memory, (const char *)from_host + at, n);
        GAN_TRY(enqueue_copy(be, "upload", (char *)to + at, slot->memory, n, cudaMemcpyHostToDevice));
        GAN_TRY(record(be, "upload", slot));
    }
    return GAN_OK;
}

gan_status gan_cuda_download(gan_backend *be, void *to_host, const void *from, size_t bytes)
{
    GAN_TRY(gan_cuda_refuse_capture(be, "download"));
    for (size_t at = 0; at < bytes; at += GAN_CUDA_LARGE_BYTES) {
        const size_t n = piece_at(at, bytes);
        gan_cuda_slot *slot;
        GAN_TRY(take_slot((gan_cuda *)be, "download", &slot, n));
        GAN_TRY(
            enqueue_copy(be, "download", slot->memory, (const char *)from + at, n, cudaMemcpyDeviceToHost));
        GAN_TRY(record(be, "download", slot));
        GAN_TRY(gan_cuda_wait(be, "download", slot->copied));
        memcpy((char *)to_host + at, slot->memory, n);
    }
    return GAN_OK;
}

gan_status gan_cuda_copy(gan_backend *be, void *to, const void *from, size_t bytes)
{
    return enqueue_copy(be, "copy", to, from, bytes, cudaMemcpyDeviceToDevice);
}

gan_status gan_cuda_read_start(gan_backend *be, int slot, const void *from, size_t bytes)
{
    gan_cuda_slot *into = &((gan_cuda *)be)->reads[slot];
    GAN_TRY(gan_cuda_refuse_capture(be, "read_start"));
    into->bytes = bytes;
    GAN_TRY(enqueue_copy(be, "read_start", into->memory, from, bytes, cudaMemcpyDeviceToHost));
    return record(be, "read_start", into);
}

gan_status gan_cuda_read_wait(gan_backend *be, int slot, void *to_host)
{
    const gan_cuda_slot *from = &((gan_cuda *)be)->reads[slot];
    GAN_TRY(gan_cuda_refuse_capture(be, "read_wait"));
    GAN_TRY(gan_cuda_wait(be, "read_wait", from->copied));
    memcpy(to_host, from->memory, from->bytes);
    return GAN_OK;
}

gan_status gan_cuda_sync(gan_backend *be)
{
    GAN_TRY(gan_cuda_refuse_capture(be, "sync"));
    return gan_cuda_wait(be, "waiting for the GPU", NULL);
}

gan_status gan_cuda_for_shards(gan_backend *be, int n, gan_shard_fn fn, void *context)
{
    (void)be;
    for (int shard = 0; shard < n; shard++)
        GAN_TRY(fn(context, shard));
    return GAN_OK;
}
