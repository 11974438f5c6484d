#include "devices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gan_dist/log.h"

#define WIDTH 16 /* of one rank's number as text */

static bool is_auto(const gan_config *config)
{
    return strcmp(config->backend, "auto") == 0;
}

const char *gan_devices_backend(const gan_config *config)
{
    if (!is_auto(config))
        return config->backend;
    return gan_backend_devices("cuda") > 0 ? "cuda" : "cpu";
}

const char *gan_devices_way(gan_comm_way way)
{
    static const char *const texts[] = {"the hosts' memory and MPI, in the fixed tree", "NCCL's all-reduce",
                                        "NCCL, in the fixed tree"};
    return texts[way];
}

/* How many devices each rank sees, on every rank. */
static gan_status gather_counts(int *counts, gan_comm *comm, int mine)
{
    char text[WIDTH], *texts = malloc((size_t)gan_comm_size(comm) * WIDTH);
    gan_status status = texts ? GAN_OK : gan_error(GAN_FAILED, "no memory to count the ranks' devices");
    status = gan_comm_agree(comm, status);
    snprintf(text, sizeof text, "%d", mine);
    if (status == GAN_OK)
        status = gan_comm_gather_text(comm, texts, text, WIDTH);
    for (int r = 0; r < gan_comm_size(comm) && status == GAN_OK; r++)
        counts[r] = atoi(texts + (size_t)r * WIDTH);
    free(texts);
    return status;
}

/* A device for every rank, or none for any: the ranks of a run do the same thing. */
static gan_status choose_backend(gan_placement *out, gan_comm *comm, int mine)
{
    int size = gan_comm_size(comm), without = -1, with = 0;
    int *counts = calloc((size_t)size, sizeof *counts);
    gan_status status = counts ? GAN_OK : gan_error(GAN_FAILED, "no memory to count the ranks' devices");
    status = gan_comm_agree(comm, status);
    if (status == GAN_OK)
        status = gather_counts(counts, comm, mine);
    for (int r = size - 1; r >= 0 && status == GAN_OK; r--) {
        with += counts[r] > 0;
        without = counts[r] > 0 ? without : r;
    }
    free(counts);
    GAN_TRY(status);
    out->backend = with == size ? "cuda" : "cpu";
    if (with == size)
        snprintf(out->why, sizeof out->why, "chosen: every rank sees a GPU");
    else if (with == 0)
        snprintf(out->why, sizeof out->why, "chosen: no rank sees a GPU");
    else
        snprintf(out->why, sizeof out->why, "chosen: %d of %d ranks see a GPU, and rank %d on host %s none",
                 with, size, without, gan_comm_peer(comm, without)->name);
    if (with > 0 && with < size)
        gan_warn0("backend %s was %s", out->backend, out->why);
    return GAN_OK;
}

static gan_status choose_way(gan_placement *out, gan_comm *comm, const gan_config *config)
{
    out->way = GAN_COMM_MPI;
    if (gan_comm_size(comm) == 1)
        return GAN_OK;
    if (config->comm != GAN_SUMS_MPI) {
        gan_status found = gan_comm_agree(comm, gan_comm_find_nccl());
        if (found != GAN_OK && (config->comm == GAN_SUMS_NCCL || config->reduce == GAN_REDUCE_NCCL))
            return found;
        if (found == GAN_OK)
            out->way = config->reduce == GAN_REDUCE_TREE ? GAN_COMM_NCCL_TREE : GAN_COMM_NCCL;
        else
            gan_warn0("%s; until then sums go by %s, which is slow", gan_error_message(),
                      gan_devices_way(GAN_COMM_MPI));
    } else if (config->reduce == GAN_REDUCE_NCCL) {
        return gan_error(GAN_BAD_INPUT, "train.reduce = nccl is NCCL's own sum, which train.comm = mpi does "
                                        "not have; use train.comm = nccl, or train.reduce = tree");
    }
    return GAN_OK;
}

gan_status gan_devices_place(gan_placement *out, gan_comm *comm, const gan_config *config)
{
    *out = (gan_placement){.backend = config->backend};
    int devices = gan_backend_devices(is_auto(config) ? "cuda" : config->backend);
    if (is_auto(config))
        GAN_TRY(choose_backend(out, comm, devices));
    if (strcmp(out->backend, "cuda") == 0) {
        out->device = devices > 1 ? gan_comm_local_rank(comm) % devices : 0;
        return choose_way(out, comm, config);
    }
    if (config->comm == GAN_SUMS_NCCL || config->reduce == GAN_REDUCE_NCCL)
        return gan_error(GAN_BAD_INPUT,
                         "NCCL (train.comm, train.reduce) sums what GPUs have, and backend %s "
                         "computes on the host; use --backend cuda, or leave it to auto",
                         out->backend);
    return GAN_OK;
}

bool gan_devices_shard_each(const gan_placement *placement, const gan_config *config)
{
    return config->shards == 0 && strcmp(placement->backend, "cuda") == 0 && config->bn == GAN_BN_GLOBAL &&
           config->comm != GAN_SUMS_MPI && config->reduce != GAN_REDUCE_TREE;
}

static gan_status download(void *context, void *to_host, const void *from, size_t bytes)
{
    gan_backend *be = context;
    return be->ops->download(be, to_host, from, bytes);
}

static gan_status upload(void *context, void *to, const void *from_host, size_t bytes)
{
    gan_backend *be = context;
    return be->ops->upload(be, to, from_host, bytes);
}

static gan_status poll(void *context)
{
    return gan_comm_poll(context);
}

gan_status gan_devices_use(gan_comm *comm, gan_backend *be, gan_comm_way way)
{
    gan_comm_device device = {.context = be,
                              .download = download,
                              .upload = upload,
                              .index = be->device,
                              .stream = be->stream,
                              .place = be->place};
    if (be->ops->host_memory)
        return GAN_OK;
    be->poll = poll;
    be->poll_context = comm;
    return gan_comm_use_device(comm, &device, way);
}
