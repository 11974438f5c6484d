/* Every kind of picture file becomes the pixels that its format says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <png.h>
#include <cmocka.h>
#include "support.h"

#define H 24
#define W 40

/* A lossy format at quality 98 on a pattern with steps. */
#define JPEG_TOLERANCE 12
#define JPEG_MEAN      2.0

/* Opens the one picture in the folder as H x W x channels; the caller frees it. */
static uint8_t *load(int channels)
{
    gan_config config = config_for("", H, W, channels);
    gan_data *data = NULL;
    if (open_self(&data, &config, NULL) != GAN_OK)
        fail_msg("%s", gan_error_message());
    assert_int_equal(gan_data_count(data), 1);
    size_t n = (size_t)(H * W * channels);
    uint8_t *pixels = malloc(n);
    memcpy(pixels, gan_data_image(data, 0), n);
    close_self(data);
    clear_folder();
    return pixels;
}

static int on_white(int value, int alpha)
{
    return (value * alpha + 255 * (255 - alpha) + 127) / 255;
}

static int grey(int r, int g, int b)
{
    return (299 * r + 587 * g + 114 * b + 500) / 1000;
}

/* What sample c of a PNG kind must become (before any change of channels). */
static int expected_png(png_kind kind, int y, int x, int c)
{
    bool colour = kind.colour & PNG_COLOR_MASK_COLOR;
    int value = pattern(y, x, colour ? c : 0, 0);
    if (kind.depth < 8)
        value = (value >> (8 - kind.depth)) * 255 / ((1 << kind.depth) - 1);
    if (kind.colour == PNG_COLOR_TYPE_PALETTE) {
        int index = pattern(y, x, 0, 0) >> (8 - kind.depth), entry[] = {index, 255 - index, index / 2};
        return kind.transparency && index % 2 == 0 ? 255 : entry[c];
    }
    if (kind.colour & PNG_COLOR_MASK_ALPHA)
        return on_white(value, alpha_at(y, x));
    if (kind.transparency) {
        bool clear = true;
        for (int k = 0; k < (colour ? 3 : 1); k++)
            clear = clear && pattern(y, x, k, 0) == pattern(0, 0, k, 0);
        return clear ? 255 : value;
    }
    return value;
}

static void check_png(png_kind kind, int channels)
{
    write_png("a.png", H, W, kind, 0);
    uint8_t *pixels = load(channels);
    bool colour = kind.colour & PNG_COLOR_MASK_COLOR;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            for (int c = 0; c < channels; c++) {
                int value = expected_png(kind, y, x, colour ? c : 0);
                if (colour && channels == 1)
                    value = grey(expected_png(kind, y, x, 0), expected_png(kind, y, x, 1),
                                 expected_png(kind, y, x, 2));
                assert_int_equal(pixels[(y * W + x) * channels + c], value);
            }
    free(pixels);
}

static void test_png(void **state)
{
    (void)state;
    const png_kind kinds[] = {
        {PNG_COLOR_TYPE_GRAY, 8, false, false},       {PNG_COLOR_TYPE_GRAY, 1, false, false},
        {PNG_COLOR_TYPE_GRAY, 2, false, false},       {PNG_COLOR_TYPE_GRAY, 4, true, false},
        {PNG_COLOR_TYPE_GRAY, 16, false, false},      {PNG_COLOR_TYPE_GRAY, 8, false, true},
        {PNG_COLOR_TYPE_GRAY_ALPHA, 8, false, false}, {PNG_COLOR_TYPE_GRAY_ALPHA, 16, true, false},
        {PNG_COLOR_TYPE_PALETTE, 8, false, false},    {PNG_COLOR_TYPE_PALETTE, 4, false, false},
        {PNG_COLOR_TYPE_PALETTE, 8, true, true},      {PNG_COLOR_TYPE_RGB, 8, false, false},
        {PNG_COLOR_TYPE_RGB, 8, true, false},         {PNG_COLOR_TYPE_RGB, 16, false, false},
        {PNG_COLOR_TYPE_RGB, 8, false, true},         {PNG_COLOR_TYPE_RGBA, 8, false, false},
        {PNG_COLOR_TYPE_RGBA, 8, true, false},        {PNG_COLOR_TYPE_RGBA, 16, false, false},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int channels = 1; channels <= 3; channels += 2)
            check_png(kinds[i], channels);
}

static void check_jpeg(jpeg_kind kind, int channels)
{
    write_jpeg("a.jpg", H, W, kind, 0);
    uint8_t *pixels = load(channels);
    double sum = 0;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            for (int c = 0; c < channels; c++) {
                int value = pattern(y, x, kind.components == 1 ? 0 : c, 0);
                if (kind.components > 1 && channels == 1)
                    value = grey(pattern(y, x, 0, 0), pattern(y, x, 1, 0), pattern(y, x, 2, 0));
                int difference = abs(pixels[(y * W + x) * channels + c] - value);
                assert_in_range(difference, 0, JPEG_TOLERANCE);
                sum += difference;
            }
    assert_true(sum / (H * W * channels) < JPEG_MEAN);
    free(pixels);
}

static void test_jpeg(void **state)
{
    (void)state;
    const jpeg_kind kinds[] = {
        {.components = 1},
        {.components = 1, .progressive = true},
        {.components = 3},
        {.components = 3, .progressive = true},
        {.components = 4},
        {.components = 4, .adobe = true},
        {.components = 4, .adobe = true, .ycck = true},
        {.components = 4, .adobe = true, .progressive = true},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int channels = 1; channels <= 3; channels += 2)
            check_jpeg(kinds[i], channels);
}

static void test_orientations(void **state)
{
    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++)
        for (int big = 0; big < 2; big++) {
            check_jpeg((jpeg_kind){.components = 3, .orientation = orientation, .big_endian = big}, 3);
            check_jpeg((jpeg_kind){.components = 1, .orientation = orientation, .big_endian = big}, 1);
        }
}

/* An EXIF block may say anything; the picture is then taken as upright,
 * and nothing outside the block is read. */
static void test_bent_exif(void **state)
{
    (void)state;
    write_jpeg("a.jpg", H, W, (jpeg_kind){.components = 3, .orientation = 6}, 0);
    size_t n;
    uint8_t *whole = read_bytes("a.jpg", &n);
    clear_folder();
    size_t exif = 0;
    while (memcmp(whole + exif, "Exif", 4) != 0)
        exif++;
    for (size_t at = exif; at < exif + 32; at++)
        for (int value = 0; value < 256; value += 51) {
            uint8_t *bent = malloc(n); /* of the exact size, so that a sanitizer sees any step outside */
            memcpy(bent, whole, n);
            bent[at] = (uint8_t)value;
            write_bytes("a.jpg", bent, n);
            free(bent);
            free(load(3));
        }
    free(whole);
}

static void test_content_not_name(void **state)
{
    (void)state;
    write_png("photo.JPG", H, W, (png_kind){PNG_COLOR_TYPE_RGB, 8, false, false}, 3);
    uint8_t *pixels = load(3);
    assert_int_equal(pixels[3 * W + 1], pattern(1, 0, 1, 3));
    free(pixels);
    write_jpeg("drawing.Png", H, W, (jpeg_kind){.components = 3}, 3);
    pixels = load(3);
    assert_in_range(pixels[3 * W + 1], pattern(1, 0, 1, 3) - JPEG_TOLERANCE,
                    pattern(1, 0, 1, 3) + JPEG_TOLERANCE);
    free(pixels);
}

/* Crop and resize reach the store: a wide picture loses its sides, or is squeezed when told so. */
static void test_crop_and_stretch(void **state)
{
    (void)state;
    for (int crop = 0; crop < 2; crop++) {
        write_png("a.png", 16, 32, (png_kind){PNG_COLOR_TYPE_RGB, 8, false, false}, 0);
        gan_config config = config_for("", 16, 16, 3);
        config.crop = crop;
        config.resize = GAN_RESIZE_NEAREST;
        gan_data *data = NULL;
        assert_int_equal(open_self(&data, &config, NULL), GAN_OK);
        for (int y = 0; y < 16; y++)
            for (int x = 0; x < 16; x++)
                assert_int_equal(gan_data_image(data, 0)[(y * 16 + x) * 3 + 1],
                                 pattern(y, crop ? 8 + x : 2 * x + 1, 1, 0));
        close_self(data);
        clear_folder();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png),
        cmocka_unit_test(test_jpeg),
        cmocka_unit_test(test_orientations),
        cmocka_unit_test(test_bent_exif),
        cmocka_unit_test(test_content_not_name),
        cmocka_unit_test(test_crop_and_stretch),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
