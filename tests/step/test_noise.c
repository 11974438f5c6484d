/* Noise belongs to a picture, not to a rank. A generator that only hands its noise on shows it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tiny.h"

#define DIM (TINY_SIDE * TINY_SIDE)

/* G is a square dense layer with weight 1 on the diagonal: its output is its noise, to the bit. */
static void open_mirror(tiny *t, const gan_config *config, int rank, int size)
{
    tiny_open(t, config, "ref", 1, rank, size, NULL, NULL);
    for (int i = 0; i < DIM * DIM; i++)
        gan_net_parameters(t->g)[i] = i % (DIM + 1) == 0;
    gan_net_changed(t->g);
}

static void mirror_config(gan_config *config, gan_noise noise, bool paired)
{
    tiny_config(config, "z D z G", GAN_BN_GLOBAL);
    snprintf(config->generator.layers, GAN_TEXT_MAX, "dense %d", DIM);
    snprintf(config->discriminator.layers, GAN_TEXT_MAX, "dense 1");
    config->generator.bias = false;
    config->noise = noise;
    config->noise_dim = DIM;
    config->noise_paired = paired;
}

/* What picture `global` sees at draw `draw` of step `step`. */
static void assert_noise(const tiny *t, uint32_t draw, uint32_t step)
{
    float expected[DIM];
    for (int i = 0; i < t->shards.n_local * t->shards.pictures; i++) {
        gan_rng at = {.seed = t->config.seed, .stream = GAN_STREAM_NOISE};
        if (t->config.noise_paired) {
            at.index = (uint32_t)t->positions[i];
        } else {
            at.draw = draw;
            at.step = step;
            at.index = (uint32_t)(t->shards.first * t->shards.pictures + i);
        }
        if (t->config.noise == GAN_NOISE_NORMAL)
            gan_rng_normal(expected, DIM, at, 0, 1);
        else
            gan_rng_uniform(expected, DIM, at, -1, 1);
        const float *z = gan_pass_output(gan_net_pass(t->g, 0), i / t->shards.pictures);
        assert_memory_equal(z + i % t->shards.pictures * DIM, expected, sizeof expected);
    }
}

static void check_ranks(gan_noise noise, bool paired)
{
    static tiny t;
    gan_config config;
    mirror_config(&config, noise, paired);
    for (int size = 1; size <= 8; size *= 2)
        for (int rank = 0; rank < size; rank++) {
            open_mirror(&t, &config, rank, size);
            for (uint32_t step = 0; step < 2; step++) {
                tiny_next(&t, 40 + step);
                for (uint32_t draw = 0; draw < 2; draw++) {
                    tiny_op(&t, GAN_OP_NOISE);
                    assert_int_equal(gan_step_begin(t.step, GAN_OP_G), GAN_OK);
                    assert_noise(&t, draw, 40 + step);
                }
            }
            tiny_close(&t);
        }
}

static void noise_is_the_same_on_whatever_rank(void **state)
{
    (void)state;
    check_ranks(GAN_NOISE_UNIFORM, false);
    check_ranks(GAN_NOISE_NORMAL, false);
}

/* Each picture of the data set keeps its own noise: whatever the step, the draw and the rank. */
static void paired_noise_follows_the_picture(void **state)
{
    (void)state;
    check_ranks(GAN_NOISE_NORMAL, true);
}

static void draws_steps_and_pictures_differ(void **state)
{
    (void)state;
    static tiny t;
    gan_config config;
    float seen[4][DIM];
    mirror_config(&config, GAN_NOISE_UNIFORM, false);
    open_mirror(&t, &config, 0, 1);
    for (int k = 0; k < 3; k++) {
        if (k != 1)
            tiny_next(&t, (uint64_t)k);
        tiny_op(&t, GAN_OP_NOISE);
        assert_int_equal(gan_step_begin(t.step, GAN_OP_G), GAN_OK);
        const float *z = gan_pass_output(gan_net_pass(t.g, 0), 0);
        memcpy(seen[k], z, sizeof seen[k]);
        memcpy(seen[3], z + DIM, sizeof seen[3]);
        for (int other = 0; other < k; other++)
            for (int i = 0; i < DIM; i++)
                assert_true(seen[k][i] != seen[other][i]);
        for (int i = 0; i < DIM; i++)
            assert_true(seen[k][i] != seen[3][i]);
    }
    tiny_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_is_the_same_on_whatever_rank),
        cmocka_unit_test(paired_noise_follows_the_picture),
        cmocka_unit_test(draws_steps_and_pictures_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
