/* Grids, read back with libpng. */
#include "out/fixture.h"

#include <math.h>
#include <png.h>

/* The picture as it stands in the file (grey or RGB, 8 bits), freed by the caller. */
static unsigned char *read_png(const char *path, int *w, int *h, int *c)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_file(&image, path));
    assert_true(image.format == PNG_FORMAT_GRAY || image.format == PNG_FORMAT_RGB);
    *w = (int)image.width;
    *h = (int)image.height;
    *c = image.format == PNG_FORMAT_GRAY ? 1 : 3;
    unsigned char *pixels = malloc(PNG_IMAGE_SIZE(image));
    assert_true(png_image_finish_read(&image, NULL, pixels, 0, NULL));
    return pixels;
}

static void test_values(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    int w, h, c;
    const float values[] = {-1.0f, 1.0f, 0.0f, -3.0f, 7.0f, NAN, 0.5f, 1.0f / 255, -INFINITY, INFINITY};
    const unsigned char of_signed[] = {0, 255, 128, 0, 255, 0, 191, 128, 0, 255};
    const unsigned char of_unit[] = {0, 255, 0, 0, 255, 0, 128, 1, 0, 255};
    assert_int_equal(gan_grid_write(in_folder(path, "a.png"), values, 1, 1, 10, 1, 0, GAN_RANGE_SIGNED),
                     GAN_OK);
    unsigned char *pixels = read_png(path, &w, &h, &c);
    assert_int_equal(w, 10);
    assert_int_equal(h, 1);
    assert_int_equal(c, 1);
    assert_memory_equal(pixels, of_signed, 10);
    free(pixels);
    assert_int_equal(gan_grid_write(path, values, 1, 1, 10, 1, 0, GAN_RANGE_UNIT), GAN_OK);
    pixels = read_png(path, &w, &h, &c);
    assert_memory_equal(pixels, of_unit, 10);
    free(pixels);
}

/* Picture i, pixel (y, x), channel k, as its byte. */
static int byte_of(int i, int y, int x, int k)
{
    return 1 + 40 * i + 12 * y + 4 * x + k;
}

static void check_grid(int n, int columns, int channels, int grid_columns, int grid_rows)
{
    enum { H = 2, W = 3 };
    char path[PATH_ROOM];
    float images[6 * H * W * 3];
    int w, h, c;
    for (int i = 0; i < n; i++)
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++)
                for (int k = 0; k < channels; k++)
                    images[((i * H + y) * W + x) * channels + k] = (float)byte_of(i, y, x, k) / 255.0f;
    assert_int_equal(
        gan_grid_write(in_folder(path, "a.png"), images, n, H, W, channels, columns, GAN_RANGE_UNIT), GAN_OK);
    unsigned char *pixels = read_png(path, &w, &h, &c);
    assert_int_equal(c, channels);
    assert_int_equal(w, grid_columns * W);
    assert_int_equal(h, grid_rows * H);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            for (int k = 0; k < c; k++) {
                int i = y / H * grid_columns + x / W;
                assert_int_equal(pixels[(y * w + x) * c + k], i < n ? byte_of(i, y % H, x % W, k) : 0);
            }
    free(pixels);
}

static void test_tiles(void **state)
{
    (void)state;
    check_grid(1, 0, 1, 1, 1);
    check_grid(1, 0, 3, 1, 1);
    check_grid(2, 0, 3, 2, 2); /* a square, its second row black */
    check_grid(4, 0, 1, 2, 2);
    check_grid(5, 0, 3, 3, 3);
    check_grid(6, 6, 3, 6, 1);
    check_grid(5, 2, 1, 2, 3);
    check_grid(3, 1, 3, 1, 3);
}

static void test_refuses(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    float image[16] = {0};
    in_folder(path, "a.png");
    assert_int_equal(gan_grid_write(path, image, 0, 2, 2, 1, 0, GAN_RANGE_UNIT), GAN_BAD_INPUT);
    assert_int_equal(gan_grid_write(path, image, 1, 2, 2, 2, 0, GAN_RANGE_UNIT), GAN_BAD_INPUT);
    assert_int_equal(gan_grid_write(path, image, 1, 0, 2, 1, 0, GAN_RANGE_UNIT), GAN_BAD_INPUT);
    assert_int_equal(gan_grid_write(path, image, 1, 2, 2, 1, -1, GAN_RANGE_UNIT), GAN_BAD_INPUT);
    assert_int_equal(gan_grid_write(path, image, 2000000, 1, 1, 1, 2000000, GAN_RANGE_UNIT), GAN_BAD_INPUT);
    assert_message(path, "larger than a PNG may be", NULL);
    assert_int_equal(gan_grid_write(in_folder(path, "none/a.png"), image, 1, 2, 2, 1, 0, GAN_RANGE_UNIT),
                     GAN_FAILED);
    assert_message(path, NULL);
}

static void test_same_arguments_same_bytes(void **state)
{
    (void)state;
    char a[PATH_ROOM], b[PATH_ROOM];
    size_t n_a, n_b;
    float image[3 * 64];
    for (int i = 0; i < 3 * 64; i++)
        image[i] = (float)i / 192.0f;
    assert_int_equal(gan_grid_write(in_folder(a, "a.png"), image, 1, 8, 8, 3, 0, GAN_RANGE_UNIT), GAN_OK);
    sleep(1); /* no time stamp */
    assert_int_equal(gan_grid_write(in_folder(b, "b.png"), image, 1, 8, 8, 3, 0, GAN_RANGE_UNIT), GAN_OK);
    char *bytes_a = read_file(&n_a, a), *bytes_b = read_file(&n_b, b);
    assert_int_equal(n_a, n_b);
    assert_memory_equal(bytes_a, bytes_b, n_a);
    free(bytes_a);
    free(bytes_b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_values),
        WITH_FOLDER(test_tiles),
        WITH_FOLDER(test_refuses),
        WITH_FOLDER(test_same_arguments_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
