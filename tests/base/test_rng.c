/* The generator against published known answers, and the properties that runs rely on. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "gan_dist/rng.h"

/* Known answers of the Random123 distribution (kat_vectors, philox 4x32 10). */
static void test_known_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } rows[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t out[4];
        gan_philox(out, rows[i].key[0] | (uint64_t)rows[i].key[1] << 32, rows[i].counter);
        assert_memory_equal(out, rows[i].out, sizeof out);
    }
}

static const gan_rng at = {42, GAN_STREAM_NOISE, 1, 2, 3};

static void test_prefix(void **state)
{
    (void)state;
    float longer[103], shorter[103];
    for (size_t n = 0; n <= 9; n++) {
        gan_rng_normal(longer, 103, at, 0, 1);
        gan_rng_normal(shorter, n, at, 0, 1);
        assert_memory_equal(longer, shorter, n * sizeof(float));
        gan_rng_uniform(longer, 103, at, -1, 1);
        gan_rng_uniform(shorter, n, at, -1, 1);
        assert_memory_equal(longer, shorter, n * sizeof(float));
        gan_rng_truncated(longer, 103, at, 0, 1);
        gan_rng_truncated(shorter, n, at, 0, 1);
        assert_memory_equal(longer, shorter, n * sizeof(float));
    }
}

static void test_moments(void **state)
{
    (void)state;
    enum { N = 200000 };
    float *x = malloc(N * sizeof *x);
    /* Row: expected mean and deviation; a truncated normal at two deviations has 0.8796 of the deviation. */
    static const double expected[3][2] = {{0.5, 2.0}, {0.5, 2.0 * 0.87962566}, {0.0, 0.57735027}};
    for (int kind = 0; kind < 3; kind++) {
        if (kind == 0)
            gan_rng_normal(x, N, at, 0.5f, 2.0f);
        else if (kind == 1)
            gan_rng_truncated(x, N, at, 0.5f, 2.0f);
        else
            gan_rng_uniform(x, N, at, -1.0f, 1.0f);
        double sum = 0, squares = 0;
        for (int i = 0; i < N; i++) {
            sum += x[i];
            squares += (double)x[i] * x[i];
            assert_true(kind != 1 || fabsf(x[i] - 0.5f) <= 4.0f);
            assert_true(kind != 2 || (x[i] >= -1.0f && x[i] < 1.0f));
        }
        double mean = sum / N, deviation = sqrt(squares / N - mean * mean);
        assert_true(fabs(mean - expected[kind][0]) < 5 * expected[kind][1] / sqrt(N));
        assert_true(fabs(deviation / expected[kind][1] - 1) < 0.01);
    }
    free(x);
}

static void test_streams_differ(void **state)
{
    (void)state;
    gan_rng variants[6] = {at, at, at, at, at, at};
    variants[1].seed++;
    variants[2].stream = GAN_STREAM_SAMPLE;
    variants[3].draw++;
    variants[4].step++;
    variants[5].index++;
    uint32_t words[6][4];
    for (int i = 0; i < 6; i++)
        gan_rng_words(words[i], 4, variants[i]);
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(words[i], words[k], sizeof words[i]);
}

static void test_permutation(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 2, 3, 4, 5, 16, 17, 255, 1000, 4096, 4097, 70000};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        uint64_t n = sizes[k], fixed = 0;
        char *seen = calloc(n, 1);
        for (uint64_t i = 0; i < n; i++) {
            uint64_t place = gan_rng_permute(i, n, at);
            assert_true(place < n && !seen[place]);
            seen[place] = 1;
            fixed += place == i;
        }
        assert_true(n < 100 || fixed < 12);
        free(seen);
    }
    uint64_t huge = UINT64_C(1) << 40;
    assert_true(gan_rng_permute(12345678901, huge, at) < huge);
}

static void test_hash_sees_every_bit(void **state)
{
    (void)state;
    unsigned char bytes[29] = {1, 2, 3};
    uint64_t whole = gan_hash(bytes, sizeof bytes, 0);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_true(gan_hash(bytes, sizeof bytes, 0) != whole);
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    assert_true(gan_hash(bytes, sizeof bytes - 1, 0) != whole);
    assert_true(gan_hash(bytes, sizeof bytes, 1) != whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers), cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_moments),       cmocka_unit_test(test_streams_differ),
        cmocka_unit_test(test_permutation),   cmocka_unit_test(test_hash_sees_every_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
