/* snapshot_device.c: the state after the last finished step, on a device. */
#include "snapshot_device.h"

#include <stdlib.h>
#include "gan_dist/base.h"
#include "gan_dist/log.h"

#define TRIES 100 /* until no copy comes between; steps that are shorter than the reading are in no hurry */

enum { PARAMETERS, MOMENT1, MOMENT2, STATISTICS, ARENAS };

typedef struct net_copy {
    const float *live[ARENAS];
    float *kept[ARENAS], *after_passes; /* the device's */
    float *host[ARENAS];
    size_t floats[ARENAS];
} net_copy;

/* The device's: the step that is written next, and around what is kept. */
typedef struct numbers {
    uint64_t next, before, behind;
} numbers;

struct gan_device_snapshot {
    gan_backend *backend;
    numbers *numbers;
    net_copy nets[GAN_NETS];
};

static gan_status open_net(net_copy *out, const gan_training *t, int k)
{
    gan_backend *be = t->backend;
    gan_net *net = t->nets[k];
    const size_t floats = gan_net_arena_floats(net);
    *out =
        (net_copy){.live = {gan_net_parameters(net), t->optims[k].m, t->optims[k].v, gan_net_statistics(net)},
                   .floats = {floats, floats, floats, gan_net_statistics_floats(net)}};
    for (int a = 0; a < ARENAS; a++) {
        void *kept;
        GAN_TRY(be->ops->alloc(be, &kept, out->floats[a] * sizeof(float)));
        out->kept[a] = kept;
        out->host[a] = gan_alloc((out->floats[a] + 1) * sizeof(float));
        if (!out->host[a])
            return gan_error(GAN_FAILED, "out of memory");
    }
    void *after_passes;
    GAN_TRY(be->ops->alloc(be, &after_passes, out->floats[STATISTICS] * sizeof(float)));
    out->after_passes = after_passes;
    return GAN_OK;
}

static gan_status open_all(gan_device_snapshot *snapshot, const gan_training *t)
{
    gan_backend *be = t->backend;
    void *memory;
    GAN_TRY(be->ops->peek_open(be));
    GAN_TRY(be->ops->alloc(be, &memory, sizeof *snapshot->numbers));
    snapshot->numbers = memory;
    for (int k = 0; k < GAN_NETS; k++)
        GAN_TRY(open_net(&snapshot->nets[k], t, k));
    return GAN_OK;
}

gan_status gan_device_snapshot_open(gan_device_snapshot **out, const gan_training *t)
{
    *out = NULL;
    gan_device_snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (!snapshot)
        return gan_error(GAN_FAILED, "the copy of the last finished step: out of memory");
    snapshot->backend = t->backend;
    if (open_all(snapshot, t) != GAN_OK) {
        gan_warn0("no copy of the last finished step is kept (%s): who stops the run gives it time for the "
                  "step under way, or loses what came after the last checkpoint",
                  gan_error_message());
        gan_device_snapshot_close(snapshot);
        return GAN_OK;
    }
    gan_status status = gan_device_snapshot_number(snapshot, t->done);
    if (status == GAN_OK)
        status = gan_device_snapshot_passes_done(snapshot);
    if (status == GAN_OK)
        status = gan_device_snapshot_finished(snapshot);
    if (status != GAN_OK) {
        gan_device_snapshot_close(snapshot);
        return status;
    }
    *out = snapshot;
    return GAN_OK;
}

void gan_device_snapshot_close(gan_device_snapshot *snapshot)
{
    if (!snapshot)
        return;
    gan_backend *be = snapshot->backend;
    for (int k = 0; k < GAN_NETS; k++) {
        net_copy *net = &snapshot->nets[k];
        for (int a = 0; a < ARENAS; a++) {
            be->ops->free(be, net->kept[a]);
            free(net->host[a]);
        }
        be->ops->free(be, net->after_passes);
    }
    be->ops->free(be, snapshot->numbers);
    free(snapshot);
}

gan_status gan_device_snapshot_number(gan_device_snapshot *snapshot, uint64_t step)
{
    gan_backend *be = snapshot->backend;
    return be->ops->upload(be, &snapshot->numbers->next, &step, sizeof step);
}

gan_status gan_device_snapshot_passes_done(gan_device_snapshot *snapshot)
{
    gan_backend *be = snapshot->backend;
    for (int k = 0; k < GAN_NETS; k++) {
        const net_copy *net = &snapshot->nets[k];
        if (net->floats[STATISTICS] > 0)
            GAN_TRY(be->ops->copy(be, net->after_passes, net->live[STATISTICS],
                                  net->floats[STATISTICS] * sizeof(float)));
    }
    return GAN_OK;
}

/* The running statistics have gone on with the next step by now. */
gan_status gan_device_snapshot_finished(gan_device_snapshot *snapshot)
{
    gan_backend *be = snapshot->backend;
    numbers *number = snapshot->numbers;
    GAN_TRY(be->ops->copy(be, &number->before, &number->next, sizeof number->next));
    for (int k = 0; k < GAN_NETS; k++) {
        const net_copy *net = &snapshot->nets[k];
        for (int a = 0; a < ARENAS; a++) {
            const float *from = a == STATISTICS ? net->after_passes : net->live[a];
            if (net->floats[a] > 0)
                GAN_TRY(be->ops->copy(be, net->kept[a], from, net->floats[a] * sizeof(float)));
        }
    }
    return be->ops->copy(be, &number->behind, &number->next, sizeof number->next);
}

static gan_status peek_arenas(gan_device_snapshot *snapshot)
{
    gan_backend *be = snapshot->backend;
    for (int k = 0; k < GAN_NETS; k++) {
        const net_copy *net = &snapshot->nets[k];
        for (int a = 0; a < ARENAS; a++)
            GAN_TRY(be->ops->peek(be, net->host[a], net->kept[a], net->floats[a] * sizeof(float)));
    }
    return GAN_OK;
}

gan_status gan_device_snapshot_fetch(uint64_t *step, gan_device_snapshot *snapshot)
{
    gan_backend *be = snapshot->backend;
    for (int i = 0; i < TRIES; i++) {
        uint64_t behind, before;
        GAN_TRY(be->ops->peek(be, &behind, &snapshot->numbers->behind, sizeof behind));
        GAN_TRY(peek_arenas(snapshot));
        GAN_TRY(be->ops->peek(be, &before, &snapshot->numbers->before, sizeof before));
        *step = behind;
        if (before == behind)
            return GAN_OK;
    }
    return gan_error(GAN_FAILED, "steps follow each other faster than one can be read from the device");
}

gan_snapshot_arenas gan_device_snapshot_of(const gan_device_snapshot *snapshot, int net)
{
    float *const *host = snapshot->nets[net].host;
    return (gan_snapshot_arenas){.parameters = host[PARAMETERS],
                                 .statistics = host[STATISTICS],
                                 .moment1 = host[MOMENT1],
                                 .moment2 = host[MOMENT2]};
}
