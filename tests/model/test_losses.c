/* Every loss of the table in every role. A loss of the table without a row here fails. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "nets.h"
#include "gan_dist/loss.h"

static const gan_loss_role roles[] = {GAN_LOSS_D_REAL, GAN_LOSS_D_FAKE, GAN_LOSS_G};
#define ROLES (sizeof roles / sizeof *roles)

/* What a loss is worth at zero logits, in the order of the roles: the undecided D. */
static const struct row {
    const char *name;
    double at_zero[ROLES];
} rows[] = {
    {"bce", {M_LN2, M_LN2, M_LN2}},
    {"softmax", {M_LN2, M_LN2, M_LN2}},
};

static void every_loss_has_its_value_at_zero(void **state)
{
    (void)state;
    const gan_loss *loss;
    for (size_t i = 0; (loss = gan_loss_get(i)); i++) {
        const struct row *row = NULL;
        for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
            row = strcmp(rows[k].name, loss->name) == 0 ? &rows[k] : row;
        if (!row)
            fail_msg("loss '%s' has no row in test_losses.c", loss->name);
        float zero[GAN_LOGITS_MAX] = {0}, derivative[GAN_LOGITS_MAX];
        assert_in_range(loss->logits, 1, GAN_LOGITS_MAX);
        for (size_t r = 0; r < ROLES; r++)
            assert_true(fabs(loss->value(derivative, zero, roles[r]) - row->at_zero[r]) < 1e-6);
    }
}

/* Logits from -9 to 9, off the whole numbers where a hinge may have its kink. */
static void logits_at(float *out, int number)
{
    gan_rng at = {.seed = 5, .stream = GAN_STREAM_NOISE, .index = (uint32_t)number};
    gan_rng_uniform(out, GAN_LOGITS_MAX, at, 0.1f, 0.9f);
    out[0] += (float)(number % 18) - 9;
    out[1] += (float)(number / 18 % 18) - 9;
}

/* A difference of floats: the step must be large against their rounding, the curvature bounds it. */
static void check_derivative(const gan_loss *loss, gan_loss_role role, int number)
{
    const float step = 1.0f / 64;
    float logit[GAN_LOGITS_MAX], derivative[GAN_LOGITS_MAX], unused[GAN_LOGITS_MAX];
    logits_at(logit, number);
    loss->value(derivative, logit, role);
    for (int k = 0; k < loss->logits; k++) {
        float here = logit[k];
        logit[k] = here + step;
        double above = loss->value(unused, logit, role), up = logit[k];
        logit[k] = here - step;
        double below = loss->value(unused, logit, role), difference = (above - below) / (up - logit[k]);
        logit[k] = here;
        if (!(fabs(difference - derivative[k]) < 1e-4 * fmax(1, fabs(above))))
            fail_msg("%s, role %d, logits %g %g: derivative %g, finite difference %g", loss->name, (int)role,
                     (double)logit[0], (double)logit[1], (double)derivative[k], difference);
    }
}

static void derivatives_equal_finite_differences(void **state)
{
    (void)state;
    const gan_loss *loss;
    for (size_t i = 0; (loss = gan_loss_get(i)); i++)
        for (size_t r = 0; r < ROLES; r++)
            for (int number = 0; number < 18 * 18; number++)
                check_derivative(loss, roles[r], number);
}

static void extreme_logits_stay_finite(void **state)
{
    (void)state;
    static const float extremes[] = {-100, -88.8f, 0, 88.8f, 100}; /* exp(88.8) is not a float */
    const size_t n = sizeof extremes / sizeof *extremes;
    const gan_loss *loss;
    for (size_t i = 0; (loss = gan_loss_get(i)); i++)
        for (size_t r = 0; r < ROLES; r++)
            for (size_t k = 0; k < n * n; k++) {
                float logit[GAN_LOGITS_MAX] = {extremes[k % n], extremes[k / n]};
                float derivative[GAN_LOGITS_MAX] = {0};
                float value = loss->value(derivative, logit, roles[r]);
                assert_true(isfinite(value) && isfinite(derivative[0]) && isfinite(derivative[1]));
                float probability = loss->probability(logit);
                assert_true(probability >= 0 && probability <= 1);
            }
}

/* softplus has slope 0 or 1 far out; a naive log(1 + exp(100)) is infinite,
 * a naive log(sigmoid(-100)) is not 100. */
static void bce_is_exact_far_out(void **state)
{
    (void)state;
    const gan_loss *bce = gan_loss_find("bce");
    assert_non_null(bce);
    for (size_t r = 0; r < ROLES; r++) {
        float sign = roles[r] == GAN_LOSS_D_FAKE ? 1 : -1, derivative;
        float wrong = 100 * sign, right = -wrong;
        assert_true(bce->value(&derivative, &wrong, roles[r]) == 100);
        assert_true(derivative == sign);
        float value = bce->value(&derivative, &right, roles[r]);
        assert_true(value > 0 && value < 1e-40);
        assert_true(derivative * sign > 0 && fabsf(derivative) < 1e-40f);
        wrong = 1e30f * sign;
        assert_true(bce->value(&derivative, &wrong, roles[r]) == 1e30f && derivative == sign);
    }
}

/* From an undecided D, downhill is where each role wants D's opinion to go. */
static void descent_moves_the_opinion_where_the_role_wants_it(void **state)
{
    (void)state;
    const gan_loss *loss;
    for (size_t i = 0; (loss = gan_loss_get(i)); i++) {
        float real = 0, fake = 0;
        for (size_t r = 0; r < ROLES; r++) {
            float logit[GAN_LOGITS_MAX] = {0}, derivative[GAN_LOGITS_MAX] = {0};
            float before = loss->probability(logit);
            loss->value(derivative, logit, roles[r]);
            for (int k = 0; k < loss->logits; k++)
                logit[k] -= derivative[k];
            float after = loss->probability(logit);
            assert_true(roles[r] == GAN_LOSS_D_FAKE ? after <= before : after > before);
            real = roles[r] == GAN_LOSS_D_REAL ? after : real;
            fake = roles[r] == GAN_LOSS_D_FAKE ? after : fake;
        }
        assert_true(real > fake);
    }
}

static void softmax_is_bce_of_the_difference(void **state)
{
    (void)state;
    const gan_loss *softmax = gan_loss_find("softmax"), *bce = gan_loss_find("bce");
    assert_non_null(softmax);
    assert_non_null(bce);
    assert_int_equal(softmax->logits, 2);
    for (size_t r = 0; r < ROLES; r++)
        for (int number = 0; number < 18 * 18; number++) {
            float logit[2], two[2], one;
            logits_at(logit, number);
            float difference = logit[1] - logit[0];
            assert_true(softmax->value(two, logit, roles[r]) == bce->value(&one, &difference, roles[r]));
            assert_true(two[1] == one && two[0] == -one);
            assert_true(softmax->probability(logit) == bce->probability(&difference));
        }
}

static void an_unknown_name_is_no_loss(void **state)
{
    (void)state;
    assert_null(gan_loss_find("bcee"));
    assert_null(gan_loss_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_loss_has_its_value_at_zero),
        cmocka_unit_test(derivatives_equal_finite_differences),
        cmocka_unit_test(extreme_logits_stay_finite),
        cmocka_unit_test(bce_is_exact_far_out),
        cmocka_unit_test(descent_moves_the_opinion_where_the_role_wants_it),
        cmocka_unit_test(softmax_is_bce_of_the_difference),
        cmocka_unit_test(an_unknown_name_is_no_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
