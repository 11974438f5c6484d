/* train.c: the conductor: the step as one paragraph, then what is due. */
#include "train.h"

#include <string.h>

#include "gan_dist/base.h"
#include "gan_dist/log.h"

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

/* Sends a network's gradients, with this rank's wishes in the places behind them. */
static gan_status start_exchange(gan_training *t, int net)
{
    gan_net *n = t->nets[net];
    gan_phase before = gan_training_phase(t, GAN_PHASE_EXCHANGE);
    float *gradients = gan_net_gradients(n), *extras = gradients + gan_net_arena_floats(n);
    bool want_save = gan_comm_rank(t->comm) == 0 && t->config.checkpoint_seconds &&
                     t->config.checkpoint_every > 0 &&
                     gan_clock() - t->last_save >= t->config.checkpoint_every;
    float wishes[2] = {(float)gan_stop_asked(), (float)want_save};
    GAN_TRY(t->backend->ops->upload(t->backend, extras + GAN_EXTRA_STOP, wishes, sizeof wishes));
    GAN_TRY(
        gan_comm_sum_start(t->comm, &t->pending[net], gradients, gan_net_arena_floats(n) + GAN_NET_EXTRAS));
    gan_training_phase(t, before);
    return GAN_OK;
}

static gan_status read_extras(gan_training *t, int net)
{
    float extras[GAN_NET_EXTRAS];
    gan_net *n = t->nets[net];
    GAN_TRY(t->backend->ops->download(t->backend, extras, gan_net_gradients(n) + gan_net_arena_floats(n),
                                      sizeof extras));
    double batch = t->config.batch;
    if (net == GAN_NET_D) {
        t->losses.real = extras[GAN_EXTRA_LOSS_REAL] / batch;
        t->losses.fake = extras[GAN_EXTRA_LOSS_FAKE] / batch;
        t->losses.d_real = extras[GAN_EXTRA_D_REAL] / batch;
        t->losses.d_fake = extras[GAN_EXTRA_D_FAKE] / batch;
    } else {
        t->losses.g = extras[GAN_EXTRA_LOSS_G] / batch;
    }
    t->stop = t->stop || extras[GAN_EXTRA_STOP] > 0;
    t->save = t->save || extras[GAN_EXTRA_SAVE] > 0;
    return GAN_OK;
}

gan_status gan_training_finish(gan_training *t, int net)
{
    if (!t->pending[net])
        return GAN_OK;
    gan_net *n = t->nets[net];
    gan_phase before = gan_training_phase(t, GAN_PHASE_EXCHANGE);
    gan_comm_report(t->comm, t->done + 1,
                    net == GAN_NET_D ? "exchange of D's gradients" : "exchange of G's gradients");
    GAN_TRY(gan_comm_sum_wait(t->comm, t->pending[net]));
    t->pending[net] = NULL;
    GAN_TRY(read_extras(t, net));
    gan_training_phase(t, GAN_PHASE_OPTIMISER);
    GAN_TRY(
        gan_optim_update(&t->optims[net], gan_net_parameters(n), gan_net_gradients(n), ++t->updates[net]));
    gan_net_changed(n);
    gan_step_changed(t->step, n);
    gan_training_phase(t, before);
    return GAN_OK;
}

/* One word of the order. What is pending is finished as late as the work allows, so that it hides behind
 * `begin`. */
static gan_status run_op(gan_training *t, gan_op op)
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
    GAN_TRY(start_exchange(t, own));
    return op == GAN_OP_BOTH ? start_exchange(t, other) : GAN_OK;
}

gan_status gan_training_step(gan_training *t)
{
    gan_batch batch = t->fixed;
    const gan_order *order = gan_step_order(t->step);
    gan_training_phase(t, GAN_PHASE_DATA);
    if (t->feed)
        GAN_TRY(gan_feed_next(t->feed, &batch));
    GAN_TRY(gan_step_next(t->step, t->done, &batch));
    for (int i = 0; i < order->n; i++)
        GAN_TRY(run_op(t, order->ops[i]));
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

gan_status gan_command_train(bool *others_wait, gan_comm *comm, const gan_config *config)
{
    static gan_training training; /* large, and alone */
    gan_training *t = &training;
    GAN_TRY(gan_comm_agree(comm, gan_stop_divert()));
    gan_status status = gan_training_open(t, comm, config);
    if (status != GAN_OK) {
        if (!gan_comm_has_told(comm)) /* else ranks are missing, and closing is collective */
            gan_training_close(t);
        return status;
    }
    gan_stop_catch();
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
    } else {
        gan_training_status(t, "failed", gan_error_message());
        *others_wait = !t->agreed;
        if (*others_wait) /* nothing collective may run any more */
            return status;
    }
    gan_training_close(t);
    return status;
}
