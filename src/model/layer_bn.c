/* layer_bn.c: batch normalisation (Ioffe and Szegedy 2015) with the activation that follows it.
 *
 * global: statistics over the whole global batch: per-shard sums in double, the fixed tree over shards, one
 * message a layer. shard: every shard by itself, no message; the running statistics are then those of global
 * shard 0, which rank 0 holds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

enum { GAMMA, BETA, RUNNING_MEAN, RUNNING_VAR };

/* Memory of one pass of one layer. A "set" is one set of statistics:
 * one in all (global) or one per local shard. */
typedef struct bn_pass {
    double **sums;           /* [n_local][2c] */
    float *mean, *deviation; /* [sets][c]; deviation is its inverse */
} bn_pass;

typedef struct bn_state {
    int sets;
    double *sums; /* of all passes and shards */
    /* [passes][2c]: contiguous, so that lockstep passes need one message;
     * a single shard's sums are the total. */
    double *total;
    bn_pass *passes;
} bn_state;

static gan_status parse(gan_layer *layer, gan_words *words)
{
    (void)words; /* the builder gives the activation that follows */
    const gan_net_config *config = layer->net->spec.config;
    layer->out = layer->in;
    int64_t c = layer->in.c;
    gan_init gamma = {GAN_INIT_CONSTANT, 1, 0}, zero = {GAN_INIT_CONSTANT, 0, 0};
    if (strcmp(config->init_bn, "ones") != 0) {
        if (strncmp(config->init_bn, "normal ", 7) != 0 ||
            gan_init_parse(&gamma, config->init_bn, "init_bn", 1, 1, 1) != GAN_OK)
            return gan_error(GAN_BAD_INPUT, "%s.init_bn = %s: use ones, or normal D for N(1, D), D > 0",
                             layer->net->spec.name, config->init_bn);
        gamma.a = 1;
    }
    GAN_TRY(gan_net_add_param(&layer->params[GAMMA], layer, "weight", 1, &c, true, gamma));
    GAN_TRY(gan_net_add_param(&layer->params[BETA], layer, "bias", 1, &c, true, zero));
    GAN_TRY(gan_net_add_param(&layer->params[RUNNING_MEAN], layer, "running_mean", 1, &c, false, zero));
    return gan_net_add_param(&layer->params[RUNNING_VAR], layer, "running_var", 1, &c, false,
                             (gan_init){GAN_INIT_CONSTANT, 1, 0});
}

static gan_status open_pass(bn_pass *pass, gan_layer *layer, int sets, double *sums, size_t stride)
{
    gan_backend *be = layer->net->backend;
    size_t c = (size_t)layer->out.c, n_local = (size_t)layer->net->spec.n_local;
    void *floats;
    pass->sums = calloc(n_local, sizeof *pass->sums);
    if (!pass->sums)
        return gan_error(GAN_FAILED, "batch norm: out of memory");
    for (size_t s = 0; s < n_local; s++)
        pass->sums[s] = sums + s * stride;
    GAN_TRY(be->ops->alloc(be, &floats, 2 * (size_t)sets * c * sizeof(float)));
    pass->mean = floats;
    pass->deviation = pass->mean + (size_t)sets * c;
    return GAN_OK;
}

static gan_status open_sums(bn_state *state, const gan_layer *layer, size_t stride)
{
    gan_backend *be = layer->net->backend;
    size_t passes = (size_t)layer->net->spec.passes, n_local = (size_t)layer->net->spec.n_local;
    void *memory;
    GAN_TRY(be->ops->alloc(be, &memory, passes * n_local * stride * sizeof(double)));
    state->sums = state->total = memory;
    if (n_local == 1)
        return GAN_OK;
    state->total = NULL;
    GAN_TRY(be->ops->alloc(be, &memory, passes * 2 * (size_t)layer->out.c * sizeof(double)));
    state->total = memory;
    return GAN_OK;
}

static gan_status open_state(gan_layer *layer)
{
    gan_net *net = layer->net;
    int n = net->spec.passes;
    size_t n_local = (size_t)net->spec.n_local, each = 2 * (size_t)layer->out.c;
    size_t stride = n_local == 1 ? each : (each + 7) / 8 * 8;
    bn_state *state = calloc(1, sizeof *state);
    layer->state = state;
    if (!state || !(state->passes = calloc((size_t)n, sizeof *state->passes)))
        return gan_error(GAN_FAILED, "batch norm: out of memory");
    state->sets = net->spec.bn == GAN_BN_SHARD ? net->spec.n_local : 1;
    GAN_TRY(open_sums(state, layer, stride));
    for (int p = 0; p < n; p++)
        GAN_TRY(open_pass(&state->passes[p], layer, state->sets, state->sums + (size_t)p * n_local * stride,
                          stride));
    gan_net_need_parts(net, each);
    return GAN_OK;
}

static void close_state(gan_layer *layer)
{
    bn_state *state = layer->state;
    gan_backend *be = layer->net->backend;
    for (int p = 0; state && state->passes && p < layer->net->spec.passes; p++) {
        free(state->passes[p].sums);
        be->ops->free(be, state->passes[p].mean);
    }
    if (state) {
        if (state->total != state->sums)
            be->ops->free(be, state->total);
        be->ops->free(be, state->sums);
        free(state->passes);
    }
    free(state);
    layer->state = NULL;
}

static size_t rows_of(const gan_layer *layer)
{
    return (size_t)layer->net->spec.shard_pictures * (size_t)layer->out.h * (size_t)layer->out.w;
}

static size_t set_of(const gan_layer *layer, int shard)
{
    return layer->net->spec.bn == GAN_BN_SHARD ? (size_t)shard : 0;
}

static gan_bn_args args_of(const gan_layer *layer, const gan_pass *pass, int shard, bool train)
{
    const gan_net *net = layer->net;
    const bn_pass *own = &((const bn_state *)layer->state)->passes[pass->number];
    size_t at = set_of(layer, shard) * (size_t)layer->out.c;
    return (gan_bn_args){.rows = rows_of(layer),
                         .c = layer->out.c,
                         .mean = train ? own->mean + at : gan_net_value(net, layer->params[RUNNING_MEAN]),
                         .inverse_deviation = own->deviation + at,
                         .gamma = gan_net_value(net, layer->params[GAMMA]),
                         .beta = gan_net_value(net, layer->params[BETA]),
                         .act = layer->act};
}

/* Mean and deviation of one set; `running` says whether it also feeds the running statistics. */
static gan_status statistics(gan_layer *layer, gan_pass *pass, int set, const double *sums, double count,
                             bool running)
{
    gan_backend *be = layer->net->backend;
    const gan_net_config *config = layer->net->spec.config;
    bn_pass *own = &((bn_state *)layer->state)->passes[pass->number];
    size_t at = (size_t)set * (size_t)layer->out.c;
    return be->ops->bn_statistics(be, own->mean + at, own->deviation + at,
                                  running ? gan_net_value(layer->net, layer->params[RUNNING_MEAN]) : NULL,
                                  running ? gan_net_value(layer->net, layer->params[RUNNING_VAR]) : NULL,
                                  sums, layer->out.c, count, config->bn_epsilon, config->bn_momentum);
}

static gan_status sums_shard(void *context, int shard)
{
    const gan_layer_job *job = context;
    gan_layer *layer = job->layer;
    gan_backend *be = layer->net->backend;
    gan_pass *pass = job->passes[0];
    double *sums = ((bn_state *)layer->state)->passes[pass->number].sums[shard];
    GAN_TRY(be->ops->bn_sums(be, sums, gan_pass_x(pass, layer, shard), rows_of(layer), layer->out.c));
    if (layer->net->spec.bn == GAN_BN_GLOBAL)
        return GAN_OK;
    bool first = layer->net->spec.first_shard + shard == 0;
    return statistics(layer, pass, shard, sums, (double)rows_of(layer), first);
}

static gan_status apply_shard(void *context, int shard)
{
    const gan_layer_job *job = context;
    gan_layer *layer = job->layer;
    gan_backend *be = layer->net->backend;
    gan_bn_args args = args_of(layer, job->passes[0], shard, job->train);
    return be->ops->bn_forward(be, gan_pass_y(job->passes[0], layer, shard),
                               gan_pass_x(job->passes[0], layer, shard), &args);
}

static gan_status again(gan_layer *layer, gan_pass *pass, int shard, float *y)
{
    gan_backend *be = layer->net->backend;
    gan_bn_args args = args_of(layer, pass, shard, true);
    return be->ops->bn_forward(be, y, gan_pass_x(pass, layer, shard), &args);
}

/* What backward ops get as the output: where it is not kept they do not read it. */
static const float *kept_output(const gan_layer *layer, const gan_pass *pass, int shard)
{
    return layer->transient ? gan_pass_x(pass, layer, shard) : gan_pass_y(pass, layer, shard);
}

static double *total_of(const gan_layer *layer, const gan_pass *pass)
{
    return ((const bn_state *)layer->state)->total + (size_t)pass->number * 2 * (size_t)layer->out.c;
}

/* Rows of the whole global batch. */
static double global_rows(const gan_layer *layer)
{
    return (double)rows_of(layer) * layer->net->spec.n_global;
}

static gan_status forward(gan_layer *layer, gan_pass *pass, bool train)
{
    gan_net *net = layer->net;
    gan_backend *be = net->backend;
    bn_state *state = layer->state;
    if (train) {
        GAN_TRY(gan_layer_run(layer, &pass, 1, train, sums_shard));
        if (net->spec.bn == GAN_BN_GLOBAL) {
            size_t n = 2 * (size_t)layer->out.c;
            double *total = total_of(layer, pass);
            GAN_TRY(
                be->ops->tree_sum_double(be, total, state->passes[pass->number].sums, net->spec.n_local, n));
            if (net->spec.reduce)
                GAN_TRY(net->spec.reduce(net->spec.reduce_context, total, n));
            GAN_TRY(statistics(layer, pass, 0, total, global_rows(layer), true));
        }
    } else {
        bn_pass *own = &state->passes[pass->number];
        for (int set = 0; set < state->sets; set++)
            GAN_TRY(be->ops->bn_inference(be, own->deviation + set * layer->out.c,
                                          gan_net_value(net, layer->params[RUNNING_VAR]), layer->out.c,
                                          net->spec.config->bn_epsilon));
    }
    return gan_layer_run(layer, &pass, 1, train, apply_shard);
}

/* Where a shard's gradient of gamma or beta goes: a single shard's is the gradient. */
static float *part_of(const gan_layer *layer, int which, int shard)
{
    const gan_net *net = layer->net;
    if (net->spec.n_local == 1)
        return gan_net_gradient(net, layer->params[which]);
    return gan_net_parts(net)[shard] + (which == GAMMA ? 0 : layer->out.c);
}

static gan_status backward_sums_shard(void *context, int shard)
{
    const gan_layer_job *job = context;
    gan_layer *layer = job->layer;
    gan_backend *be = layer->net->backend;
    for (int p = 0; p < job->n; p++) {
        gan_pass *pass = job->passes[p];
        double *sums = ((bn_state *)layer->state)->passes[pass->number].sums[shard];
        gan_bn_args args = args_of(layer, pass, shard, true);
        GAN_TRY(be->ops->bn_backward_sums(be, sums, gan_pass_gradient(pass, shard),
                                          gan_pass_x(pass, layer, shard), kept_output(layer, pass, shard),
                                          &args));
        if (job->want_dw)
            GAN_TRY(be->ops->bn_gradients(be, part_of(layer, GAMMA, shard), part_of(layer, BETA, shard), sums,
                                          layer->out.c, p > 0));
    }
    return GAN_OK;
}

static gan_status backward_apply_shard(void *context, int shard)
{
    const gan_layer_job *job = context;
    gan_layer *layer = job->layer;
    gan_backend *be = layer->net->backend;
    bool global = layer->net->spec.bn == GAN_BN_GLOBAL;
    for (int p = 0; p < job->n; p++) {
        gan_pass *pass = job->passes[p];
        const double *own = ((const bn_state *)layer->state)->passes[pass->number].sums[shard];
        gan_bn_args args = args_of(layer, pass, shard, true);
        float *dy = gan_pass_gradient(pass, shard);
        GAN_TRY(be->ops->bn_backward(be, dy, dy, gan_pass_x(pass, layer, shard),
                                     kept_output(layer, pass, shard), global ? total_of(layer, pass) : own,
                                     global ? global_rows(layer) : (double)rows_of(layer), &args));
    }
    return GAN_OK;
}

/* The global sums of all passes, whose numbers follow one another, travel in one message. */
static gan_status reduce_gradients(gan_layer *layer, gan_pass *const *passes, int n)
{
    gan_net *net = layer->net;
    gan_backend *be = net->backend;
    bn_state *state = layer->state;
    size_t each = 2 * (size_t)layer->out.c;
    for (int p = 0; p < n; p++)
        GAN_TRY(be->ops->tree_sum_double(be, total_of(layer, passes[p]),
                                         state->passes[passes[p]->number].sums, net->spec.n_local, each));
    return net->spec.reduce
               ? net->spec.reduce(net->spec.reduce_context, total_of(layer, passes[0]), (size_t)n * each)
               : GAN_OK;
}

static gan_status sum_parts(gan_layer *layer, int which)
{
    gan_net *net = layer->net;
    float *parts[net->spec.n_local];
    for (int s = 0; s < net->spec.n_local; s++)
        parts[s] = part_of(layer, which, s);
    return net->backend->ops->tree_sum(net->backend, gan_net_gradient(net, layer->params[which]), parts,
                                       net->spec.n_local, (size_t)layer->out.c);
}

static gan_status backward(gan_layer *layer, gan_pass *const *passes, int n, bool want_dx, bool want_dw)
{
    (void)want_dx;
    GAN_TRY(gan_layer_run(layer, passes, n, want_dw, backward_sums_shard));
    if (want_dw) {
        GAN_TRY(sum_parts(layer, GAMMA));
        GAN_TRY(sum_parts(layer, BETA));
    }
    if (layer->net->spec.bn == GAN_BN_GLOBAL)
        GAN_TRY(reduce_gradients(layer, passes, n));
    return gan_layer_run(layer, passes, n, true, backward_apply_shard);
}

/* A single value less its own mean is zero, whatever it was: the layer gives its shift, and no gradient. */
static gan_status check_training(const gan_layer *layer)
{
    const gan_net *net = layer->net;
    const bool each = net->spec.bn == GAN_BN_SHARD;
    const size_t values = rows_of(layer) * (size_t)(each ? 1 : net->spec.n_global);
    if (values > 1)
        return GAN_OK;
    return gan_error(
        GAN_BAD_INPUT,
        "%s.main.%d: batch norm over one value (%dx%d pixels of 1 picture%s) gives the same whatever "
        "comes in, so nothing would be learned: %s",
        net->spec.name, layer->module, layer->out.h, layer->out.w, each ? " in a shard" : "",
        each ? "give train.shards for at least 2 pictures each, or train.bn = global"
             : "give --batch 2 or more");
}

const gan_layer_ops gan_layer_bn = {
    .word = "bn",
    .usage = "bn: batch normalisation, per channel on maps, per feature on vectors",
    .parse = parse,
    .open = open_state,
    .close = close_state,
    .forward = forward,
    .backward = backward,
    .again = again,
    .check_training = check_training,
};
