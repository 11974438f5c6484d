/* graph.c: a device's step as one graph: recorded once, then launched as a whole, with the bits of the same
 * calls one by one.
 *
 * The graph begins where a step does, with the exchange of the gradients that the step before left, so that
 * it hides behind this step's first passes; the last gradients of this one wait for the next. What changes
 * from step to step is brought to the device before each launch: pictures, the step's number, the
 * coefficients of Adam, this rank's wishes. */
#include "train.h"
#include "snapshot.h"
#include "gan_dist/log.h"

#define WARM_UP_STEPS 3 /* libraries make their plans and connections in the first calls */

static const char *why_not(const gan_training *t)
{
    if (t->config.graph == GAN_GRAPH_OFF)
        return "run.graph = off";
    if (!t->backend->ops->capture_begin)
        return "the backend has none";
    if (!gan_comm_capturable(t->comm))
        return "exchanges go through the host";
    if (t->config.noise_paired)
        return "noise is drawn by the pictures' places";
    return NULL;
}

void gan_graph_plan(gan_training *t)
{
    const gan_order *order = gan_step_order(t->step);
    const char *reason = why_not(t);
    t->use_graph = reason == NULL;
    t->last_net = order->ops[order->n - 1] == GAN_OP_D ? GAN_NET_D : GAN_NET_G;
    t->wish_net = t->last_net == GAN_NET_D ? GAN_NET_G : GAN_NET_D;
    if (!t->backend->ops->host_memory)
        gan_log0("graph        %s%s", t->use_graph ? "one launch a step" : "none: ", reason ? reason : "");
}

void gan_graph_close(gan_training *t)
{
    if (t->graph)
        t->backend->ops->graph_destroy(t->backend, t->graph);
}

uint64_t gan_training_updated(gan_training *t, int net)
{
    if (t->capturing) {
        t->graph_updates[t->n_graph_updates++] = net;
        return t->updates[net] + 1;
    }
    t->wished = t->wished || net == t->wish_net;
    return ++t->updates[net];
}

/* The gradients of the last update stand there unsent, as a recorded step begins and ends. */
bool gan_graph_due(gan_training *t)
{
    return t->use_graph && t->deferred[t->last_net] && t->warm_up++ >= WARM_UP_STEPS;
}

static gan_status capture(gan_training *t)
{
    gan_backend *be = t->backend;
    GAN_TRY(be->ops->capture_begin(be));
    t->capturing = true;
    gan_status status = gan_training_ops(t);
    t->capturing = false;
    if (status == GAN_OK)
        return be->ops->capture_end(be, &t->graph);
    be->ops->capture_end(be, NULL);
    return status;
}

gan_status gan_graph_step(gan_training *t)
{
    gan_backend *be = t->backend;
    gan_adam_args args[GAN_GRAPH_UPDATES];
    float wishes[GAN_WISHES];
    if (!t->graph)
        GAN_TRY(capture(t));
    gan_training_wish(t, wishes);
    GAN_TRY(be->ops->upload(be, t->wishes, wishes, sizeof wishes));
    for (int i = 0; i < t->n_graph_updates; i++) {
        int net = t->graph_updates[i];
        args[i] = gan_optim_args(&t->optims[net], gan_training_updated(t, net));
    }
    GAN_TRY(gan_snapshot_launch(t->snapshot));
    GAN_TRY(be->ops->graph_launch(be, t->graph, (uint32_t)t->done, args, t->n_graph_updates));
    return gan_comm_replay(t->comm);
}
