/* test_wait.c: how the host waits: for no more than it has to, asking `poll` meanwhile, which can
 * end any wait (`close` excepted); and that what only hands work to the device does not wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "cudasim.h"
#include "gan_dist/backend.h"

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if ((call) != GAN_OK)                                                                                \
            fail_msg("%s: %s", #call, gan_error_message());                                                  \
    } while (0)

enum { LARGE = 6 << 20, WORK = 200 };

typedef struct bench {
    gan_backend *be;
    const gan_backend_ops *ops;
    float *memory;
    char *host;
    int asked, patience; /* of poll: it fails when asked more often */
} bench;

static gan_status ask(void *context)
{
    bench *b = context;
    return ++b->asked > b->patience ? gan_error(GAN_STOPPED, "enough waited") : GAN_OK;
}

/* A device that does nothing until the host waits, and has much to do then. */
static bench opened(void)
{
    bench b = {.patience = 1 << 30};
    cudasim_fail("");
    cudasim_set(1, "lazy");
    OK(gan_backend_open(&b.be, "cuda", &(gan_backend_options){.threads = 1}));
    b.ops = b.be->ops;
    OK(b.ops->alloc(b.be, (void **)&b.memory, LARGE));
    OK(b.ops->sync(b.be));
    assert_non_null(b.host = calloc(1, LARGE));
    return b;
}

static void work(bench *b)
{
    for (int i = 0; i < WORK; i++)
        OK(b->ops->act_forward(b->be, b->memory, GAN_ACT_RELU, 64));
    b->be->poll = ask;
    b->be->poll_context = b;
    b->asked = 0;
}

static void closed(bench *b)
{
    b->be->poll = NULL;
    b->ops->free(b->be, b->memory);
    gan_backend_close(b->be);
    free(b->host);
    assert_int_equal(cudasim_alive(), 0);
}

static gan_status by_download(bench *b)
{
    return b->ops->download(b->be, b->host, b->memory, 4);
}

static gan_status by_large_download(bench *b)
{
    return b->ops->download(b->be, b->host, b->memory, LARGE);
}

static gan_status by_sync(bench *b)
{
    return b->ops->sync(b->be);
}

static gan_status by_read(bench *b)
{
    OK(b->ops->read_start(b->be, 1, b->memory, 4));
    assert_int_equal(b->asked, 0);
    return b->ops->read_wait(b->be, 1, b->host);
}

/* Its slots are soon all on their way. */
static gan_status by_upload(bench *b)
{
    GAN_TRY(b->ops->upload(b->be, b->memory, b->host, LARGE));
    return b->ops->upload(b->be, b->memory, b->host, LARGE);
}

static gan_status by_many_uploads(bench *b)
{
    for (int i = 0; i < 100; i++)
        GAN_TRY(b->ops->upload(b->be, b->memory, b->host, 4));
    return GAN_OK;
}

typedef gan_status (*waiting_fn)(bench *b);

static const waiting_fn waits[] = {by_download, by_large_download, by_sync,
                                   by_read,     by_upload,         by_many_uploads};

static void poll_can_end_every_wait(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        bench b = opened();
        work(&b);
        OK(waits[i](&b));
        assert_true(b.asked > 3);
        work(&b);
        b.patience = 2;
        assert_int_equal(waits[i](&b), GAN_STOPPED);
        assert_string_equal(gan_error_message(), "enough waited");
        assert_int_equal(b.asked, 3);
        b.be->poll = NULL;
        OK(b.ops->sync(b.be)); /* the device itself is well */
        closed(&b);
    }
}

/* What cannot be given back for the work that is still to come is left to the end of the process. */
static void poll_can_end_a_free(void **state)
{
    (void)state;
    bench b = opened();
    work(&b);
    b.patience = 0;
    b.ops->free(b.be, b.memory);
    assert_int_equal(b.asked, 1);
    b.patience = 1 << 30;
    OK(b.ops->download(b.be, b.host, b.memory, 4)); /* it is still there */
    closed(&b);
}

static void a_read_waits_for_itself_alone(void **state)
{
    (void)state;
    bench b = opened();
    OK(b.ops->read_start(b.be, 0, b.memory, 4));
    cudasim_fail("kernel:1");
    OK(b.ops->act_forward(b.be, b.memory, GAN_ACT_RELU, 64));
    OK(b.ops->read_wait(b.be, 0, b.host));
    assert_int_equal(b.ops->sync(b.be), GAN_FAILED);
    cudasim_fail("");
    closed(&b);
}

static void launches_wait_for_nothing(void **state)
{
    (void)state;
    bench b = opened();
    gan_graph *graph;
    const gan_adam_args args = {.step_size = 1, .epsilon = 1};
    OK(b.ops->capture_begin(b.be));
    OK(b.ops->adam(b.be, b.memory, b.memory + 8, b.memory + 16, b.memory + 24, 8, &args));
    OK(b.ops->capture_end(b.be, &graph));
    work(&b);
    for (uint32_t step = 0; step < 16; step++) {
        float wish = 1;
        OK(b.ops->upload(b.be, b.memory, &wish, sizeof wish));
        OK(b.ops->graph_launch(b.be, graph, step, &args, 1));
        OK(b.ops->read_start(b.be, (int)step % GAN_READ_SLOTS, b.memory, 4));
    }
    assert_int_equal(b.asked, 0);
    b.ops->graph_destroy(b.be, graph);
    closed(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(poll_can_end_every_wait),
        cmocka_unit_test(poll_can_end_a_free),
        cmocka_unit_test(a_read_waits_for_itself_alone),
        cmocka_unit_test(launches_wait_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
