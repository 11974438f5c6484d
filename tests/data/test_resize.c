/* Resizing against values worked out by hand and against the formula in double precision. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "data/resize.h"

static void one_row(uint8_t *out, int to, const uint8_t *in, int from, gan_resize how)
{
    gan_resizer resizer = {0};
    gan_pixels pixels = {in, (size_t)from, 1, from, 1};
    assert_true(gan_resize_picture(&resizer, out, 1, to, pixels, how));
    gan_resizer_free(&resizer);
}

/* The weight of input j in output i, in 255ths, from a single bright pixel. */
static int weight(int i, int to, int j, int from)
{
    uint8_t in[128] = {0}, out[128];
    in[j] = 255;
    one_row(out, to, in, from, GAN_RESIZE_BILINEAR);
    return out[i];
}

static void test_halving_taps(void **state)
{
    (void)state;
    int inner[] = {32, 96, 96, 32}, edge[] = {109, 109, 36}; /* 1/8 3/8 3/8 1/8; 3/7 3/7 1/7 */
    for (int i = 1; i < 47; i++) {
        for (int k = 0; k < 4; k++)
            assert_int_equal(weight(i, 48, 2 * i - 1 + k, 96), inner[k]);
        if (i > 1)
            assert_int_equal(weight(i, 48, 2 * i - 2, 96), 0);
    }
    for (int k = 0; k < 3; k++) {
        assert_int_equal(weight(0, 48, k, 96), edge[k]);
        assert_int_equal(weight(47, 48, 95 - k, 96), edge[k]);
    }
}

static void test_enlarging(void **state)
{
    (void)state;
    uint8_t in[] = {0, 100}, out[4], expected[] = {0, 25, 75, 100};
    one_row(out, 4, in, 2, GAN_RESIZE_BILINEAR);
    assert_memory_equal(out, expected, 4);
}

static void test_nearest(void **state)
{
    (void)state;
    uint8_t in[28], out[32], *p = out;
    for (int i = 0; i < 28; i++)
        in[i] = (uint8_t)i;
    one_row(out, 32, in, 28, GAN_RESIZE_NEAREST);
    for (int i = 0; i < 28; i++) {
        assert_int_equal(*p++, i);
        if (i == 3 || i == 10 || i == 17 || i == 24)
            assert_int_equal(*p++, i);
    }
    for (int to = 1; to < 40; to++) {
        one_row(out, to < 32 ? to : 32, in, 28, GAN_RESIZE_NEAREST);
        for (int i = 0; i < to && to < 32; i++)
            assert_int_equal(out[i], (int)floor((i + 0.5) * 28 / to));
    }
}

static void test_rows_before_columns(void **state)
{
    (void)state;
    /* The mean is 1. Rows first: 0.5 and 1.5 round to 1 and 2, their mean to 2. Columns first: 0 and 2,
     * then 1. */
    uint8_t in[] = {0, 1, 0, 3}, out[1];
    gan_resizer resizer = {0};
    assert_true(gan_resize_picture(&resizer, out, 1, 1, (gan_pixels){in, 2, 2, 2, 1}, GAN_RESIZE_BILINEAR));
    assert_int_equal(out[0], 2);
    gan_resizer_free(&resizer);
}

/* One axis of the filter in double precision, from the definition. */
static double triangle_sum(const double *in, int stride, int from, int to, int i)
{
    double step = (double)from / to, reach = step > 1 ? step : 1, centre = (i + 0.5) * step, sum = 0,
           total = 0;
    for (int j = 0; j < from; j++) {
        double w = fmax(0, 1 - fabs(j + 0.5 - centre) / reach);
        sum += w * in[j * stride];
        total += w;
    }
    return sum / total;
}

static void compare_with_formula(int h, int w, int c, int out_h, int out_w)
{
    uint8_t *in = malloc((size_t)(h * w * c)), *out = malloc((size_t)(out_h * out_w * c));
    double *rows = malloc(sizeof *rows * (size_t)(h * out_w * c)),
           *exact = malloc(sizeof *exact * (size_t)(h * w * c));
    for (int i = 0; i < h * w * c; i++)
        exact[i] = in[i] = (uint8_t)(i * 2654435761u >> 24);
    gan_resizer resizer = {0};
    gan_pixels pixels = {in, (size_t)(w * c), h, w, c};
    assert_true(gan_resize_picture(&resizer, out, out_h, out_w, pixels, GAN_RESIZE_BILINEAR));
    for (int y = 0; y < h; y++)
        for (int x = 0; x < out_w; x++)
            for (int k = 0; k < c; k++)
                rows[(y * out_w + x) * c + k] =
                    floor(triangle_sum(exact + y * w * c + k, c, w, out_w, x) + 0.5);
    for (int y = 0; y < out_h; y++)
        for (int x = 0; x < out_w * c; x++)
            /* weights have 22 bits, so only a value on the edge between two
             * integers may fall the other way */
            assert_true(fabs(triangle_sum(rows + x, out_w * c, h, out_h, y) - out[y * out_w * c + x]) <
                        0.5001);
    gan_resizer_free(&resizer);
    free(in);
    free(out);
    free(rows);
    free(exact);
}

static void test_formula(void **state)
{
    (void)state;
    int sizes[][4] = {{96, 96, 48, 48}, {37, 53, 16, 11}, {5, 7, 64, 32},
                      {100, 3, 10, 30}, {1, 1, 8, 8},     {64, 64, 1, 1}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int c = 1; c <= 3; c += 2)
            compare_with_formula(sizes[i][0], sizes[i][1], c, sizes[i][2], sizes[i][3]);
}

static void test_crop(void **state)
{
    (void)state;
    uint8_t in[1] = {0};
    const int cases[][8] = {
        /* in h, w; target h, w; kept h, w; top, left */
        {218, 178, 64, 64, 178, 178, 20, 0},  {100, 200, 64, 64, 100, 100, 0, 50},
        {100, 200, 32, 64, 100, 200, 0, 0},   {99, 100, 1, 1, 99, 99, 0, 0},
        {10, 1000, 1, 1, 10, 10, 0, 495},     {1, 1, 8, 64, 1, 1, 0, 0},
        {300, 512, 64, 48, 300, 225, 0, 143},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int *c = cases[i];
        gan_pixels kept = gan_resize_crop((gan_pixels){in, (size_t)(c[1] * 3), c[0], c[1], 3}, c[2], c[3]);
        assert_int_equal(kept.height, c[4]);
        assert_int_equal(kept.width, c[5]);
        assert_int_equal(kept.bytes - in, c[6] * c[1] * 3 + c[7] * 3);
        assert_int_equal(kept.stride, c[1] * 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_halving_taps), cmocka_unit_test(test_enlarging),
        cmocka_unit_test(test_nearest),      cmocka_unit_test(test_rows_before_columns),
        cmocka_unit_test(test_formula),      cmocka_unit_test(test_crop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
