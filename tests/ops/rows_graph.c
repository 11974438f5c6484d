/* rows_graph.c: captures and graphs. A row's check passes at once on a backend without them (test_table.c
 * sees to it that a backend has all four or none). */
#include "ops.h"

#include <string.h>

enum { N = 3, DIM = 8, OUT = 5, WEIGHTS = DIM * OUT, LAUNCHES = 3 };

/* A toy of a step: noise, a dense layer forward and back, two updates, a sum of two shards. */
typedef struct toy {
    gan_backend *be;
    gan_conv *conv;
    float *z, *y, *parts[2], *dw, *weights, *m, *v, *before;
} toy;

static float *room(gan_backend *be, size_t n)
{
    void *memory = NULL;
    OPS_OK(be->ops->alloc(be, &memory, n * sizeof(float)));
    return memory;
}

static void toy_reset(toy *t)
{
    float weights[WEIGHTS], zero[WEIGHTS] = {0};
    gan_rng_normal(weights, WEIGHTS, (gan_rng){.seed = 3, .stream = GAN_STREAM_INIT}, 0, 0.5f);
    OPS_OK(t->be->ops->upload(t->be, t->weights, weights, sizeof weights));
    OPS_OK(t->be->ops->upload(t->be, t->m, zero, sizeof zero));
    OPS_OK(t->be->ops->upload(t->be, t->v, zero, sizeof zero));
}

static const gan_conv_shape toy_shape = {.n = N,
                                         .h = 1,
                                         .w = 1,
                                         .c = DIM,
                                         .out_h = 1,
                                         .out_w = 1,
                                         .out_c = OUT,
                                         .kernel_h = 1,
                                         .kernel_w = 1,
                                         .stride_h = 1,
                                         .stride_w = 1};

static void toy_open(toy *t, gan_backend *be)
{
    *t = (toy){.be = be};
    OPS_OK(be->ops->conv_create(be, &t->conv, &toy_shape));
    t->z = room(be, N * DIM);
    t->y = room(be, N * OUT);
    for (int k = 0; k < 2; k++)
        t->parts[k] = room(be, be->ops->conv_part_floats(be, t->conv));
    t->dw = room(be, WEIGHTS);
    t->weights = room(be, WEIGHTS);
    t->m = room(be, WEIGHTS);
    t->v = room(be, WEIGHTS);
    t->before = room(be, WEIGHTS);
    toy_reset(t);
}

static void toy_close(toy *t)
{
    float *const all[] = {t->z, t->y, t->parts[0], t->parts[1], t->dw, t->weights, t->m, t->v, t->before};
    t->be->ops->conv_destroy(t->be, t->conv);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        t->be->ops->free(t->be, all[i]);
}

static gan_status update(toy *t, uint32_t step, uint32_t draw, const gan_adam_args *args)
{
    const gan_backend_ops *ops = t->be->ops;
    GAN_TRY(ops->conv_prepare(t->be, t->conv, t->weights));
    for (int k = 0; k < 2; k++) {
        const gan_rng at = {
            .seed = 5, .stream = GAN_STREAM_NOISE, .draw = draw, .step = step, .index = N * (uint32_t)k};
        GAN_TRY(ops->noise(t->be, t->z, N, DIM, true, at));
        GAN_TRY(ops->conv_forward(t->be, t->conv, t->y, t->z));
        GAN_TRY(ops->act_forward(t->be, t->y, GAN_ACT_TANH, N * OUT));
        GAN_TRY(ops->conv_backward_weights(t->be, t->conv, t->parts[k], t->z, t->y, false));
    }
    GAN_TRY(ops->conv_weight_gradient(t->be, t->conv, t->dw, t->parts, 2));
    return ops->adam(t->be, t->weights, t->m, t->v, t->dw, WEIGHTS, args);
}

static gan_status toy_step(toy *t, uint32_t step, const gan_adam_args args[2])
{
    GAN_TRY(t->be->ops->copy(t->be, t->before, t->weights, WEIGHTS * sizeof(float)));
    GAN_TRY(update(t, step, 0, &args[0]));
    return update(t, step, 1, &args[1]);
}

/* Other numbers for every update. */
static void arguments(gan_adam_args args[2], int step)
{
    for (int k = 0; k < 2; k++)
        args[k] = (gan_adam_args){.step_size = 0.01f * (float)(1 + 2 * step + k),
                                  .beta1 = 0.5f,
                                  .beta2 = 0.9f,
                                  .rest1 = 0.5f,
                                  .rest2 = 0.1f,
                                  .epsilon = 1e-6f * (float)(1 + step)};
}

typedef struct toy_state {
    float weights[WEIGHTS], m[WEIGHTS], v[WEIGHTS], before[WEIGHTS];
} toy_state;

static void toy_read(toy_state *out, const toy *t)
{
    OPS_OK(t->be->ops->download(t->be, out->weights, t->weights, sizeof out->weights));
    OPS_OK(t->be->ops->download(t->be, out->m, t->m, sizeof out->m));
    OPS_OK(t->be->ops->download(t->be, out->v, t->v, sizeof out->v));
    OPS_OK(t->be->ops->download(t->be, out->before, t->before, sizeof out->before));
}

static void run_eagerly(toy *t)
{
    toy_reset(t);
    for (int step = 0; step < LAUNCHES; step++) {
        gan_adam_args args[2];
        arguments(args, step);
        OPS_OK(toy_step(t, (uint32_t)(40 + step), args));
    }
}

/* What is captured has numbers of its own, which no launch may use; and it is not done. */
static gan_graph *capture(toy *t)
{
    gan_graph *graph = NULL;
    gan_adam_args args[2];
    arguments(args, 7);
    OPS_OK(t->be->ops->capture_begin(t->be));
    OPS_OK(toy_step(t, 7, args));
    OPS_OK(t->be->ops->capture_end(t->be, &graph));
    assert_non_null(graph);
    return graph;
}

static void check_launch(gan_backend *be)
{
    toy t;
    toy_state want, got;
    gan_adam_args args[2];
    if (!be->ops->graph_launch)
        return;
    toy_open(&t, be);
    run_eagerly(&t);
    toy_read(&want, &t);
    toy_reset(&t);
    gan_graph *graph = capture(&t);
    for (int step = 0; step < LAUNCHES; step++) {
        arguments(args, step);
        OPS_OK(be->ops->graph_launch(be, graph, (uint32_t)(40 + step), args, 2));
        memset(args, 0, sizeof args); /* read before it returns */
    }
    toy_read(&got, &t);
    assert_memory_equal(&got, &want, sizeof want);
    assert_int_equal(be->ops->graph_launch(be, graph, 40, args, 1), GAN_FAILED);
    assert_non_null(strstr(gan_error_message(), "1 updates of Adam, but 2"));
    gan_conv *conv = NULL;
    assert_int_equal(be->ops->conv_create(be, &conv, &toy_shape), GAN_FAILED);
    be->ops->graph_destroy(be, graph);
    OPS_OK(be->ops->conv_create(be, &conv, &toy_shape));
    be->ops->conv_destroy(be, conv);
    run_eagerly(&t); /* nothing of the capture stays */
    toy_read(&got, &t);
    assert_memory_equal(&got, &want, sizeof want);
    toy_close(&t);
}

/* Two graphs take turns, and each can be destroyed while it is under way. */
static void check_destroy(gan_backend *be)
{
    toy t;
    toy_state want, got;
    if (!be->ops->graph_destroy)
        return;
    be->ops->graph_destroy(be, NULL);
    toy_open(&t, be);
    run_eagerly(&t);
    toy_read(&want, &t);
    toy_reset(&t);
    gan_graph *graphs[2] = {capture(&t), capture(&t)};
    for (int step = 0; step < LAUNCHES; step++) {
        gan_adam_args args[2];
        arguments(args, step);
        OPS_OK(be->ops->graph_launch(be, graphs[step % 2], (uint32_t)(40 + step), args, 2));
    }
    be->ops->graph_destroy(be, graphs[0]);
    be->ops->graph_destroy(be, graphs[1]);
    toy_read(&got, &t);
    assert_memory_equal(&got, &want, sizeof want);
    toy_close(&t);
}

static void assert_refused(gan_backend *be, gan_status status, const char *call)
{
    if (status != GAN_FAILED || !strstr(gan_error_message(), call) ||
        !strstr(gan_error_message(), "within a capture"))
        fail_msg("%s within a capture: '%s'", call, status == GAN_OK ? "fine" : gan_error_message());
    gan_graph *graph = (gan_graph *)&graph;
    assert_int_equal(be->ops->capture_end(be, &graph), GAN_FAILED); /* the refusal spoils it */
    assert_null(graph);
    OPS_OK(be->ops->sync(be));
}

static void check_begin(gan_backend *be)
{
    toy t;
    gan_conv *conv;
    gan_adam_args args[2];
    const gan_backend_ops *ops = be->ops;
    float value[4] = {1, 2, 3, 4};
    void *memory;
    if (!ops->capture_begin)
        return;
    toy_open(&t, be);
    run_eagerly(&t);
    gan_graph *graph = capture(&t);
    arguments(args, 1);
    OPS_OK(ops->read_start(be, 0, t.z, sizeof value));
#define REFUSED(call, words)                                                                                 \
    OPS_OK(ops->capture_begin(be));                                                                          \
    assert_refused(be, call, words)
    REFUSED(ops->alloc(be, &memory, 4), "alloc");
    REFUSED(ops->conv_create(be, &conv, &(gan_conv_shape){.n = 1}), "conv_create");
    REFUSED(ops->upload(be, t.z, value, sizeof value), "upload");
    REFUSED(ops->download(be, value, t.z, sizeof value), "download");
    REFUSED(ops->read_start(be, 0, t.z, sizeof value), "read_start");
    REFUSED(ops->read_wait(be, 0, value), "read_wait");
    REFUSED(ops->sync(be), "sync");
    REFUSED(ops->host_alloc(be, &memory, 4), "host_alloc");
    REFUSED(ops->send(be, t.z, value, sizeof value), "send");
    REFUSED(ops->send_wait(be), "send_wait");
    REFUSED(ops->peek_open(be), "peek_open");
    REFUSED(ops->capture_begin(be), "capture_begin");
    REFUSED(ops->graph_launch(be, graph, 1, args, 2), "graph_launch");
    ops->graph_destroy(be, graph);
    toy_close(&t);
}

static void check_end(gan_backend *be)
{
    toy t;
    toy_state want, got;
    gan_graph *graph = (gan_graph *)&graph;
    gan_adam_args args[2];
    if (!be->ops->capture_end)
        return;
    assert_int_equal(be->ops->capture_end(be, &graph), GAN_FAILED);
    assert_null(graph);
    toy_open(&t, be);
    run_eagerly(&t);
    toy_read(&want, &t);
    arguments(args, 1);
    OPS_OK(be->ops->capture_begin(be));
    OPS_OK(toy_step(&t, 1, args));
    OPS_OK(be->ops->capture_end(be, NULL)); /* thrown away, and never done */
    toy_read(&got, &t);
    assert_memory_equal(&got, &want, sizeof want);
    graph = capture(&t);
    toy_read(&got, &t);
    assert_memory_equal(&got, &want, sizeof want);
    be->ops->graph_destroy(be, graph);
    toy_close(&t);
}

static const ops_row rows[] = {
    {OPS_OP(capture_begin), .check = check_begin},
    {OPS_OP(capture_end), .check = check_end},
    {OPS_OP(graph_launch), .check = check_launch},
    {OPS_OP(graph_destroy), .check = check_destroy},
};

const ops_group ops_rows_graph = {rows, sizeof(rows) / sizeof(rows[0])};
