/* workspace.c: the scratch of a backward pass. Networks whose backward passes never overlap share one. */
#include <stdlib.h>

#include "model.h"

gan_status gan_workspace_create(gan_workspace **out, gan_backend *backend, int n_local)
{
    gan_workspace *workspace = calloc(1, sizeof *workspace);
    if (!workspace)
        return gan_error(GAN_FAILED, "the workspace: out of memory");
    workspace->backend = backend;
    workspace->n_local = n_local;
    *out = workspace;
    return GAN_OK;
}

/* One buffer for each local shard, each at a 64-byte boundary,
 * so that a shard's bits cannot depend on its place. */
gan_status gan_alloc_shards(gan_backend *be, float ***out, int n_local, size_t floats)
{
    void *memory;
    size_t n = (size_t)n_local;
    floats = (floats + 15) / 16 * 16;
    *out = calloc(n, sizeof **out);
    if (!*out)
        return gan_error(GAN_FAILED, "out of memory for %d shards", n_local);
    GAN_TRY(be->ops->alloc(be, &memory, n * floats * sizeof(float)));
    for (size_t s = 0; s < n; s++)
        (*out)[s] = (float *)memory + s * floats;
    return GAN_OK;
}

void gan_free_shards(gan_backend *be, float **buffers)
{
    if (buffers)
        be->ops->free(be, buffers[0]);
    free(buffers);
}

gan_status gan_workspace_alloc(gan_workspace *ws)
{
    GAN_TRY(gan_alloc_shards(ws->backend, &ws->parts, ws->n_local, ws->part_floats));
    for (int p = 0; p < GAN_PASSES_MAX; p++)
        for (int k = 0; k < 2; k++)
            if (ws->gradient_floats[p][k] > 0)
                GAN_TRY(gan_alloc_shards(ws->backend, &ws->gradients[p][k], ws->n_local,
                                         ws->gradient_floats[p][k]));
    return GAN_OK;
}

void gan_workspace_destroy(gan_workspace *ws)
{
    if (!ws)
        return;
    gan_free_shards(ws->backend, ws->parts);
    for (int p = 0; p < GAN_PASSES_MAX; p++)
        for (int k = 0; k < 2; k++)
            gan_free_shards(ws->backend, ws->gradients[p][k]);
    free(ws);
}
