#include "devices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "gan_dist/base.h"
#include "gan_dist/log.h"

#define WIDTH ((size_t)768) /* of what one rank finds, as text */

static bool is_auto(const gan_config *config)
{
    return strcmp(config->backend, "auto") == 0;
}

/* `auto` is this file's word; the backends do not know it. */
static gan_status check_name(const char *name)
{
    static const char *const gpus[] = {"gpu", "gpus", "nvidia", "device", "gpu:0", "cuda:0"};
    const char *words[16] = {"auto"}, *nearest = NULL;
    char known[256] = "auto";
    size_t n = 1;
    for (const char *word; n < 16 && (word = gan_backend_name(n - 1)); n++) {
        words[n] = word;
        snprintf(known + strlen(known), sizeof known - strlen(known), ", %s", word);
    }
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, words[i]) == 0)
            return GAN_OK;
    if (strcmp(name, "cuda") == 0) /* not built: opening it says so */
        return GAN_OK;
    for (size_t i = 0; i < sizeof gpus / sizeof *gpus; i++)
        if (strcasecmp(name, gpus[i]) == 0)
            nearest = "cuda";
    if (!nearest)
        nearest = gan_nearest(name, words, n);
    return gan_error(GAN_BAD_INPUT, "unknown backend '%s'%s%s%s; there are %s", name,
                     nearest ? " (did you mean " : "", nearest ? nearest : "", nearest ? "?)" : "", known);
}

/* A driver that does not work is no reason to train on the CPU in silence. */
static gan_status refuse_broken(const gan_backend_devices *found, const char *who)
{
    if (found->found != GAN_FOUND_BROKEN)
        return GAN_OK;
    return gan_error(
        GAN_BAD_INPUT,
        "backend auto: CUDA does not work on %s: %s; %s, or use --backend cpu to train on the CPU", who,
        found->why, found->todo);
}

gan_status gan_devices_backend(const char **out, const gan_config *config)
{
    gan_backend_devices found;
    *out = config->backend;
    GAN_TRY(check_name(config->backend));
    if (!is_auto(config))
        return GAN_OK;
    gan_backend_find(&found, "cuda");
    GAN_TRY(refuse_broken(&found, "this host"));
    if (found.found == GAN_FOUND_IDLE)
        gan_warn0("backend cpu: %s; %s", found.why, found.todo);
    *out = found.n > 0 ? "cuda" : "cpu";
    return GAN_OK;
}

const char *gan_devices_way(gan_comm_way way)
{
    static const char *const texts[] = {"the hosts' memory and MPI, in the fixed tree", "NCCL's all-reduce",
                                        "NCCL, in the fixed tree"};
    return texts[way];
}

/* What the ranks find, together. */
typedef struct view {
    int with;          /* ranks that have a device */
    int without, idle; /* the lowest rank that has none, and that has a reason to warn; -1: no such rank */
    char why[400];     /* of `without` */
    char warning[700]; /* of `idle` */
} view;

/* `text` is "FOUND N WHY; ADVICE", as gather_views writes it. */
static void add_view(view *all, int rank, const char *text)
{
    int found = 0, n = 0, at = 0;
    sscanf(text, "%d %d %n", &found, &n, &at);
    const char *why = text + at, *stop = strstr(why, "; ");
    all->with += n > 0;
    if (n == 0 && all->without < 0) {
        all->without = rank;
        snprintf(all->why, sizeof all->why, "%.*s", stop ? (int)(stop - why) : (int)strlen(why), why);
    }
    if (found == GAN_FOUND_IDLE && all->idle < 0) {
        all->idle = rank;
        snprintf(all->warning, sizeof all->warning, "%s", why);
    }
}

static gan_status gather_views(view *all, gan_comm *comm, const gan_backend_devices *mine)
{
    char text[WIDTH], *texts = malloc((size_t)gan_comm_size(comm) * WIDTH);
    gan_status status = texts ? GAN_OK : gan_error(GAN_FAILED, "no memory to compare the ranks' devices");
    status = gan_comm_agree(comm, status);
    *all = (view){.without = -1, .idle = -1};
    snprintf(text, sizeof text, "%d %d %s; %s", (int)mine->found, mine->n, mine->why, mine->todo);
    if (status == GAN_OK)
        status = gan_comm_gather_text(comm, texts, text, WIDTH);
    for (int r = 0; r < gan_comm_size(comm) && status == GAN_OK; r++)
        add_view(all, r, texts + (size_t)r * WIDTH);
    free(texts);
    return status;
}

static gan_status agree_on_broken(gan_comm *comm, const gan_backend_devices *mine)
{
    int rank = gan_comm_rank(comm);
    char who[128];
    if (gan_comm_size(comm) == 1)
        snprintf(who, sizeof who, "host %s", gan_comm_peer(comm, rank)->name);
    else
        snprintf(who, sizeof who, "rank %d, host %s", rank, gan_comm_peer(comm, rank)->name);
    return gan_comm_agree(comm, refuse_broken(mine, who));
}

/* A device for every rank, or none for any: the ranks of a run do the same thing. */
static gan_status choose_backend(gan_placement *out, gan_comm *comm, const gan_backend_devices *mine)
{
    int size = gan_comm_size(comm);
    view all;
    GAN_TRY(agree_on_broken(comm, mine));
    GAN_TRY(gather_views(&all, comm, mine));
    out->backend = all.with == size ? "cuda" : "cpu";
    if (all.with == size)
        snprintf(out->why, sizeof out->why, "chosen: every rank sees a GPU");
    else if (all.with == 0)
        snprintf(out->why, sizeof out->why, "chosen: no rank sees a GPU: %s", all.why);
    else
        snprintf(out->why, sizeof out->why,
                 "chosen: %d of %d ranks see a GPU, and rank %d on host %s none: %.300s", all.with, size,
                 all.without, gan_comm_peer(comm, all.without)->name, all.why);
    if (all.with > 0 && all.with < size)
        gan_warn0("backend %s was %s", out->backend, out->why);
    else if (all.idle >= 0)
        gan_warn0("backend %s: host %s: %s", out->backend, gan_comm_peer(comm, all.idle)->name, all.warning);
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
    gan_backend_devices mine;
    *out = (gan_placement){.backend = config->backend};
    GAN_TRY(check_name(config->backend));
    gan_backend_find(&mine, is_auto(config) ? "cuda" : config->backend);
    if (is_auto(config))
        GAN_TRY(choose_backend(out, comm, &mine));
    if (strcmp(out->backend, "cuda") == 0) {
        out->seen = mine.n;
        out->device = mine.n > 1 ? gan_comm_local_rank(comm) % mine.n : 0;
        return choose_way(out, comm, config);
    }
    if (config->comm == GAN_SUMS_NCCL || config->reduce == GAN_REDUCE_NCCL)
        return gan_error(GAN_BAD_INPUT,
                         "NCCL (train.comm, train.reduce) sums what GPUs have, and backend %s "
                         "computes on the host; use --backend cuda, or leave it to auto",
                         out->backend);
    return GAN_OK;
}

gan_status gan_devices_open(gan_backend **out, const gan_comm *comm, const gan_placement *placement,
                            gan_precision precision, int threads)
{
    const gan_backend_options options = {
        .threads = threads, .device = placement->device, .precision = precision};
    gan_status status = gan_backend_open(out, placement->backend, &options);
    if (status != GAN_OK && strcmp(placement->backend, "cuda") == 0 && gan_comm_size(comm) > 1)
        return gan_error(status, "rank %d: %s", gan_comm_rank(comm), gan_error_message());
    return status;
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
