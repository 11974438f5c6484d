/* test_cpu_math.c: the cpu backend's exponential, tanh and logistic function
 * against libm in double, over all magnitudes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "backend/cpu/simd_math.h"

#define STEP 1021 /* a prime: every exponent and sign, about four million values */

static double exp_of(double x)
{
    return exp(x);
}

static double sigmoid_of(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

/* The largest distance from `wanted` in units in the last place, over the floats in [-limit, limit]. */
static double worst(float (*got)(float), double (*wanted)(double), float limit)
{
    double most = 0;
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += STEP) {
        const float x = gan_bits_float((uint32_t)bits);
        if (!(fabsf(x) <= limit))
            continue;
        const double right = wanted((double)x);
        const float rounded = fabsf((float)right);
        const double unit = (double)nextafterf(rounded, INFINITY) - (double)rounded;
        const double off = fabs((double)got(x) - right) / unit;
        if (off > most) {
            most = off;
        }
    }
    return most;
}

static float call_exp(float x)
{
    return gan_expf(x);
}

static float call_tanh(float x)
{
    return gan_tanhf(x);
}

static float call_sigmoid(float x)
{
    return gan_sigmoidf(x);
}

static void test_errors(void **state)
{
    (void)state;
    const double e = worst(call_exp, exp_of, 87.0f);
    const double t = worst(call_tanh, tanh, 200.0f);
    const double s = worst(call_sigmoid, sigmoid_of, 87.0f);
    print_message("largest error in units in the last place: exp %.2f, tanh %.2f, sigmoid %.2f\n", e, t, s);
    assert_true(e < 2.0);
    assert_true(t < 2.0);
    assert_true(s < 3.0);
}

static void test_ends(void **state)
{
    (void)state;
    assert_true(gan_expf(0.0f) == 1.0f);
    assert_true(gan_tanhf(0.0f) == 0.0f && gan_sigmoidf(0.0f) == 0.5f);
    assert_true(gan_tanhf(INFINITY) == 1.0f && gan_tanhf(-INFINITY) == -1.0f);
    assert_true(gan_sigmoidf(INFINITY) == 1.0f);
    assert_true(gan_sigmoidf(-INFINITY) >= 0.0f && gan_sigmoidf(-INFINITY) < 1e-37f);
    assert_true(isnan(gan_expf(NAN)) && isnan(gan_tanhf(NAN)) && isnan(gan_sigmoidf(NAN)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_errors), cmocka_unit_test(test_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
