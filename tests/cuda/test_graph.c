/* test_graph.c: whatever call fails while a graph is captured, made or launched: one message, the backend
 * goes on, and nothing of the device stays behind. What graphs compute: tests/ops/rows_graph.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "cudasim.h"
#include "gan_dist/backend.h"

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if ((call) != GAN_OK)                                                                                \
            fail_msg("%s: %s", #call, gan_error_message());                                                  \
    } while (0)

enum { ROWS = 2, C = 8, FLOATS = C * C };

static const gan_conv_shape shape = {ROWS, 1, 1, C, 1, 1, C, 1, 1, 1, 1, 0, 0, 0, 0, true};

typedef struct bench {
    gan_backend *be;
    gan_conv *conv;
    float *memory;
} bench;

static bench opened(void)
{
    bench b;
    cudasim_fail("");
    OK(gan_backend_open(&b.be, "cuda", &(gan_backend_options){.threads = 1}));
    OK(b.be->ops->conv_create(b.be, &b.conv, &shape));
    OK(b.be->ops->alloc(b.be, (void **)&b.memory, 4 * FLOATS * sizeof(float)));
    OK(b.be->ops->sync(b.be));
    return b;
}

static void closed(bench *b)
{
    b->be->ops->free(b->be, b->memory);
    b->be->ops->conv_destroy(b->be, b->conv);
    gan_backend_close(b->be);
    assert_int_equal(cudasim_alive(), 0);
}

static gan_status step(bench *b)
{
    const gan_backend_ops *ops = b->be->ops;
    const gan_adam_args args = {.step_size = 0.1f, .beta1 = 0.5f, .beta2 = 0.9f, .epsilon = 1e-6f};
    GAN_TRY(ops->noise(b->be, b->memory, ROWS, C, false, (gan_rng){.seed = 1}));
    GAN_TRY(ops->copy(b->be, b->memory + 2 * FLOATS, b->memory, C * sizeof(float)));
    GAN_TRY(ops->conv_prepare(b->be, b->conv, b->memory));
    GAN_TRY(ops->conv_forward(b->be, b->conv, b->memory + FLOATS, b->memory));
    return ops->adam(b->be, b->memory, b->memory + FLOATS, b->memory + 2 * FLOATS, b->memory + 3 * FLOATS,
                     FLOATS, &args);
}

/* The life of a graph, as its users live it. */
static gan_status capture_and_launch(bench *b)
{
    const gan_backend_ops *ops = b->be->ops;
    const gan_adam_args args = {.step_size = 0.1f, .beta1 = 0.5f, .beta2 = 0.9f, .epsilon = 1e-6f};
    gan_graph *graph;
    GAN_TRY(ops->capture_begin(b->be));
    gan_status status = step(b);
    if (status != GAN_OK) {
        OK(ops->capture_end(b->be, NULL));
        return status;
    }
    GAN_TRY(ops->capture_end(b->be, &graph));
    status = ops->graph_launch(b->be, graph, 3, &args, 1);
    ops->graph_destroy(b->be, graph);
    return status;
}

static void fails_cleanly(void **state)
{
    const char *call = *state;
    bench b = opened();
    cudasim_fail(""); /* what opening calls does not count */
    OK(capture_and_launch(&b));
    const unsigned long calls = cudasim_calls(call);
    assert_true(calls > 0);
    for (unsigned long n = 1; n <= calls; n++) {
        char plan[64];
        snprintf(plan, sizeof plan, "%s:%lu", call, n);
        OK(b.be->ops->sync(b.be));
        cudasim_fail(plan);
        assert_int_not_equal(capture_and_launch(&b), GAN_OK);
        if (!strstr(gan_error_message(), "cuda backend: ") || !strstr(gan_error_message(), "device 0"))
            fail_msg("%s: '%s'", plan, gan_error_message());
        assert_null(strstr(gan_error_message(), "any more"));
        OK(step(&b));
        OK(capture_and_launch(&b));
        OK(b.be->ops->sync(b.be));
    }
    closed(&b);
}

/* A failure that nobody passed on: no graph with a hole. */
static void a_swallowed_failure_makes_no_graph(void **state)
{
    (void)state;
    bench b = opened();
    gan_graph *graph = (gan_graph *)&graph;
    OK(b.be->ops->capture_begin(b.be));
    cudasim_fail("launch:2");
    assert_int_equal(step(&b), GAN_FAILED);
    OK(step(&b));
    assert_int_equal(b.be->ops->capture_end(b.be, &graph), GAN_FAILED);
    assert_null(graph);
    assert_non_null(strstr(gan_error_message(), "a captured call has failed"));
    closed(&b);
}

/* CUDA then also finds the capture wrong, which is not what a user has to hear. */
static void what_failed_first_is_what_is_said(void **state)
{
    (void)state;
    bench b = opened();
    OK(b.be->ops->capture_begin(b.be));
    cudasim_fail("launch:2,cudaStreamEndCapture:1");
    assert_int_equal(step(&b), GAN_FAILED);
    OK(b.be->ops->capture_end(b.be, NULL));
    assert_non_null(strstr(gan_error_message(), "too many resources"));
    OK(step(&b));
    closed(&b);
}

/* The memory stays: CUDA gives none back within a capture. */
static void freeing_spoils_a_capture(void **state)
{
    (void)state;
    bench b = opened();
    gan_graph *graph;
    OK(b.be->ops->capture_begin(b.be));
    OK(step(&b));
    b.be->ops->free(b.be, b.memory);
    assert_int_equal(b.be->ops->capture_end(b.be, &graph), GAN_FAILED);
    assert_null(graph);
    closed(&b);
}

static void a_graph_has_room_for_so_many_updates(void **state)
{
    (void)state;
    bench b = opened();
    gan_graph *graph;
    gan_status status = GAN_OK;
    int updates = 0;
    OK(b.be->ops->capture_begin(b.be));
    while (status == GAN_OK && updates < 1000) {
        status = step(&b);
        updates += status == GAN_OK;
    }
    assert_int_equal(updates, 64); /* a step has at most 31 words that update, each at most two networks */
    assert_non_null(strstr(gan_error_message(), "64 updates"));
    assert_int_equal(b.be->ops->capture_end(b.be, &graph), GAN_FAILED);
    closed(&b);
}

static void says_that_it_cannot_go_on(void **state)
{
    (void)state;
    bench b = opened();
    gan_graph *graph;
    OK(b.be->ops->capture_begin(b.be));
    OK(step(&b));
    cudasim_fail("cudaStreamEndCapture:1,cudaStreamQuery:1");
    assert_int_equal(b.be->ops->capture_end(b.be, &graph), GAN_FAILED);
    assert_null(graph);
    assert_non_null(strstr(gan_error_message(), "cannot be used any more"));
    cudasim_fail("");
    closed(&b);
}

#define FAILS(call) cmocka_unit_test_prestate(fails_cleanly, call)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAILS("cudaStreamBeginCapture"),
        FAILS("cudaStreamEndCapture"),
        FAILS("cudaGraphInstantiateWithFlags"),
        FAILS("cudaGraphUpload"),
        FAILS("cudaGraphLaunch"),
        FAILS("cudaMemcpyAsync"),
        FAILS("cublasGemmEx"),
        FAILS("launch"),
        cmocka_unit_test(a_swallowed_failure_makes_no_graph),
        cmocka_unit_test(what_failed_first_is_what_is_said),
        cmocka_unit_test(freeing_spoils_a_capture),
        cmocka_unit_test(a_graph_has_room_for_so_many_updates),
        cmocka_unit_test(says_that_it_cannot_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
