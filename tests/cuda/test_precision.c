/* test_precision PRECISION PRESET...: the gradients of a step of a preset by cuda
 * in that precision are those of ref with the factors of its convolutions rounded;
 * the losses are those of ref itself, but for the rounding. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "backend/ref/ref.h"
#include "step/tiny.h"

static gan_precision precision;

/* --- ref with rounded factors --- */
typedef struct rounded_conv {
    gan_conv *conv;
    size_t big, small, weights; /* floats */
} rounded_conv;

static rounded_conv *of(gan_conv *conv)
{
    return (rounded_conv *)conv;
}

/* To the nearest, ties to even: 10 bits of mantissa stay, or 7. */
static float *rounded(const float *values, size_t n)
{
    const uint32_t drop = precision == GAN_PRECISION_TF32 ? 13 : 16, half = (1u << (drop - 1)) - 1;
    float *out = malloc(n * sizeof *out);
    assert_non_null(out);
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        bits = (bits + half + (bits >> drop & 1)) >> drop << drop;
        memcpy(&out[i], &bits, sizeof bits);
    }
    return out;
}

static gan_status create(gan_backend *be, gan_conv **out, const gan_conv_shape *s)
{
    rounded_conv *own = calloc(1, sizeof *own);
    assert_non_null(own);
    own->big = (size_t)s->n * (size_t)s->h * (size_t)s->w * (size_t)s->c;
    own->small = (size_t)s->n * (size_t)s->out_h * (size_t)s->out_w * (size_t)s->out_c;
    own->weights = (size_t)s->out_c * (size_t)s->c * (size_t)s->kernel_h * (size_t)s->kernel_w;
    *out = (gan_conv *)own;
    return gan_ref_conv_create(be, &own->conv, s);
}

static void destroy(gan_backend *be, gan_conv *conv)
{
    if (conv)
        gan_ref_conv_destroy(be, of(conv)->conv);
    free(conv);
}

static gan_status prepare(gan_backend *be, gan_conv *conv, const float *weights)
{
    float *factors = rounded(weights, of(conv)->weights);
    gan_status status = gan_ref_conv_prepare(be, of(conv)->conv, factors);
    free(factors);
    return status;
}

static gan_status forward(gan_backend *be, gan_conv *conv, float *y, const float *x)
{
    float *factors = rounded(x, of(conv)->big);
    gan_status status = gan_ref_conv_forward(be, of(conv)->conv, y, factors);
    free(factors);
    return status;
}

static gan_status backward_data(gan_backend *be, gan_conv *conv, float *dx, const float *dy)
{
    float *factors = rounded(dy, of(conv)->small);
    gan_status status = gan_ref_conv_backward_data(be, of(conv)->conv, dx, factors);
    free(factors);
    return status;
}

static gan_status backward_weights(gan_backend *be, gan_conv *conv, float *part, const float *x,
                                   const float *dy, bool accumulate)
{
    float *left = rounded(x, of(conv)->big), *right = rounded(dy, of(conv)->small);
    gan_status status = gan_ref_conv_backward_weights(be, of(conv)->conv, part, left, right, accumulate);
    free(left);
    free(right);
    return status;
}

static size_t part_floats(gan_backend *be, const gan_conv *conv)
{
    return gan_ref_conv_part_floats(be, ((const rounded_conv *)conv)->conv);
}

static gan_status weight_gradient(gan_backend *be, gan_conv *conv, float *dw, float *const *parts, int n)
{
    return gan_ref_conv_weight_gradient(be, of(conv)->conv, dw, parts, n);
}

static const gan_backend_ops *rounding_ops(void)
{
    static gan_backend_ops ops;
    ops = gan_ref_ops;
    ops.conv_create = create;
    ops.conv_destroy = destroy;
    ops.conv_prepare = prepare;
    ops.conv_forward = forward;
    ops.conv_backward_data = backward_data;
    ops.conv_backward_weights = backward_weights;
    ops.conv_part_floats = part_floats;
    ops.conv_weight_gradient = weight_gradient;
    return &ops;
}

/* --- a step --- */
typedef struct outcome {
    float *gradients[2]; /* D's, G's, each with its extras */
    size_t n[2];
} outcome;

/* D's gradients, and G's from the same weights. */
static outcome run(const gan_config *config, const char *backend, bool rounding)
{
    tiny t;
    gan_backend *be;
    const gan_backend_options options = {
        .threads = 1, .precision = strcmp(backend, "cuda") == 0 ? precision : GAN_PRECISION_AUTO};
    assert_int_equal(gan_backend_open(&be, backend, &options), GAN_OK);
    if (rounding)
        be->ops = rounding_ops();
    tiny_open_on(&t, config, be, 0, 1, NULL, NULL);
    tiny_next(&t, 0);
    tiny_op(&t, GAN_OP_NOISE);
    tiny_op(&t, GAN_OP_D);
    outcome out = {.n = {gan_net_arena_floats(t.d), gan_net_arena_floats(t.g)}};
    out.gradients[0] = tiny_fetch(&t, gan_net_gradients(t.d), out.n[0] + GAN_NET_EXTRAS);
    tiny_op(&t, GAN_OP_G);
    out.gradients[1] = tiny_fetch(&t, gan_net_gradients(t.g), out.n[1] + GAN_NET_EXTRAS);
    tiny_close(&t);
    return out;
}

static void drop(outcome *out)
{
    free(out->gradients[0]);
    free(out->gradients[1]);
}

/* The length of the difference against the length. */
static double distance(const outcome *want, const outcome *got, int net)
{
    double difference = 0, length = 0;
    for (size_t i = 0; i < want->n[net]; i++) {
        const double a = want->gradients[net][i], b = got->gradients[net][i];
        difference += (a - b) * (a - b);
        length += a * a;
    }
    return sqrt(difference / length);
}

static double loss_distance(const outcome *want, const outcome *got, int batch)
{
    double worst = 0;
    for (int net = 0; net < 2; net++)
        for (size_t i = 0; i < GAN_NET_EXTRAS; i++)
            worst = fmax(worst, fabs((double)want->gradients[net][want->n[net] + i] -
                                     got->gradients[net][got->n[net] + i]) /
                                    batch);
    return worst;
}

/* A sum in another order is now and then rounded to the other side, and batch norm over eight pictures, of
 * fresh weights, makes a hundredfold of that. Without batch norm nothing of the kind is seen. */
static double limit_of(const char *preset)
{
    return strcmp(preset, "mlp-mnist") == 0 ? 1e-4 : strcmp(preset, "gan-mnist") == 0 ? 0.2 : 0.08;
}

static void a_step(void **state)
{
    gan_config config;
    gan_config_defaults(&config);
    assert_int_equal(gan_config_apply_preset(&config, *state), GAN_OK);
    config.batch = 8;
    config.shards = 2;
    outcome want = run(&config, "ref", true), got = run(&config, "cuda", false),
            plain = run(&config, "ref", false);
    const double d = distance(&want, &got, 0), g = distance(&want, &got, 1);
    const double losses = loss_distance(&plain, &got, config.batch);
    print_message("             gradients of D %.1e, of G %.1e; losses %.1e\n", d, g, losses);
    assert_true(d <= limit_of(*state) && g <= limit_of(*state));
    assert_true(losses <= 1e-2);
    drop(&want);
    drop(&got);
    drop(&plain);
}

int main(int argc, char **argv)
{
    enum { MOST = 16 };
    struct CMUnitTest tests[MOST];
    size_t n = 0;
    precision = argc > 1 && strcmp(argv[1], "bf16") == 0 ? GAN_PRECISION_BF16 : GAN_PRECISION_TF32;
    for (int i = 2; i < argc && n < MOST; i++)
        tests[n++] = (struct CMUnitTest){.name = argv[i], .test_func = a_step, .initial_state = argv[i]};
    return _cmocka_run_group_tests("a step", tests, n, NULL, NULL);
}
