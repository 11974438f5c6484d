/* Pictures outside training: any number, the same bits in whatever company, and no trace in the training. */
#include <stdlib.h>
#include <string.h>

#include "tiny.h"

#define PICTURE (TINY_SIDE * TINY_SIDE)
#define MOST    37

static const char *const backends[] = {"ref", "cpu"};

/* A generator with running statistics of its own. */
static void open_trained(tiny *t, const char *backend, int steps)
{
    gan_config config;
    tiny_config(&config, "z D G", GAN_BN_GLOBAL);
    tiny_open(t, &config, backend, 1, 0, 1, NULL, NULL);
    for (int step = 0; step < steps; step++)
        tiny_step(t, (uint64_t)step);
}

static void any_number_equals_one_by_one(void **state)
{
    (void)state;
    static tiny t;
    static float z[MOST * 10], together[MOST * PICTURE], alone[PICTURE];
    int labels[MOST];
    for (int b = 0; b < 2; b++) {
        open_trained(&t, backends[b], 3);
        gan_sample_noise(z, &t.config, 99, 0, MOST);
        for (int i = 0; i < MOST; i++)
            labels[i] = i * i % TINY_CLASSES;
        /* 16 places in the pass: fewer, all, one more, and two rounds and a part. */
        static const int numbers[] = {1, 7, 16, 17, MOST};
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
            memset(together, 0xa5, sizeof together);
            assert_int_equal(gan_sample(t.g, together, z, labels, numbers[k]), GAN_OK);
            for (int i = 0; i < numbers[k]; i++) {
                assert_int_equal(gan_sample(t.g, alone, z + i * 10, labels + i, 1), GAN_OK);
                assert_memory_equal(together + i * PICTURE, alone, sizeof alone);
            }
            /* Nothing behind the last picture. */
            for (int i = numbers[k] * PICTURE; i < MOST * PICTURE; i++)
                assert_memory_equal(&together[i], "\xa5\xa5\xa5\xa5", 4);
        }
        /* Pictures differ by noise and by label. */
        labels[1] = (labels[0] + 1) % TINY_CLASSES;
        memcpy(z + 10, z, 10 * sizeof *z);
        assert_int_equal(gan_sample(t.g, together, z, labels, 3), GAN_OK);
        assert_memory_not_equal(together, together + PICTURE, sizeof alone);
        assert_memory_not_equal(together, together + 2 * PICTURE, sizeof alone);
        tiny_close(&t);
    }
}

/* A grid between two steps: the run goes on with the bits it would have had without. */
static void sampling_leaves_the_training_alone(void **state)
{
    (void)state;
    static tiny plain, sampled;
    static float z[MOST * 10], pictures[MOST * PICTURE];
    int labels[MOST] = {0};
    for (int b = 0; b < 2; b++) {
        open_trained(&plain, backends[b], 1);
        open_trained(&sampled, backends[b], 1);
        for (uint64_t step = 1; step < 4; step++) {
            gan_sample_noise(z, &sampled.config, 99, 0, MOST);
            assert_int_equal(gan_sample(sampled.g, pictures, z, labels, MOST), GAN_OK);
            gan_step_changed(sampled.step, sampled.g);
            tiny_step(&plain, step);
            tiny_step(&sampled, step);
            tiny_assert_same(&plain, &sampled);
        }
        tiny_close(&plain);
        tiny_close(&sampled);
    }
}

static void noise_of_samples_is_a_function_of_seed_and_number(void **state)
{
    (void)state;
    static gan_config config;
    static float all[MOST * 10], some[10], expected[10];
    tiny_config(&config, "z D G", GAN_BN_GLOBAL);
    for (int normal = 0; normal < 2; normal++) {
        config.noise = normal ? GAN_NOISE_NORMAL : GAN_NOISE_UNIFORM;
        gan_sample_noise(all, &config, 99, 0, MOST);
        gan_sample_noise(some, &config, 99, 20, 1);
        assert_memory_equal(some, all + 20 * 10, sizeof some);
        gan_rng at = {.seed = 99, .stream = GAN_STREAM_SAMPLE, .index = 20};
        if (normal)
            gan_rng_normal(expected, 10, at, 0, 1);
        else
            gan_rng_uniform(expected, 10, at, -1, 1);
        assert_memory_equal(some, expected, sizeof some);
        gan_sample_noise(some, &config, 98, 20, 1);
        assert_memory_not_equal(some, expected, sizeof some);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_equals_one_by_one),
        cmocka_unit_test(sampling_leaves_the_training_alone),
        cmocka_unit_test(noise_of_samples_is_a_function_of_seed_and_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
