/* train.c: the conductor: the step as one paragraph, then what is due. */
#include "train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gan_dist/base.h"
#include "gan_dist/log.h"
#include "launcher.h"
#include "snapshot.h"

gan_phase gan_training_phase(gan_training *t, gan_phase phase)
{
    static const char *const words[GAN_PHASES] = {"reading pictures", "computing D", "computing G",
                                                  "exchanging",       "updating",    "writing"};
    double now = gan_clock();
    gan_phase before = t->phase;
    t->seconds[before] += now - t->phase_start;
    t->phase_start = now;
    t->phase = phase;
    gan_comm_report(t->comm, t->done + 1, words[phase]);
    return before;
}

/* Gradients are sent as soon as they are there; those of a graph's last update wait for the next step. */
static gan_status send(gan_training *t, int net, bool last)
{
    if (t->n_pending[net] > 0) /* sent in parts, during the backward pass */
        return GAN_OK;
    if (t->use_graph && last && net == t->last_net) {
        t->deferred[net] = true;
        return GAN_OK;
    }
    return gan_training_send(t, net);
}

/* One word of the order. What is pending is finished as late as the work allows,
 * so that it hides behind `begin`. */
static gan_status run_op(gan_training *t, gan_op op, bool last)
{
    if (op == GAN_OP_NOISE)
        return gan_step_noise(t->step);
    int own = op == GAN_OP_G ? GAN_NET_G : GAN_NET_D, other = own == GAN_NET_G ? GAN_NET_D : GAN_NET_G;
    gan_training_phase(t, op == GAN_OP_G ? GAN_PHASE_G : GAN_PHASE_D);
    GAN_TRY(gan_training_finish(t, own));
    if (op == GAN_OP_BOTH)
        GAN_TRY(gan_training_finish(t, other));
    GAN_TRY(gan_step_begin(t->step, op));
    GAN_TRY(gan_training_finish(t, other));
    GAN_TRY(gan_step_end(t->step, op));
    GAN_TRY(send(t, own, last));
    return op == GAN_OP_BOTH ? send(t, other, last) : GAN_OK;
}

gan_status gan_training_ops(gan_training *t)
{
    const gan_order *order = gan_step_order(t->step);
    for (int k = 0; k < GAN_NETS; k++)
        if (t->deferred[k])
            GAN_TRY(gan_training_send(t, k));
    for (int i = 0; i < order->n; i++)
        GAN_TRY(run_op(t, order->ops[i], i == order->n - 1));
    for (int k = 0; t->use_graph && k < GAN_NETS; k++) /* but for the last, a graph leaves nothing open */
        if (!t->deferred[k])
            GAN_TRY(gan_training_finish(t, k));
    return gan_snapshot_passes_done(t->snapshot);
}

gan_status gan_training_step(gan_training *t)
{
    gan_batch batch = t->fixed;
    gan_training_phase(t, GAN_PHASE_DATA);
    if (t->feed)
        GAN_TRY(gan_feed_next(t->feed, &batch));
    GAN_TRY(gan_step_next(t->step, t->done, &batch));
    GAN_TRY(gan_graph_due(t) ? gan_graph_step(t) : gan_training_ops(t));
    GAN_TRY(gan_training_read(t));
    t->done++;
    return GAN_OK;
}

static gan_status run_steps(gan_training *t)
{
    while (t->done < t->total && !t->stop) {
        GAN_TRY(gan_training_step(t));
        GAN_TRY(gan_training_cadence(t, t->done == t->total));
    }
    return GAN_OK;
}

static void print_where(const gan_training *t)
{
    gan_log0("grids        %s/samples", t->config.out);
    gan_log0("log          %s/log.csv", t->config.out);
    gan_log0("checkpoint   %s", t->checkpoint);
}

/* The failure may be that rank 0 has died; its message stays. */
static void bury(const gan_training *t)
{
    char reason[2048];
    snprintf(reason, sizeof reason, "%s", gan_error_message());
    gan_training_bury(t, reason);
    gan_error(GAN_FAILED, "%s", reason);
}

gan_status gan_command_train(bool *others_wait, gan_comm *comm, const gan_config *config)
{
    static gan_training training; /* large, and alone */
    gan_training *t = &training;
    /* Who lets silent ranks be waited for longer, or for ever, does not want the script to end them. */
    if (gan_comm_rank(comm) == 0 && config->stall_timeout > 0 && config->stall_timeout <= GAN_STALL_TIMEOUT)
        gan_launcher_open();
    gan_status status = gan_training_open(t, comm, config);
    if (status != GAN_OK) {
        if (gan_comm_has_told(comm)) /* ranks are missing, and closing is collective */
            bury(t);
        else
            gan_training_close(t);
        return status;
    }
    gan_stop_watch(t);
    if (t->done >= t->total) {
        gan_log0("already at step %llu of %llu; a larger --steps or --epochs goes on",
                 (unsigned long long)t->done, (unsigned long long)t->total);
        print_where(t);
    }
    status = run_steps(t);
    gan_progress_end();
    if (status == GAN_OK && t->done < t->total) {
        gan_training_status(t, "stopped", "asked to stop");
        gan_log0("stopped on request after step %llu of %llu, saved; the same command goes on",
                 (unsigned long long)t->done, (unsigned long long)t->total);
        print_where(t);
        status = GAN_STOPPED;
    } else if (status == GAN_OK) {
        gan_training_status(t, "done", "");
        if (t->done > t->first)
            print_where(t);
        if (gan_comm_rank(comm) == 0)
            gan_launcher_done();
    } else {
        if (!gan_stop_saved()) /* else that is how the run ends, whatever came of the step under way */
            gan_training_status(t, "failed", gan_error_message());
        *others_wait = !t->agreed;
        if (*others_wait) { /* nothing collective may run any more */
            bury(t);
            return status;
        }
    }
    gan_training_close(t);
    return status;
}
