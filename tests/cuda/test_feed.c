/* test_feed.c: pictures that a device keeps, and pictures that are sent for each step,
 * train to the same bits as floats made on the host, whatever the device does first;
 * which of the two it is; and failures on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cudasim.h"
#include "feed.h"
#include "step/tiny.h"
#include "gan_dist/comm.h"

#define STEPS 5
#define FIRST 3 /* the step at which training begins: not at a buffer of number 0 */

static gan_comm *comm;
static gan_data *data;
static gan_config config;

static int set_up(void **state)
{
    (void)state;
    tiny_config(&config, "z D G", GAN_BN_GLOBAL);
    snprintf(config.generator.layers, GAN_TEXT_MAX,
             "dense 2x2x6 bn relu | deconv 4 s2 5 bn lrelu | deconv 5 s2 3 tanh");
    snprintf(config.discriminator.layers, GAN_TEXT_MAX,
             "conv 5 s2 4 lrelu | conv 4 s2 p1 6 bn lrelu | dense 1");
    snprintf(config.data, GAN_TEXT_MAX, "faces:37");
    config.channels = 3;
    config.classes = 0;
    config.batch = 8;
    config.shards = 2;
    config.mirror = true;
    return gan_comm_open_self(&comm) != GAN_OK || gan_data_open(&data, &config, comm, NULL) != GAN_OK;
}

static int tear_down(void **state)
{
    (void)state;
    gan_data_close(data);
    gan_comm_close(comm, false, 0);
    return 0;
}

static gan_status open_feed(gan_feed **out, gan_backend *be)
{
    return gan_feed_open(out, be, data, &config, 0, config.batch, FIRST);
}

static void train(tiny *t, gan_feed *feed, gan_loader *loader)
{
    const gan_order *order = gan_step_order(t->step);
    for (uint64_t number = FIRST; number < FIRST + STEPS; number++) {
        gan_batch batch;
        if ((feed ? gan_feed_next(feed, &batch) : gan_loader_next(loader, &batch)) != GAN_OK ||
            gan_step_next(t->step, number, &batch) != GAN_OK)
            fail_msg("%s", gan_error_message());
        for (int i = 0; i < order->n; i++) {
            tiny_op(t, order->ops[i]);
            tiny_update(t, order->ops[i]);
        }
    }
}

/* Both networks' weights after some steps. */
static float *trained(bool from_floats, size_t *n)
{
    tiny t;
    gan_feed *feed = NULL;
    gan_loader *loader = NULL;
    const gan_loader_spec spec = {.n = config.batch, .step = FIRST};
    tiny_open(&t, &config, "cuda", 1, 0, 1, NULL, NULL);
    if (from_floats)
        assert_int_equal(gan_loader_open(&loader, data, &config, &spec), GAN_OK);
    else if (open_feed(&feed, t.backend) != GAN_OK)
        fail_msg("%s", gan_error_message());
    train(&t, feed, loader);
    const size_t g = gan_net_arena_floats(t.g), d = gan_net_arena_floats(t.d);
    float *weights = calloc(g + d, sizeof *weights);
    assert_non_null(weights);
    assert_int_equal(t.backend->ops->download(t.backend, weights, gan_net_parameters(t.g), g * sizeof(float)),
                     GAN_OK);
    assert_int_equal(
        t.backend->ops->download(t.backend, weights + g, gan_net_parameters(t.d), d * sizeof(float)), GAN_OK);
    gan_feed_close(feed);
    gan_loader_close(loader);
    tiny_close(&t);
    *n = g + d;
    return weights;
}

static void trains_as_from_floats(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        int seeds;
    } orders[] = {{"eager", 1}, {"lazy", 1}, {"random", 3}, {"starve", 2}};
    size_t n;
    float *want = trained(true, &n);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        for (int seed = 1; seed <= orders[i].seeds; seed++)
            for (int where = GAN_PICTURES_DEVICE; where <= GAN_PICTURES_HOST; where++) {
                cudasim_set((unsigned long long)seed, orders[i].policy);
                config.pictures = (gan_pictures)where;
                float *got = trained(false, &n);
                if (memcmp(want, got, n * sizeof *want) != 0)
                    fail_msg("other weights: %s, seed %d, pictures %d", orders[i].policy, seed, where);
                free(got);
            }
    free(want);
    config.pictures = GAN_PICTURES_AUTO;
    assert_int_equal(cudasim_alive(), 0);
}

/* Whether a device with so much memory keeps the pictures; -1: refused. */
static int keeps(gan_pictures where, size_t memory)
{
    gan_backend *be;
    gan_feed *feed = NULL;
    size_t room;
    cudasim_memory((size_t)16 << 30);
    assert_int_equal(gan_backend_open(&be, "cuda", &(gan_backend_options){.threads = 1}), GAN_OK);
    assert_int_equal(be->ops->room(be, &room), GAN_OK);
    cudasim_memory(((size_t)16 << 30) - room + memory);
    cudasim_fail("");
    config.pictures = where;
    const gan_status status = open_feed(&feed, be);
    const bool sends = cudasim_calls("cudaMallocHost") > 0;
    gan_feed_close(feed);
    gan_backend_close(be);
    cudasim_memory((size_t)16 << 30);
    config.pictures = GAN_PICTURES_AUTO;
    if (status == GAN_OK)
        return !sends;
    assert_int_equal(status, GAN_BAD_INPUT);
    assert_non_null(strstr(gan_error_message(), "run.pictures = device"));
    return -1;
}

static void keeps_what_fits_half_of_the_memory(void **state)
{
    (void)state;
    const size_t all =
        (size_t)gan_data_count(data) * (size_t)(config.height * config.width * config.channels);
    assert_int_equal(keeps(GAN_PICTURES_AUTO, 2 * all), 1);
    assert_int_equal(keeps(GAN_PICTURES_AUTO, 2 * all - 2), 0);
    assert_int_equal(keeps(GAN_PICTURES_DEVICE, 2 * all), 1);
    assert_int_equal(keeps(GAN_PICTURES_DEVICE, 2 * all - 2), -1);
    assert_int_equal(keeps(GAN_PICTURES_HOST, (size_t)1 << 30), 0);
}

static gan_status open_and_take(gan_backend *be)
{
    gan_feed *feed = NULL;
    gan_status status = open_feed(&feed, be);
    for (int i = 0; i < 3 && status == GAN_OK; i++) {
        gan_batch batch;
        status = gan_feed_next(feed, &batch);
    }
    gan_feed_close(feed);
    return status;
}

/* Call n of this kind, of those that a feed makes and not the backend. */
static void fails_at(const char *call, unsigned long n)
{
    gan_backend *be;
    char plan[64];
    cudasim_fail("");
    assert_int_equal(gan_backend_open(&be, "cuda", &(gan_backend_options){.threads = 1}), GAN_OK);
    snprintf(plan, sizeof plan, "%s:%lu", call, n);
    cudasim_fail(plan);
    const gan_status status = open_and_take(be);
    const bool made = cudasim_calls(call) >= n;
    gan_backend_close(be);
    assert_int_equal(cudasim_alive(), 0);
    assert_int_equal(status, made ? GAN_FAILED : GAN_OK);
    if (!made)
        return;
    assert_non_null(strstr(gan_error_message(), "cuda"));
    fails_at(call, n + 1);
}

static void fails_cleanly(void **state)
{
    static const char *const calls[] = {"cudaMemGetInfo",
                                        "cudaMalloc",
                                        "cudaMallocHost",
                                        "cudaMemcpyAsync",
                                        "cudaEventRecord",
                                        "cudaStreamWaitEvent",
                                        "cudaStreamCreateWithFlags",
                                        "cudaEventCreateWithFlags"};
    (void)state;
    for (int where = GAN_PICTURES_DEVICE; where <= GAN_PICTURES_HOST; where++) {
        config.pictures = (gan_pictures)where;
        for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
            fails_at(calls[i], 1);
    }
    cudasim_fail("");
    config.pictures = GAN_PICTURES_AUTO;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trains_as_from_floats),
        cmocka_unit_test(keeps_what_fits_half_of_the_memory),
        cmocka_unit_test(fails_cleanly),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
