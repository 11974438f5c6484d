/* The drawn faces: the same bytes everywhere and always, all different, and smooth from size to size. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "gan_dist/rng.h"
#include "support.h"

/* Any machine must draw these bytes: a change here is a change of every run on faces. */
#define GOLDEN UINT64_C(0x348bf2a2036f308c)

static void test_golden(void **state)
{
    (void)state;
    static uint8_t pixels[48 * 32 * 3];
    uint64_t hash = 0;
    for (uint64_t i = 0; i < 20; i++) {
        gan_faces_draw(pixels, 48, 32, 7, i);
        hash = gan_hash(pixels, sizeof pixels, hash);
    }
    assert_int_equal(hash, GOLDEN);
}

static void test_all_different(void **state)
{
    (void)state;
    enum { N = 500, SIZE = 16 * 16 * 3 };
    uint8_t *all = malloc(N * SIZE);
    for (int i = 0; i < N; i++) {
        gan_faces_draw(all + i * SIZE, 16, 16, 0, (uint64_t)i);
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(all + i * SIZE, all + j * SIZE, SIZE);
    }
    uint8_t other[SIZE];
    gan_faces_draw(other, 16, 16, 1, 0);
    assert_memory_not_equal(other, all, SIZE);
    gan_faces_draw(other, 16, 16, 0, UINT64_C(1) << 32); /* not number 0 again */
    assert_memory_not_equal(other, all, SIZE);
    free(all);
}

/* Antialiased: drawn at 32 is nearly what drawn at 256 looks like from afar,
 * and edges have in-between colours. */
static void test_antialiased(void **state)
{
    (void)state;
    enum { SMALL = 32, TIMES = 8, BIG = SMALL * TIMES };
    uint8_t *small = malloc(SMALL * SMALL * 3), *big = malloc(BIG * BIG * 3);
    double error = 0;
    for (uint64_t i = 0; i < 10; i++) {
        gan_faces_draw(small, SMALL, SMALL, 0, i);
        gan_faces_draw(big, BIG, BIG, 0, i);
        for (int p = 0; p < SMALL * SMALL * 3; p++) {
            int y = p / (SMALL * 3), x = p / 3 % SMALL, c = p % 3, sum = 0;
            for (int k = 0; k < TIMES * TIMES; k++)
                sum += big[((y * TIMES + k / TIMES) * BIG + x * TIMES + k % TIMES) * 3 + c];
            error += fabs(small[p] - sum / (double)(TIMES * TIMES));
        }
    }
    error /= 10 * SMALL * SMALL * 3;
    assert_true(error < 2.0); /* of 255; without antialiasing it is above 4 */
    free(small);
    free(big);
}

static void test_any_size(void **state)
{
    (void)state;
    const int sizes[][2] = {{1, 1}, {1, 9}, {7, 3}, {96, 48}, {200, 300}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint8_t *pixels = malloc((size_t)(sizes[i][0] * sizes[i][1] * 3));
        gan_faces_draw(pixels, sizes[i][0], sizes[i][1], 0, 1);
        free(pixels);
    }
}

static void check_error(const char *path, const char *part)
{
    gan_config config = config_for(path, 8, 8, 3);
    gan_data *data = NULL;
    assert_int_equal(open_self(&data, &config, NULL), GAN_BAD_INPUT);
    assert_non_null(strstr(gan_error_message(), part));
}

static void test_as_data(void **state)
{
    (void)state;
    gan_config config = config_for("faces:40", 24, 16, 3);
    gan_data *data = NULL;
    assert_int_equal(open_self(&data, &config, NULL), GAN_OK);
    assert_int_equal(gan_data_count(data), 40);
    uint8_t pixels[24 * 16 * 3];
    gan_faces_draw(pixels, 24, 16, 0, 39);
    assert_memory_equal(gan_data_image(data, 39), pixels, sizeof pixels);
    close_self(data);
    config.channels = 1;
    config.seed = 99; /* the set does not depend on the run's seed */
    config.skip = 30;
    assert_int_equal(open_self(&data, &config, NULL), GAN_OK);
    assert_int_equal(gan_data_count(data), 10);
    for (int i = 0; i < 24 * 16; i++)
        assert_int_equal(gan_data_image(data, 9)[i],
                         (299 * pixels[3 * i] + 587 * pixels[3 * i + 1] + 114 * pixels[3 * i + 2] + 500) /
                             1000);
    close_self(data);
    config = config_for("faces", 8, 8, 1);
    assert_int_equal(open_self(&data, &config, NULL), GAN_OK);
    assert_int_equal(gan_data_count(data), 8192);
    close_self(data);
    check_error("faces:", "faces:COUNT needs a COUNT");
    check_error("faces:0", "faces:COUNT needs a COUNT");
    check_error("faces:-3", "faces:COUNT needs a COUNT");
    check_error("faces:12x", "faces:COUNT needs a COUNT");
    check_error("faces:99999999999999999999", "faces:COUNT needs a COUNT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),      cmocka_unit_test(test_all_different),
        cmocka_unit_test(test_antialiased), cmocka_unit_test(test_any_size),
        cmocka_unit_test(test_as_data),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
