/* memory.c: host memory, and shards one after another. */
#include "ref.h"

#include <stdlib.h>
#include <string.h>
#include "gan_dist/base.h"

gan_status gan_ref_alloc(gan_backend *be, void **out, size_t bytes)
{
    *out = gan_alloc(bytes);
    if (!*out)
        return gan_error(GAN_FAILED, "%s backend: no memory for %zu bytes; use a smaller batch or network",
                         be->ops->name, bytes);
    return GAN_OK;
}

void gan_ref_free(gan_backend *be, void *memory)
{
    (void)be;
    free(memory);
}

gan_status gan_ref_upload(gan_backend *be, void *to, const void *from_host, size_t bytes)
{
    (void)be;
    if (bytes > 0)
        memcpy(to, from_host, bytes);
    return GAN_OK;
}

gan_status gan_ref_download(gan_backend *be, void *to_host, const void *from, size_t bytes)
{
    (void)be;
    if (bytes > 0)
        memcpy(to_host, from, bytes);
    return GAN_OK;
}

gan_status gan_ref_copy(gan_backend *be, void *to, const void *from, size_t bytes)
{
    return gan_ref_upload(be, to, from, bytes);
}

gan_status gan_ref_read_start(gan_backend *be, int slot, const void *from, size_t bytes)
{
    be->reads[slot].n = bytes;
    return gan_ref_download(be, be->reads[slot].bytes, from, bytes);
}

gan_status gan_ref_read_wait(gan_backend *be, int slot, void *to_host)
{
    return gan_ref_download(be, to_host, be->reads[slot].bytes, be->reads[slot].n);
}

gan_status gan_ref_sync(gan_backend *be)
{
    (void)be;
    return GAN_OK;
}

gan_status gan_ref_room(gan_backend *be, size_t *bytes)
{
    (void)be;
    *bytes = 0;
    return GAN_OK;
}

gan_status gan_ref_send_wait(gan_backend *be)
{
    (void)be;
    return GAN_OK;
}

gan_status gan_ref_for_shards(gan_backend *be, int n, gan_shard_fn fn, void *context)
{
    (void)be;
    for (int shard = 0; shard < n; shard++)
        GAN_TRY(fn(context, shard));
    return GAN_OK;
}

void gan_ref_close(gan_backend *be)
{
    free(be);
}
