/* A whole step: the same bits with any number of threads, the same numbers
 * from both backends, and what it refuses. */
#include <stdio.h>
#include <string.h>

#include "tiny.h"

static void check_threads(const char *backend, const char *order, gan_bn_scope bn)
{
    static tiny one, other;
    gan_config config;
    tiny_config(&config, order, bn);
    for (int threads = 2; threads <= 3; threads++) { /* 3 do not divide the 8 shards */
        tiny_open(&one, &config, backend, 1, 0, 1, NULL, NULL);
        tiny_open(&other, &config, backend, threads, 0, 1, NULL, NULL);
        for (uint64_t step = 0; step < 2; step++) {
            tiny_step(&one, step);
            tiny_step(&other, step);
            tiny_assert_same(&one, &other);
        }
        tiny_close(&one);
        tiny_close(&other);
    }
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    static const char *const orders[] = {"z D G", "z D z G", "z (D G)", "z D G G"};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        for (int b = 0; b < 2; b++) {
            check_threads(b ? "cpu" : "ref", orders[i], GAN_BN_SHARD);
            check_threads(b ? "cpu" : "ref", orders[i], GAN_BN_GLOBAL);
        }
}

/* The two backends compute the same run, but for rounding. */
static void backends_agree(void **state)
{
    (void)state;
    static tiny ref, cpu;
    gan_config config;
    tiny_config(&config, "z D G", GAN_BN_GLOBAL);
    tiny_open(&ref, &config, "ref", 1, 0, 1, NULL, NULL);
    tiny_open(&cpu, &config, "cpu", 2, 0, 1, NULL, NULL);
    tiny_next(&ref, 0);
    tiny_next(&cpu, 0);
    tiny_op(&ref, GAN_OP_NOISE);
    tiny_op(&cpu, GAN_OP_NOISE);
    for (int k = 0; k < 2; k++) {
        gan_net *a = k ? ref.g : ref.d, *b = k ? cpu.g : cpu.d;
        tiny_op(&ref, k ? GAN_OP_G : GAN_OP_D);
        tiny_op(&cpu, k ? GAN_OP_G : GAN_OP_D);
        double square = 0, apart = 0;
        for (size_t i = 0; i < gan_net_arena_floats(a); i++) {
            double x = gan_net_gradients(a)[i], y = gan_net_gradients(b)[i];
            square += x * x;
            apart += (x - y) * (x - y);
        }
        assert_true(square > 1e-6 && apart < 1e-10 * square);
    }
    tiny_close(&ref);
    tiny_close(&cpu);
}

static void assert_refused(const gan_config *config, const char *says)
{
    gan_backend *backend;
    gan_step *step = NULL;
    gan_shards shards;
    assert_int_equal(gan_backend_open(&backend, "ref", &(gan_backend_options){.threads = 1}), GAN_OK);
    assert_int_equal(gan_shards_cut(&shards, config->batch, config->shards, 0, 1), GAN_OK);
    assert_int_equal(gan_step_create(&step, backend, config, &shards, NULL, NULL), GAN_BAD_INPUT);
    assert_null(step);
    if (!strstr(gan_error_message(), says))
        fail_msg("'%s' is missing in: %s", says, gan_error_message());
    gan_backend_close(backend);
}

static void what_does_not_fit_together_is_refused(void **state)
{
    (void)state;
    gan_config config, good;
    tiny_config(&good, "z D G", GAN_BN_GLOBAL);
    config = good;
    config.height = 16;
    assert_refused(&config, "the generator makes 8x8x1 pictures but the data is 16x8x1");
    config = good;
    config.height = 4;
    config.width = 16; /* as many pixels, in another shape */
    assert_refused(&config, "the generator makes 8x8x1 pictures but the data is 4x16x1");
    config = good;
    snprintf(config.discriminator.layers, GAN_TEXT_MAX, "dense 3");
    assert_refused(&config, "the discriminator ends in 3 outputs but loss 'bce' needs 1");
    config = good;
    snprintf(config.loss, GAN_WORD_MAX, "softmax");
    assert_refused(&config, "the discriminator ends in 1 outputs but loss 'softmax' needs 2");
    config = good;
    snprintf(config.loss, GAN_WORD_MAX, "bec");
    assert_refused(&config, "train.loss = bec: unknown; did you mean bce?");
    snprintf(config.loss, GAN_WORD_MAX, "wasserstein");
    assert_refused(&config, "train.loss = wasserstein: unknown; known: bce softmax");
    config = good;
    snprintf(config.order, GAN_WORD_MAX, "D G");
    assert_refused(&config, "train.order = D G");
    config = good;
    config.classes = 0;
    assert_refused(&config, "generator.layers: 'label' needs data.classes");
    config = good;
    snprintf(config.discriminator.layers, GAN_TEXT_MAX, "convv 3 4 | dense 1");
    assert_refused(&config, "discriminator.layers: unknown word 'convv' (did you mean 'conv'?)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(backends_agree),
        cmocka_unit_test(what_does_not_fit_together_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
