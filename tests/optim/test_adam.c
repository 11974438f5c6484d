/* Adam over every backend against the two published formulas in double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "gan_dist/optim.h"

#define N       37
#define UPDATES 5

static gan_net_config settings(void)
{
    gan_net_config config;
    memset(&config, 0, sizeof config);
    config.learning_rate = 2e-4;
    config.beta1 = 0.5;
    config.beta2 = 0.999;
    config.epsilon = 1e-3; /* large, so that where it stands shows */
    return config;
}

static float gradient_at(size_t i, uint64_t t)
{
    return (float)(sin((double)(i * 7 + t * 13)) * pow(10, (double)(i % 5) - 4));
}

/* One parameter by the formulas of optim.h, each in its own words. */
static double update_in_double(double p, double *m, double *v, double g, int t, gan_adam_kind kind)
{
    gan_net_config c = settings();
    *m = c.beta1 * *m + (1 - c.beta1) * g;
    *v = c.beta2 * *v + (1 - c.beta2) * g * g;
    double bias1 = 1 - pow(c.beta1, t), bias2 = 1 - pow(c.beta2, t);
    if (kind == GAN_ADAM_TENSORFLOW)
        return p - c.learning_rate * sqrt(bias2) / bias1 * *m / (sqrt(*v) + c.epsilon);
    return p - c.learning_rate / bias1 * *m / (sqrt(*v) / sqrt(bias2) + c.epsilon);
}

static float *device_floats(gan_backend *backend, const float *values)
{
    void *memory;
    assert_int_equal(backend->ops->alloc(backend, &memory, N * sizeof(float)), GAN_OK);
    assert_int_equal(backend->ops->upload(backend, memory, values, N * sizeof(float)), GAN_OK);
    return memory;
}

static void fetch(gan_backend *backend, float *values, const float *memory)
{
    assert_int_equal(backend->ops->download(backend, values, memory, N * sizeof(float)), GAN_OK);
}

static void check_backend(const char *name, gan_adam_kind kind)
{
    gan_backend *backend;
    gan_optim optim;
    gan_net_config config = settings();
    double p[N], m[N] = {0}, v[N] = {0};
    float parameters[N], gradient[N], start[N], moment1[N], moment2[N];
    gan_status status = gan_backend_open(&backend, name, &(gan_backend_options){.threads = 1});
    if (status == GAN_BAD_INPUT && strcmp(name, "cuda") == 0) {
        print_message("SKIPPED: %s\n", gan_error_message());
        return;
    }
    assert_int_equal(status, GAN_OK);
    assert_int_equal(gan_optim_create(&optim, backend, &config, kind, N), GAN_OK);
    for (size_t i = 0; i < N; i++) {
        start[i] = parameters[i] = (float)i / 1000;
        p[i] = parameters[i];
    }
    float *at = device_floats(backend, parameters), *slopes = device_floats(backend, parameters);
    for (int t = 1; t <= UPDATES; t++) {
        for (size_t i = 0; i < N; i++) {
            gradient[i] = gradient_at(i, (uint64_t)t);
            p[i] = update_in_double(p[i], &m[i], &v[i], gradient[i], t, kind);
        }
        assert_int_equal(backend->ops->upload(backend, slopes, gradient, sizeof gradient), GAN_OK);
        assert_int_equal(gan_optim_update(&optim, at, slopes, (uint64_t)t), GAN_OK);
    }
    fetch(backend, parameters, at);
    fetch(backend, moment1, optim.m);
    fetch(backend, moment2, optim.v);
    for (size_t i = 0; i < N; i++) {
        /* Two roundings of the parameter itself, and a few of the moved distance, for each update. */
        double moved = fabs(p[i] - start[i]);
        assert_true(fabs(parameters[i] - p[i]) <= UPDATES * (fabs(p[i]) * 1.2e-7 + moved * 1e-6));
        assert_true(fabs(moment1[i] - m[i]) <= 1e-6 * fabs(m[i]) + 1e-9);
        assert_true(fabs(moment2[i] - v[i]) <= 1e-6 * v[i] + 1e-12);
        if (gradient_at(i, 1) != 0)
            assert_true(moved > 0);
    }
    backend->ops->free(backend, at);
    backend->ops->free(backend, slopes);
    gan_optim_destroy(&optim);
    assert_null(optim.m);
    gan_backend_close(backend);
}

static void follows_the_formulas(void **state)
{
    (void)state;
    for (size_t i = 0; gan_backend_name(i); i++) {
        check_backend(gan_backend_name(i), GAN_ADAM_TENSORFLOW);
        check_backend(gan_backend_name(i), GAN_ADAM_PYTORCH);
    }
}

static void places_epsilon(void **state)
{
    (void)state;
    gan_optim optim = {.learning_rate = 2e-4, .beta1 = 0.5, .beta2 = 0.999f, .epsilon = 1e-8};
    optim.kind = GAN_ADAM_TENSORFLOW;
    gan_adam_args tensorflow = gan_optim_args(&optim, 1);
    optim.kind = GAN_ADAM_PYTORCH;
    gan_adam_args pytorch = gan_optim_args(&optim, 1);
    /* t = 1: sqrt(1 - 0.999) = 0.0316227766, 1 - 0.5 = 0.5. */
    assert_true(fabs(tensorflow.step_size / (2e-4 * 0.0316227766 / 0.5) - 1) < 1e-5);
    assert_true(tensorflow.step_size == pytorch.step_size);
    assert_true(tensorflow.epsilon == 1e-8f);
    assert_true(fabs(pytorch.epsilon / 3.16227766e-10 - 1) < 1e-5);
    assert_true(gan_optim_args(&optim, 1000000).step_size == 2e-4f);
}

static void destroys_what_was_never_made(void **state)
{
    (void)state;
    gan_optim optim = {0};
    gan_optim_destroy(&optim);
    assert_null(optim.backend);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_formulas),
        cmocka_unit_test(places_epsilon),
        cmocka_unit_test(destroys_what_was_never_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
