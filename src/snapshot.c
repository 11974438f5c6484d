/* snapshot.c: the state after the last finished step, ready to be written at any moment. */
#include "snapshot.h"
#include "snapshot_device.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "gan_dist/base.h"

enum { PARAMETERS, MOMENT1, MOMENT2, SET_ASIDE };

/* A network's state after the last finished step is the live one, or what was set aside of it. */
typedef struct net_state {
    float *live[SET_ASIDE], *aside[SET_ASIDE];
    size_t floats;
    bool is_aside;
    uint64_t updates_a_step;
    const float *statistics;
    float *after_step
        [2]; /* statistics after even and odd steps: those of the next one are there before it is finished */
    size_t statistics_floats;
} net_state;

struct gan_snapshot {
    pthread_mutex_t mutex;
    const gan_training *t;
    gan_device_snapshot *device; /* NULL: memory is the host's */
    uint64_t step, fetched;
    net_state nets[GAN_NETS];
};

static float *floats(size_t n)
{
    return gan_alloc((n > 0 ? n : 1) * sizeof(float));
}

static gan_status open_net(net_state *out, const gan_training *t, int k)
{
    const gan_order *order = gan_step_order(t->step);
    gan_net *net = t->nets[k];
    *out = (net_state){.live = {gan_net_parameters(net), t->optims[k].m, t->optims[k].v},
                       .floats = gan_net_arena_floats(net),
                       .updates_a_step = (uint64_t)(k == GAN_NET_D ? order->d_updates : order->g_updates),
                       .statistics = gan_net_statistics(net),
                       .statistics_floats = gan_net_statistics_floats(net)};
    bool ok = true;
    for (int a = 0; a < SET_ASIDE; a++)
        ok = (out->aside[a] = floats(out->floats)) && ok;
    for (int i = 0; i < 2; i++)
        ok = (out->after_step[i] = floats(out->statistics_floats)) && ok;
    return ok ? GAN_OK : gan_error(GAN_FAILED, "the copy of the last finished step: out of memory");
}

static void copy_statistics(gan_snapshot *snapshot, uint64_t step)
{
    for (int k = 0; k < GAN_NETS; k++) {
        net_state *net = &snapshot->nets[k];
        memcpy(net->after_step[step % 2], net->statistics, net->statistics_floats * sizeof(float));
    }
}

static gan_status open_host(gan_snapshot *snapshot)
{
    for (int k = 0; k < GAN_NETS; k++)
        GAN_TRY(open_net(&snapshot->nets[k], snapshot->t, k));
    copy_statistics(snapshot, snapshot->step);
    return GAN_OK;
}

gan_status gan_snapshot_open(gan_snapshot **out, const gan_training *t)
{
    *out = NULL;
    if (gan_comm_rank(t->comm) != 0)
        return GAN_OK;
    gan_snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (!snapshot)
        return gan_error(GAN_FAILED, "the copy of the last finished step: out of memory");
    snapshot->t = t;
    snapshot->step = t->done;
    pthread_mutex_init(&snapshot->mutex, NULL);
    gan_status status =
        t->backend->ops->host_memory ? open_host(snapshot) : gan_device_snapshot_open(&snapshot->device, t);
    if (status != GAN_OK || (!t->backend->ops->host_memory && !snapshot->device)) {
        gan_snapshot_close(snapshot);
        return status;
    }
    *out = snapshot;
    return GAN_OK;
}

void gan_snapshot_close(gan_snapshot *snapshot)
{
    if (!snapshot)
        return;
    for (int k = 0; k < GAN_NETS; k++) {
        for (int a = 0; a < SET_ASIDE; a++)
            free(snapshot->nets[k].aside[a]);
        for (int i = 0; i < 2; i++)
            free(snapshot->nets[k].after_step[i]);
    }
    gan_device_snapshot_close(snapshot->device);
    pthread_mutex_destroy(&snapshot->mutex);
    free(snapshot);
}

/* Whether the updates that t->updates counts make the step after the last finished one complete. */
static bool finishes(const gan_snapshot *snapshot)
{
    for (int k = 0; k < GAN_NETS; k++)
        if (snapshot->t->updates[k] < (snapshot->step + 1) * snapshot->nets[k].updates_a_step)
            return false;
    return true;
}

void gan_snapshot_before_update(gan_snapshot *snapshot, int net)
{
    if (!snapshot || snapshot->device)
        return;
    net_state *state = &snapshot->nets[net];
    pthread_mutex_lock(&snapshot->mutex);
    if (finishes(snapshot)) /* nothing may be written until it is done */
        return;
    if (!state->is_aside)
        for (int a = 0; a < SET_ASIDE; a++)
            memcpy(state->aside[a], state->live[a], state->floats * sizeof(float));
    state->is_aside = true;
    pthread_mutex_unlock(&snapshot->mutex);
}

/* All updates of so many steps are queued. */
static uint64_t queued_steps(const gan_training *t)
{
    const gan_order *order = gan_step_order(t->step);
    const uint64_t g = t->updates[GAN_NET_G] / (uint64_t)order->g_updates;
    const uint64_t d = t->updates[GAN_NET_D] / (uint64_t)order->d_updates;
    return g < d ? g : d;
}

/* A graph begins with the update that the step before has left. */
static gan_status after_device_update(gan_snapshot *snapshot)
{
    const gan_training *t = snapshot->t;
    if (t->capturing)
        return t->n_graph_updates == 1 ? gan_device_snapshot_finished(snapshot->device) : GAN_OK;
    const uint64_t step = queued_steps(t);
    if (step <= snapshot->step)
        return GAN_OK;
    snapshot->step = step;
    GAN_TRY(gan_device_snapshot_number(snapshot->device, step));
    return gan_device_snapshot_finished(snapshot->device);
}

gan_status gan_snapshot_after_update(gan_snapshot *snapshot)
{
    if (!snapshot)
        return GAN_OK;
    if (snapshot->device)
        return after_device_update(snapshot);
    if (!finishes(snapshot))
        return GAN_OK;
    snapshot->step++;
    for (int k = 0; k < GAN_NETS; k++)
        snapshot->nets[k].is_aside = false;
    pthread_mutex_unlock(&snapshot->mutex);
    return GAN_OK;
}

gan_status gan_snapshot_passes_done(gan_snapshot *snapshot)
{
    if (!snapshot)
        return GAN_OK;
    if (snapshot->device)
        return gan_device_snapshot_passes_done(snapshot->device);
    copy_statistics(snapshot, snapshot->t->done + 1);
    return GAN_OK;
}

gan_status gan_snapshot_launch(gan_snapshot *snapshot)
{
    if (!snapshot)
        return GAN_OK;
    snapshot->step = snapshot->t->done;
    return gan_device_snapshot_number(snapshot->device, snapshot->step);
}

gan_status gan_snapshot_fetch(gan_snapshot *snapshot)
{
    return snapshot->device ? gan_device_snapshot_fetch(&snapshot->fetched, snapshot->device) : GAN_OK;
}

void gan_snapshot_lock(gan_snapshot *snapshot)
{
    if (snapshot)
        pthread_mutex_lock(&snapshot->mutex);
}

void gan_snapshot_unlock(gan_snapshot *snapshot)
{
    if (snapshot)
        pthread_mutex_unlock(&snapshot->mutex);
}

bool gan_snapshot_try_lock(gan_snapshot *snapshot)
{
    return pthread_mutex_trylock(&snapshot->mutex) == 0;
}

bool gan_snapshot_is_on_device(const gan_snapshot *snapshot)
{
    return snapshot->device != NULL;
}

uint64_t gan_snapshot_step(const gan_snapshot *snapshot)
{
    return snapshot->device ? snapshot->fetched : snapshot->step;
}

gan_snapshot_arenas gan_snapshot_of(const gan_snapshot *snapshot, int net)
{
    const net_state *state = &snapshot->nets[net];
    if (snapshot->device)
        return gan_device_snapshot_of(snapshot->device, net);
    float *const *from = state->is_aside ? state->aside : state->live;
    return (gan_snapshot_arenas){.parameters = from[PARAMETERS],
                                 .statistics = state->after_step[snapshot->step % 2],
                                 .moment1 = from[MOMENT1],
                                 .moment2 = from[MOMENT2]};
}
