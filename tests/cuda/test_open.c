/* test_open.c: whatever call fails while the backend opens, or while it makes a plan: one message, and
 * nothing of the device stays behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cudasim.h"
#include "gan_dist/backend.h"

static const gan_conv_shape shape = {2, 9, 9, 3, 4, 4, 5, 4, 4, 2, 2, 1, 1, 1, 1, true};

static gan_status open_and_plan(void)
{
    gan_backend *be;
    gan_conv *conv = NULL;
    void *memory = NULL;
    GAN_TRY(gan_backend_open(&be, "cuda", &(gan_backend_options){.threads = 1}));
    gan_status status = be->ops->conv_create(be, &conv, &shape);
    if (status == GAN_OK)
        status = be->ops->alloc(be, &memory, 1000);
    be->ops->free(be, memory);
    be->ops->conv_destroy(be, conv);
    gan_backend_close(be);
    return status;
}

static void leaves_nothing(void **state)
{
    (void)state;
    assert_int_equal(open_and_plan(), GAN_OK);
    assert_int_equal(cudasim_alive(), 0);
}

static void fails_cleanly(void **state)
{
    const char *call = *state;
    cudasim_fail("");
    assert_int_equal(open_and_plan(), GAN_OK);
    const unsigned long calls = cudasim_calls(call);
    assert_true(calls > 0);
    for (unsigned long n = 1; n <= calls; n++) {
        char plan[64];
        snprintf(plan, sizeof plan, "%s:%lu", call, n);
        cudasim_fail(plan);
        assert_int_not_equal(open_and_plan(), GAN_OK);
        if (!strstr(gan_error_message(), "cuda"))
            fail_msg("%s: '%s'", plan, gan_error_message());
        assert_int_equal(cudasim_alive(), 0);
    }
    cudasim_fail("");
}

/* 2^33 positions: more than an int, and than cuBLAS takes; in 32 bits it would be none. */
static void refuses_what_is_too_large(void **state)
{
    (void)state;
    const gan_conv_shape large = {1 << 15, 512, 512, 1, 512, 512, 1, 1, 1, 1, 1, 0, 0, 0, 0, true};
    gan_backend *be;
    gan_conv *conv;
    cudasim_fail("");
    assert_int_equal(gan_backend_open(&be, "cuda", &(gan_backend_options){.threads = 1}), GAN_OK);
    assert_int_equal(be->ops->conv_create(be, &conv, &large), GAN_BAD_INPUT);
    assert_non_null(strstr(gan_error_message(), "too large"));
    gan_backend_close(be);
}

static void opens_the_device_that_is_asked_for(void **state)
{
    (void)state;
    gan_backend *be = NULL;
    cudasim_fail("");
    gan_backend_devices found;
    gan_backend_find(&found, "cuda");
    assert_int_equal(found.found, GAN_FOUND_DEVICES);
    assert_int_equal(found.n, 2);
    for (int device = 1; device >= 0; device--) {
        char place[32];
        assert_int_equal(
            gan_backend_open(&be, "cuda", &(gan_backend_options){.threads = 1, .device = device}), GAN_OK);
        assert_int_equal(be->device, device);
        assert_non_null(be->stream);
        snprintf(place, sizeof place, "device %d (", device);
        assert_non_null(strstr(be->place, place));
        assert_string_equal(be->bus, device == 1 ? "0000:02:00.0" : "0000:01:00.0");
        gan_backend_close(be);
    }
    for (int device = -1; device <= 2; device += 3) {
        char words[32];
        assert_int_equal(
            gan_backend_open(&be, "cuda", &(gan_backend_options){.threads = 1, .device = device}),
            GAN_BAD_INPUT);
        assert_null(be);
        snprintf(words, sizeof words, "no device %d on host", device);
        assert_non_null(strstr(gan_error_message(), words));
    }
    cudasim_fail("cudaGetDeviceCount:1");
    gan_backend_find(&found, "cuda");
    assert_int_not_equal(found.found, GAN_FOUND_DEVICES);
    assert_int_equal(found.n, 0);
    cudasim_fail("");
    assert_int_equal(cudasim_alive(), 0);
}

#define FAILS(call) cmocka_unit_test_prestate(fails_cleanly, call)

int main(void)
{
    setenv("CUDASIM_DEVICES", "2", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_nothing),
        cmocka_unit_test(refuses_what_is_too_large),
        cmocka_unit_test(opens_the_device_that_is_asked_for),
        FAILS("cudaGetDeviceCount"),
        FAILS("cudaSetDevice"),
        FAILS("cudaGetDeviceProperties"),
        FAILS("cudaDeviceGetPCIBusId"),
        FAILS("cudaStreamCreateWithFlags"),
        FAILS("cublasCreate"),
        FAILS("cublasSetStream"),
        FAILS("cublasSetWorkspace"),
        FAILS("cudaMalloc"),
        FAILS("cudaMemsetAsync"),
        FAILS("cudaMallocHost"),
        FAILS("cudaEventCreateWithFlags"),
        FAILS("launch"),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
