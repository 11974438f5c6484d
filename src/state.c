/* state.c: the state of a run (weights, running statistics, Adam's moments, step) as named tensors, to and
 * from a checkpoint. Rank 0 writes and reads; a read is sent to all ranks. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train.h"
#include "snapshot.h"
#include "gan_dist/base.h"
#include "gan_dist/log.h"

#define ARENAS    4 /* per network: parameters, statistics, exp_avg, exp_avg_sq */
#define NAME_ROOM 128

/* One network's arenas in host memory: the backend's own when that is the host's, else copies, or a
 * snapshot's. */
typedef struct host_arena {
    float *device, *host;
    size_t floats;
    bool copied; /* host is memory of its own */
} host_arena;

typedef struct state {
    gan_training *t;
    host_arena arenas[GAN_NETS][ARENAS];
    bool is_snapshot;
    int64_t batches[GAN_NETS]; /* BatchNorm's num_batches_tracked */
    gan_tensor_view *views;
    char (*names)[NAME_ROOM];
    size_t n;
} state;

enum { PARAMETERS, STATISTICS, MOMENT1, MOMENT2 };
static const char *const net_names[GAN_NETS] = {"generator", "discriminator"};

static gan_status open_arenas(state *s)
{
    gan_training *t = s->t;
    for (int k = 0; k < GAN_NETS; k++) {
        gan_net *net = t->nets[k];
        size_t floats = gan_net_arena_floats(net);
        s->arenas[k][PARAMETERS] = (host_arena){gan_net_parameters(net), NULL, floats, false};
        s->arenas[k][STATISTICS] =
            (host_arena){gan_net_statistics(net), NULL, gan_net_statistics_floats(net), false};
        s->arenas[k][MOMENT1] = (host_arena){t->optims[k].m, NULL, floats, false};
        s->arenas[k][MOMENT2] = (host_arena){t->optims[k].v, NULL, floats, false};
        for (int a = 0; a < ARENAS; a++) {
            host_arena *arena = &s->arenas[k][a];
            arena->copied = !t->backend->ops->host_memory && !s->is_snapshot;
            arena->host = arena->copied ? gan_alloc(arena->floats * sizeof(float)) : arena->device;
            if (!arena->host)
                return gan_error(GAN_FAILED, "checkpoint: out of memory");
        }
    }
    return GAN_OK;
}

static void add_view(state *s, const char *prefix, const char *name, gan_dtype dtype, const gan_param *shape,
                     void *data)
{
    gan_tensor_view *view = &s->views[s->n];
    snprintf(s->names[s->n], NAME_ROOM, "%s.%s", prefix, name);
    *view = (gan_tensor_view){.name = s->names[s->n], .dtype = dtype, .data = data};
    if (shape) {
        view->rank = shape->rank;
        memcpy(view->dims, shape->dims, sizeof view->dims);
    }
    s->n++;
}

/* PyTorch's state_dict order; after a batch norm's running_var comes its counter. */
static void add_net_views(state *s, int k)
{
    gan_net *net = s->t->nets[k];
    for (size_t i = 0; i < gan_net_param_count(net); i++) {
        const gan_param *p = gan_net_param(net, i);
        add_view(s, net_names[k], p->name, GAN_F32, p,
                 s->arenas[k][p->trainable ? PARAMETERS : STATISTICS].host + p->offset);
        const char *suffix = strrchr(p->name, '.');
        if (strcmp(suffix, ".running_var") == 0) {
            char counter[GAN_PARAM_NAME_MAX + 32];
            snprintf(counter, sizeof counter, "%.*s.num_batches_tracked", (int)(suffix - p->name), p->name);
            add_view(s, net_names[k], counter, GAN_I64, NULL, &s->batches[k]);
        }
    }
}

static void add_moment_views(state *s, int k)
{
    gan_net *net = s->t->nets[k];
    for (int moment = MOMENT1; moment <= MOMENT2; moment++) {
        char prefix[64];
        snprintf(prefix, sizeof prefix, "optimizer.%s.%s", net_names[k],
                 moment == MOMENT1 ? "exp_avg" : "exp_avg_sq");
        for (size_t i = 0; i < gan_net_param_count(net); i++) {
            const gan_param *p = gan_net_param(net, i);
            if (p->trainable)
                add_view(s, prefix, p->name, GAN_F32, p, s->arenas[k][moment].host + p->offset);
        }
    }
}

static void state_close(state *s)
{
    for (int k = 0; k < GAN_NETS; k++)
        for (int a = 0; a < ARENAS; a++)
            if (s->arenas[k][a].copied)
                free(s->arenas[k][a].host);
    free(s->views);
    free(s->names);
}

static void take_snapshot(state *s)
{
    for (int k = 0; k < GAN_NETS; k++) {
        gan_snapshot_arenas from = gan_snapshot_of(s->t->snapshot, k);
        s->arenas[k][PARAMETERS].host = from.parameters;
        s->arenas[k][STATISTICS].host = from.statistics;
        s->arenas[k][MOMENT1].host = from.moment1;
        s->arenas[k][MOMENT2].host = from.moment2;
    }
}

/* is_snapshot: as the last finished step left it, not as it is. */
static gan_status state_open(state *s, gan_training *t, bool is_snapshot)
{
    *s = (state){.t = t, .is_snapshot = is_snapshot};
    size_t room = 0;
    for (int k = 0; k < GAN_NETS; k++)
        room += 4 * gan_net_param_count(t->nets[k]);
    s->views = calloc(room, sizeof *s->views);
    s->names = calloc(room, sizeof *s->names);
    if (!s->views || !s->names)
        return gan_error(GAN_FAILED, "checkpoint: out of memory");
    GAN_TRY(open_arenas(s));
    if (is_snapshot)
        take_snapshot(s);
    for (int k = 0; k < GAN_NETS; k++)
        add_net_views(s, k);
    for (int k = 0; k < GAN_NETS; k++)
        add_moment_views(s, k);
    return GAN_OK;
}

static gan_status write_checkpoint(state *s, uint64_t done)
{
    gan_training *t = s->t;
    int forwards[GAN_NETS];
    char step[32], fingerprint[32], path[GAN_TEXT_MAX];
    gan_count_forwards(&forwards[GAN_NET_G], &forwards[GAN_NET_D], gan_step_order(t->step));
    for (int k = 0; k < GAN_NETS; k++) {
        s->batches[k] = (int64_t)done * forwards[k];
        for (int a = 0; a < ARENAS; a++) {
            const host_arena *arena = &s->arenas[k][a];
            if (arena->copied)
                GAN_TRY(t->backend->ops->download(t->backend, arena->host, arena->device,
                                                  arena->floats * sizeof(float)));
        }
    }
    snprintf(step, sizeof step, "%" PRIu64, done);
    snprintf(fingerprint, sizeof fingerprint, "%016" PRIx64, gan_data_fingerprint(t->data));
    const gan_metadata metadata[] = {{"format", "pt"},
                                     {GAN_META_STEP, step},
                                     {GAN_META_PRESET, t->config.preset},
                                     {GAN_META_DATA, fingerprint},
                                     {GAN_META_CONFIG, t->defining},
                                     {GAN_META_CLASSES, t->class_names}};
    const size_t n = sizeof metadata / sizeof *metadata - (t->class_names ? 0 : 1);
    gan_checkpoint_path(path, t->config.out, done);
    GAN_TRY(gan_checkpoint_write(path, s->views, s->n, metadata, n));
    snprintf(t->checkpoint, sizeof t->checkpoint, "%s", path);
    t->checkpoint_step = done;
    return gan_checkpoint_prune(t->config.out, t->config.keep, path);
}

static gan_status save(gan_training *t, uint64_t done, bool is_snapshot)
{
    if (t->checkpoint_step == done)
        return GAN_OK;
    state s;
    gan_status status = state_open(&s, t, is_snapshot);
    if (status == GAN_OK)
        status = write_checkpoint(&s, done);
    state_close(&s);
    return status;
}

gan_status gan_training_save_snapshot(uint64_t *step, gan_training *t)
{
    GAN_TRY(gan_snapshot_fetch(t->snapshot));
    *step = gan_snapshot_step(t->snapshot);
    return *step > 0 ? save(t, *step, true) : GAN_OK;
}

gan_status gan_training_save(gan_training *t)
{
    t->last_save = gan_clock();
    if (gan_comm_rank(t->comm) != 0)
        return GAN_OK;
    gan_snapshot_lock(t->snapshot);
    gan_status status = save(t, t->done, false);
    gan_snapshot_unlock(t->snapshot);
    return status;
}

/* --- resume -------------------------------------------------------------------------------------- */

static void tell_passed_over(const char *line)
{
    gan_warn0("passed over %s", line);
}

/* Finds the checkpoint to start from; *out stays NULL for a fresh start. */
static gan_status find_checkpoint(gan_checkpoint **out, gan_training *t)
{
    const gan_config *config = &t->config;
    char path[GAN_TEXT_MAX];
    gan_checkpoint *newest = NULL;
    GAN_TRY(gan_checkpoint_newest(&newest, path, config->out, tell_passed_over));
    if (strcmp(config->resume, "auto") == 0) {
        *out = newest;
        snprintf(t->checkpoint, sizeof t->checkpoint, "%s", newest ? path : "");
        return GAN_OK;
    }
    gan_checkpoint_close(newest);
    if (newest && strcmp(config->resume, "never") == 0)
        return gan_error(GAN_BAD_INPUT,
                         "%s: holds checkpoints (the newest is %s) and --resume never would write over them: "
                         "choose another --out, or remove them",
                         config->out, path);
    if (strcmp(config->resume, "never") == 0)
        return GAN_OK;
    if (newest && strcmp(path, config->resume) != 0)
        return gan_error(
            GAN_BAD_INPUT,
            "%s: holds other checkpoints (the newest is %s); going on from %s needs another --out",
            config->out, path, config->resume);
    GAN_TRY(gan_checkpoint_open(out, config->resume));
    snprintf(t->checkpoint, sizeof t->checkpoint, "%s", config->resume);
    return GAN_OK;
}

/* Whether this is a state of the run that is to go on; its step goes into t->done. */
static gan_status judge_checkpoint(gan_training *t, const gan_checkpoint *checkpoint)
{
    const char *step = gan_checkpoint_metadata(checkpoint, GAN_META_STEP);
    const char *config = gan_checkpoint_metadata(checkpoint, GAN_META_CONFIG);
    const char *data = gan_checkpoint_metadata(checkpoint, GAN_META_DATA);
    if (!gan_checkpoint_checked(checkpoint))
        gan_warn0("%s: another program has written it; checksums not compared", t->checkpoint);
    if (!step || !config || !data)
        return gan_error(
            GAN_BAD_INPUT,
            "%s: not a checkpoint of gan_dist: nothing says which step and configuration it holds",
            t->checkpoint);
    GAN_TRY(gan_config_compare(config, t->defining, t->checkpoint));
    char *end;
    t->done = strtoull(step, &end, 10);
    if (*end || end == step)
        return gan_error(GAN_FAILED, "%s: its step '%s' is not a number", t->checkpoint, step);
    return GAN_OK;
}

static gan_status read_checkpoint(state *s, gan_checkpoint *checkpoint)
{
    gan_training *t = s->t;
    const char *data = gan_checkpoint_metadata(checkpoint, GAN_META_DATA);
    GAN_TRY(judge_checkpoint(t, checkpoint));
    char fingerprint[32];
    snprintf(fingerprint, sizeof fingerprint, "%016" PRIx64, gan_data_fingerprint(t->data));
    if (strcmp(fingerprint, data) != 0)
        return gan_error(GAN_BAD_INPUT,
                         "%s: made with other pictures than --data %s holds now (fingerprint %s, now %s): "
                         "give the same data, or another --out to start anew",
                         t->checkpoint, t->config.data, data, fingerprint);
    return gan_checkpoint_read(checkpoint, s->views, s->n);
}

static gan_status share_arenas(state *s)
{
    gan_training *t = s->t;
    GAN_TRY(gan_comm_broadcast(t->comm, &t->done, sizeof t->done, 0));
    for (int k = 0; k < GAN_NETS; k++)
        for (int a = 0; a < ARENAS; a++) {
            host_arena *arena = &s->arenas[k][a];
            size_t bytes = arena->floats * sizeof(float);
            GAN_TRY(gan_comm_broadcast(t->comm, arena->host, bytes, 0));
            if (!t->backend->ops->host_memory)
                GAN_TRY(t->backend->ops->upload(t->backend, arena->device, arena->host, bytes));
        }
    for (int k = 0; k < GAN_NETS; k++)
        gan_net_changed(t->nets[k]);
    return GAN_OK;
}

gan_status gan_training_resume(gan_training *t)
{
    state s;
    gan_checkpoint *checkpoint = NULL;
    gan_status status = state_open(&s, t, false);
    if (status == GAN_OK && gan_comm_rank(t->comm) == 0) {
        status = find_checkpoint(&checkpoint, t);
        if (status == GAN_OK && checkpoint)
            status = read_checkpoint(&s, checkpoint);
    }
    status = gan_comm_agree(t->comm, status);
    int found = checkpoint != NULL;
    if (status == GAN_OK)
        status = gan_comm_broadcast(t->comm, &found, sizeof found, 0);
    if (status == GAN_OK && found)
        status = share_arenas(&s);
    if (status == GAN_OK && found) {
        t->checkpoint_step = t->done;
        gan_log0("resuming from %s (step %" PRIu64 ")", t->checkpoint, t->done);
    }
    gan_checkpoint_close(checkpoint);
    state_close(&s);
    return status;
}

gan_status gan_training_look(gan_training *t)
{
    char log[GAN_TEXT_MAX + 32];
    gan_checkpoint *checkpoint = NULL;
    gan_status status = find_checkpoint(&checkpoint, t);
    if (status == GAN_OK && checkpoint)
        status = judge_checkpoint(t, checkpoint);
    snprintf(log, sizeof log, "%s/log.csv", t->config.out);
    if (status == GAN_OK)
        status = gan_csv_look(log);
    if (status == GAN_OK && checkpoint)
        gan_log0("goes on    from %s (step %" PRIu64 ")", t->checkpoint, t->done);
    gan_checkpoint_close(checkpoint);
    return status;
}
