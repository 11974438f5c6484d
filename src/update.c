/* update.c: what becomes of gradients: their exchange, the update that it leads to, and what the host learns
 * of both. */
#include "train.h"
#include "snapshot.h"
#include "gan_dist/base.h"

/* On a device the host runs ahead of the work. It reads what a step wished when so many later ones are under
 * way, by which time there is nothing to wait for. All ranks read the same numbers after the same step. */
#define LAG_ON_DEVICE 2
#define EXTRAS_BYTES  (GAN_NET_EXTRAS * sizeof(float))

/* Batch norm's sums and gradients share one line, on which each waits for what was sent before it. So after
 * the first piece of the gradients, one goes behind every such sum, and the layers between hide it. Pieces
 * are whole multiples of this. */
#define PIECE_FLOATS 64

gan_status gan_training_open_results(gan_training *t)
{
    gan_backend *be = t->backend;
    void *results, *wishes;
    GAN_TRY(be->ops->alloc(be, &results, GAN_NETS * EXTRAS_BYTES));
    t->results = results;
    GAN_TRY(be->ops->alloc(be, &wishes, GAN_WISHES * sizeof(float)));
    t->wishes = wishes;
    return GAN_OK;
}

void gan_training_close_results(gan_training *t)
{
    if (!t->backend)
        return;
    t->backend->ops->free(t->backend, t->results);
    t->backend->ops->free(t->backend, t->wishes);
}

void gan_training_wish(const gan_training *t, float wishes[GAN_WISHES])
{
    const gan_cadence *checkpoint = &t->config.checkpoint;
    bool save = gan_comm_rank(t->comm) == 0 && checkpoint->seconds && checkpoint->every > 0 &&
                gan_clock() - t->last_save >= checkpoint->every;
    wishes[GAN_EXTRA_STOP - GAN_EXTRA_STOP] = (float)gan_stop_asked();
    wishes[GAN_EXTRA_SAVE - GAN_EXTRA_STOP] = (float)save;
    wishes[GAN_EXTRA_GRID - GAN_EXTRA_STOP] = (float)gan_training_wants_grid(t);
}

/* This rank's wishes go to the places behind the gradients of one network.
 * What a graph repeats must not hold today's. */
static gan_status add_wishes(gan_training *t, float *extras)
{
    gan_backend *be = t->backend;
    float wishes[GAN_WISHES];
    if (t->capturing)
        return be->ops->copy(be, extras + GAN_EXTRA_STOP, t->wishes, sizeof wishes);
    gan_training_wish(t, wishes);
    return be->ops->upload(be, extras + GAN_EXTRA_STOP, wishes, sizeof wishes);
}

static const char *const exchanges[GAN_NETS] = {"exchange of G's gradients", "exchange of D's gradients"};

static gan_status send_piece(gan_training *t, int net)
{
    const size_t floats = gan_net_arena_floats(t->nets[net]) + GAN_NET_EXTRAS;
    const bool in_pieces = t->sums[GAN_NET_G] || t->sums[GAN_NET_D];
    const size_t piece = in_pieces ? (floats / GAN_PIECES / PIECE_FLOATS + 1) * PIECE_FLOATS : floats;
    const size_t first = t->unsent[net].first, n = t->unsent[net].n < piece ? t->unsent[net].n : piece;
    float *gradients = gan_net_gradients(t->nets[net]);
    gan_comm_report(t->comm, t->done + 1, exchanges[net]);
    GAN_TRY(gan_comm_sum_start(t->comm, &t->pending[net][t->n_pending[net]], gradients + first, n));
    t->n_pending[net]++;
    t->unsent[net].first += n;
    t->unsent[net].n -= n;
    return GAN_OK;
}

static gan_status send_rest(gan_training *t, int net)
{
    while (t->unsent[net].n > 0)
        GAN_TRY(send_piece(t, net));
    return GAN_OK;
}

/* Sends floats [first, first + n) of a network's gradients; with the last go the scalars. hidden: sums
 * follow, behind which pieces can go. */
static gan_status send_part(gan_training *t, int net, size_t first, size_t n, bool hidden)
{
    size_t all = gan_net_arena_floats(t->nets[net]);
    gan_phase before = gan_training_phase(t, GAN_PHASE_EXCHANGE);
    GAN_TRY(send_rest(t, net)); /* of the part before */
    if (first + n == all) {
        n += GAN_NET_EXTRAS;
        if (net == t->wish_net)
            GAN_TRY(add_wishes(t, gan_net_gradients(t->nets[net]) + all));
    }
    t->unsent[net].first = first;
    t->unsent[net].n = n;
    GAN_TRY(hidden ? send_piece(t, net) : send_rest(t, net));
    gan_training_phase(t, before);
    return GAN_OK;
}

gan_status gan_training_send_more(gan_training *t)
{
    for (int k = 0; k < GAN_NETS; k++)
        if (t->unsent[k].n > 0)
            return send_piece(t, k);
    return GAN_OK;
}

gan_status gan_training_send(gan_training *t, int net)
{
    const int other = net == GAN_NET_G ? GAN_NET_D : GAN_NET_G; /* computes next */
    t->deferred[net] = false;
    return send_part(t, net, 0, gan_net_arena_floats(t->nets[net]), t->sums[other]);
}

gan_status gan_training_ready(void *training, gan_net *net, size_t first, size_t n)
{
    gan_training *t = training;
    const int own = net == t->nets[GAN_NET_D] ? GAN_NET_D : GAN_NET_G;
    return send_part(t, own, first, n, first > 0 && t->sums[own]); /* the backward pass goes on */
}

gan_status gan_training_finish(gan_training *t, int net)
{
    gan_backend *be = t->backend;
    gan_net *n = t->nets[net];
    if (t->deferred[net])
        GAN_TRY(gan_training_send(t, net));
    if (t->n_pending[net] == 0)
        return GAN_OK;
    gan_phase before = gan_training_phase(t, GAN_PHASE_EXCHANGE);
    gan_comm_report(t->comm, t->done + 1, exchanges[net]);
    GAN_TRY(send_rest(t, net));
    for (int i = 0; i < t->n_pending[net]; i++)
        GAN_TRY(gan_comm_sum_wait(t->comm, t->pending[net][i]));
    t->n_pending[net] = 0;
    GAN_TRY(be->ops->copy(be, t->results + (size_t)net * GAN_NET_EXTRAS,
                          gan_net_gradients(n) + gan_net_arena_floats(n), EXTRAS_BYTES));
    gan_training_phase(t, GAN_PHASE_OPTIMISER);
    uint64_t update = gan_training_updated(t, net);
    gan_snapshot_before_update(t->snapshot, net);
    gan_status status =
        gan_optim_update(&t->optims[net], gan_net_parameters(n), gan_net_gradients(n), update);
    gan_status kept = gan_snapshot_after_update(t->snapshot);
    GAN_TRY(status);
    GAN_TRY(kept);
    gan_net_changed(n);
    gan_step_changed(t->step, n);
    gan_training_phase(t, before);
    return GAN_OK;
}

/* Asks for the wishes as they are now, and takes those that were asked for `lag` calls ago. */
static gan_status read_wishes(gan_training *t, uint64_t lag)
{
    gan_backend *be = t->backend;
    float wishes[GAN_WISHES];
    if (t->wished) {
        const float *from = t->results + (size_t)t->wish_net * GAN_NET_EXTRAS + GAN_EXTRA_STOP;
        GAN_TRY(be->ops->read_start(be, (int)(t->reads_asked++ % GAN_READ_SLOTS), from, sizeof wishes));
        t->wished = false;
    }
    for (; t->reads_taken + lag < t->reads_asked; t->reads_taken++) {
        GAN_TRY(be->ops->read_wait(be, (int)(t->reads_taken % GAN_READ_SLOTS), wishes));
        t->stop = t->stop || wishes[GAN_EXTRA_STOP - GAN_EXTRA_STOP] > 0;
        t->save = t->save || wishes[GAN_EXTRA_SAVE - GAN_EXTRA_STOP] > 0;
        t->grid = t->grid || wishes[GAN_EXTRA_GRID - GAN_EXTRA_STOP] > 0;
    }
    return GAN_OK;
}

gan_status gan_training_read(gan_training *t)
{
    return read_wishes(t, t->backend->ops->host_memory ? 0 : LAG_ON_DEVICE);
}

static gan_status read_losses(gan_training *t)
{
    float extras[GAN_NETS][GAN_NET_EXTRAS];
    const float *d = extras[GAN_NET_D], *g = extras[GAN_NET_G];
    const double batch = t->config.batch;
    GAN_TRY(t->backend->ops->download(t->backend, extras, t->results, sizeof extras));
    t->losses = (gan_losses){.real = d[GAN_EXTRA_LOSS_REAL] / batch,
                             .fake = d[GAN_EXTRA_LOSS_FAKE] / batch,
                             .g = g[GAN_EXTRA_LOSS_G] / batch,
                             .d_real = d[GAN_EXTRA_D_REAL] / batch,
                             .d_fake = d[GAN_EXTRA_D_FAKE] / batch};
    return GAN_OK;
}

gan_status gan_training_settle(gan_training *t)
{
    for (int k = 0; k < GAN_NETS; k++)
        GAN_TRY(gan_training_finish(t, k));
    GAN_TRY(read_wishes(t, 0));
    return read_losses(t);
}
