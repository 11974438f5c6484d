/* step.c: the passes of a GAN step and the gradients they fill. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gan_dist/base.h"
#include "gan_dist/step.h"

enum { REAL, FAKE }; /* D's two passes */

struct gan_step {
    gan_backend *backend;
    const gan_config *config;
    gan_shards shards;
    gan_order order;
    const gan_loss *loss;
    gan_net *g, *d;
    gan_workspace *workspace; /* of both: their backward passes take turns */
    uint64_t number;
    uint32_t draw;     /* how many z this step has drawn */
    bool g_stale;      /* G's activations are not those of its weights and noise */
    float **z, **real; /* [n_local] */
    int **labels;      /* [n_local], NULL without labels */
    uint64_t *picks;   /* [n_local * pictures]: one upload a step */
    const uint8_t *pixels;
    const uint64_t *positions;
    float **d_extras, **g_extras; /* [n_local][GAN_NET_EXTRAS] */
};

static gan_status alloc_rows(gan_step *step, void ***rows, size_t bytes)
{
    gan_backend *be = step->backend;
    size_t n = (size_t)step->shards.n_local, stride = (bytes + 63) / 64 * 64;
    void *memory;
    *rows = calloc(n, sizeof **rows);
    if (!*rows)
        return gan_error(GAN_FAILED, "the step: out of memory");
    GAN_TRY(be->ops->alloc(be, &memory, n * stride));
    for (size_t s = 0; s < n; s++)
        (*rows)[s] = (char *)memory + s * stride;
    return GAN_OK;
}

static void free_rows(gan_step *step, void **rows)
{
    if (rows)
        step->backend->ops->free(step->backend, rows[0]);
    free(rows);
}

static gan_status create_nets(gan_step *step, gan_reduce_fn reduce, void *reduce_context)
{
    const gan_config *config = step->config;
    GAN_TRY(gan_workspace_create(&step->workspace, step->backend, step->shards.n_local));
    gan_net_spec spec = gan_step_spec(config, &step->shards, NULL);
    spec.workspace = step->workspace;
    spec.reduce = reduce;
    spec.reduce_context = reduce_context;
    GAN_TRY(gan_net_create(&step->g, step->backend, &spec));
    spec = gan_step_spec(config, &step->shards, step->g);
    spec.workspace = step->workspace;
    spec.reduce = reduce;
    spec.reduce_context = reduce_context;
    GAN_TRY(gan_net_create(&step->d, step->backend, &spec));
    return gan_workspace_alloc(step->workspace);
}

/* Wires what never changes: noise into G, pictures into D. */
static void connect(gan_step *step)
{
    for (int s = 0; s < step->shards.n_local; s++) {
        const int *labels = step->labels ? step->labels[s] : NULL;
        gan_pass_set_input(gan_net_pass(step->g, 0), s, step->z[s], labels);
        gan_pass_set_input(gan_net_pass(step->d, REAL), s, step->real[s], labels);
        gan_pass_set_input(gan_net_pass(step->d, FAKE), s, gan_pass_output(gan_net_pass(step->g, 0), s),
                           labels);
    }
}

gan_status gan_step_create(gan_step **out, gan_backend *backend, const gan_config *config,
                           const gan_shards *shards, gan_reduce_fn reduce, void *reduce_context)
{
    gan_status status;
    GAN_TRY(gan_step_judge(NULL, config, shards));
    gan_step *step = calloc(1, sizeof *step);
    if (!step)
        return gan_error(GAN_FAILED, "the step: out of memory");
    step->backend = backend;
    step->config = config;
    step->shards = *shards;
    step->g_stale = true;
    step->loss = gan_loss_find(config->loss);
    size_t pictures = (size_t)shards->pictures, extras = GAN_NET_EXTRAS * sizeof(float);
    size_t picture = (size_t)config->height * (size_t)config->width * (size_t)config->channels;
    GAN_TRY_OUT(status, gan_order_parse(&step->order, config->order));
    GAN_TRY_OUT(status, create_nets(step, reduce, reduce_context));
    GAN_TRY_OUT(status,
                alloc_rows(step, (void ***)&step->z, pictures * (size_t)config->noise_dim * sizeof(float)));
    GAN_TRY_OUT(status, alloc_rows(step, (void ***)&step->real, pictures * picture * sizeof(float)));
    if (config->classes > 0)
        GAN_TRY_OUT(status, alloc_rows(step, (void ***)&step->labels, pictures * sizeof(int)));
    GAN_TRY_OUT(status, backend->ops->alloc(backend, (void **)&step->picks,
                                            (size_t)shards->n_local * pictures * sizeof *step->picks));
    GAN_TRY_OUT(status, alloc_rows(step, (void ***)&step->d_extras, extras));
    GAN_TRY_OUT(status, alloc_rows(step, (void ***)&step->g_extras, extras));
    connect(step);
    *out = step;
    return GAN_OK;
out:
    gan_step_destroy(step);
    return status;
}

void gan_step_destroy(gan_step *step)
{
    if (!step)
        return;
    free_rows(step, (void **)step->z);
    free_rows(step, (void **)step->real);
    free_rows(step, (void **)step->labels);
    step->backend->ops->free(step->backend, step->picks);
    free_rows(step, (void **)step->d_extras);
    free_rows(step, (void **)step->g_extras);
    gan_net_destroy(step->g);
    gan_net_destroy(step->d);
    gan_workspace_destroy(step->workspace);
    free(step);
}

gan_net *gan_step_generator(gan_step *step)
{
    return step->g;
}

gan_net *gan_step_discriminator(gan_step *step)
{
    return step->d;
}

const gan_order *gan_step_order(const gan_step *step)
{
    return &step->order;
}

void gan_step_changed(gan_step *step, const gan_net *net)
{
    step->g_stale = step->g_stale || net == step->g;
}

/* The real pictures of a shard, from the bytes that the backend has. */
static gan_status pictures_shard(void *context, int shard)
{
    const gan_step *step = context;
    const gan_config *config = step->config;
    gan_backend *be = step->backend;
    gan_pictures_args args = {.n = step->shards.pictures,
                              .h = config->height,
                              .w = config->width,
                              .c = config->channels,
                              .unit = config->range == GAN_RANGE_UNIT};
    const uint64_t *picks = step->picks + (size_t)shard * (size_t)step->shards.pictures;
    return be->ops->pictures(be, step->real[shard], step->pixels, picks, &args);
}

/* Shard s's part of an array of `each` bytes a picture. */
static gan_status upload_part(const gan_step *step, void *to, const void *from_host, int s, size_t each)
{
    size_t bytes = (size_t)step->shards.pictures * each;
    return step->backend->ops->upload(step->backend, to, (const char *)from_host + (size_t)s * bytes, bytes);
}

gan_status gan_step_next(gan_step *step, uint64_t number, const gan_batch *batch)
{
    const size_t picture = gan_shape_count(gan_net_input_shape(step->d)) * sizeof(float);
    step->number = number;
    step->draw = 0;
    step->positions = batch->positions;
    step->pixels = batch->pixels;
    for (int s = 0; s < step->shards.n_local; s++) {
        if (batch->images)
            GAN_TRY(upload_part(step, step->real[s], batch->images, s, picture));
        if (step->labels)
            GAN_TRY(upload_part(step, step->labels[s], batch->labels, s, sizeof **step->labels));
    }
    if (batch->images)
        return GAN_OK;
    size_t n = (size_t)step->shards.n_local * (size_t)step->shards.pictures;
    GAN_TRY(step->backend->ops->upload(step->backend, step->picks, batch->picks, n * sizeof *step->picks));
    return step->backend->ops->for_shards(step->backend, step->shards.n_local, pictures_shard, step);
}

static gan_status noise_shard(void *context, int shard)
{
    gan_step *step = context;
    gan_backend *be = step->backend;
    const bool normal = step->config->noise == GAN_NOISE_NORMAL;
    const int pictures = step->shards.pictures;
    size_t dim = (size_t)step->config->noise_dim;
    gan_rng at = {.seed = step->config->seed, .stream = GAN_STREAM_NOISE};
    if (!step->config->noise_paired) {
        at.draw = step->draw;
        at.step = (uint32_t)step->number;
        at.index = (uint32_t)((step->shards.first + shard) * pictures);
        return be->ops->noise(be, step->z[shard], (size_t)pictures, dim, normal, at);
    }
    for (int i = 0; i < pictures; i++) {
        at.index = (uint32_t)step->positions[shard * pictures + i];
        GAN_TRY(be->ops->noise(be, step->z[shard] + (size_t)i * dim, 1, dim, normal, at));
    }
    return GAN_OK;
}

gan_status gan_step_noise(gan_step *step)
{
    GAN_TRY(step->backend->ops->for_shards(step->backend, step->shards.n_local, noise_shard, step));
    step->draw++;
    step->g_stale = true;
    return GAN_OK;
}

static gan_status refresh_fakes(gan_step *step)
{
    if (!step->g_stale)
        return GAN_OK;
    GAN_TRY(gan_net_forward(step->g, gan_net_pass(step->g, 0), true));
    step->g_stale = false;
    return GAN_OK;
}

typedef struct loss_job {
    gan_step *step;
    int pass;
    gan_loss_role role;
    float **extras;
    int slot;
} loss_job;

static gan_status loss_shard(void *context, int shard)
{
    const loss_job *job = context;
    gan_step *step = job->step;
    gan_backend *be = step->backend;
    gan_pass *pass = gan_net_pass(step->d, job->pass);
    return be->ops->loss(be, step->loss, job->role, gan_pass_output_gradient(pass, shard),
                         job->extras[shard] + job->slot, gan_pass_output(pass, shard), step->shards.pictures,
                         1.0f / (float)step->config->batch);
}

static gan_status run_loss(gan_step *step, int pass, gan_loss_role role, float **extras, int slot)
{
    loss_job job = {step, pass, role, extras, slot};
    return step->backend->ops->for_shards(step->backend, step->shards.n_local, loss_shard, &job);
}

/* The scalars of an update join its gradients, so that one exchange carries both. They are there before the
 * first gradients, which may be sent at once. */
static gan_status sum_extras(gan_step *step, gan_net *net, float **extras)
{
    gan_backend *be = step->backend;
    return be->ops->tree_sum(be, gan_net_gradients(net) + gan_net_arena_floats(net), extras,
                             step->shards.n_local, GAN_EXTRA_STOP);
}

static gan_status d_gradients(gan_step *step)
{
    GAN_TRY(run_loss(step, REAL, GAN_LOSS_D_REAL, step->d_extras, GAN_EXTRA_LOSS_REAL));
    GAN_TRY(run_loss(step, FAKE, GAN_LOSS_D_FAKE, step->d_extras, GAN_EXTRA_LOSS_FAKE));
    GAN_TRY(sum_extras(step, step->d, step->d_extras));
    gan_pass *both[2] = {gan_net_pass(step->d, REAL), gan_net_pass(step->d, FAKE)};
    return gan_net_backward(step->d, both, 2, GAN_WANT_PARAMETERS);
}

static gan_status g_gradients(gan_step *step)
{
    gan_pass *fake = gan_net_pass(step->d, FAKE), *made = gan_net_pass(step->g, 0);
    GAN_TRY(run_loss(step, FAKE, GAN_LOSS_G, step->g_extras, GAN_EXTRA_LOSS_G));
    GAN_TRY(sum_extras(step, step->g, step->g_extras));
    GAN_TRY(gan_net_backward(step->d, &fake, 1, GAN_WANT_INPUT));
    for (int s = 0; s < step->shards.n_local; s++)
        gan_pass_set_output_gradient(made, s, gan_pass_input_gradient(fake, s));
    return gan_net_backward(step->g, &made, 1, GAN_WANT_PARAMETERS);
}

gan_status gan_step_begin(gan_step *step, gan_op op)
{
    if (op == GAN_OP_D || op == GAN_OP_BOTH)
        GAN_TRY(gan_net_forward(step->d, gan_net_pass(step->d, REAL), true));
    if (op == GAN_OP_G || op == GAN_OP_BOTH)
        GAN_TRY(refresh_fakes(step));
    return GAN_OK;
}

gan_status gan_step_end(gan_step *step, gan_op op)
{
    GAN_TRY(refresh_fakes(step));
    GAN_TRY(gan_net_forward(step->d, gan_net_pass(step->d, FAKE), true));
    if (op == GAN_OP_D || op == GAN_OP_BOTH)
        GAN_TRY(d_gradients(step));
    if (op == GAN_OP_G || op == GAN_OP_BOTH)
        GAN_TRY(g_gradients(step));
    return GAN_OK;
}
