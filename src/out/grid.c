#include "gan_dist/out.h"

#include <limits.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include "gan_dist/base.h"

#define SIDE_LIMIT 1000000 /* libpng's own limit for width and height */

static int square_side(int n)
{
    int side = 1;
    while ((int64_t)side * side < n)
        side++;
    return side;
}

static unsigned char to_byte(float value, gan_range range)
{
    float scaled = range == GAN_RANGE_SIGNED ? (value + 1.0f) * 127.5f : value * 255.0f;
    if (!(scaled > 0.0f)) /* NaN too */
        return 0;
    return scaled >= 255.0f ? 255 : (unsigned char)(scaled + 0.5f);
}

/* One picture [h][w][c] into its tile of the grid, whose lines are `stride` bytes long. */
static void place_tile(unsigned char *tile, size_t stride, const float *image, int h, int w, int c,
                       gan_range range)
{
    size_t row = (size_t)w * (size_t)c;
    for (int y = 0; y < h; y++)
        for (size_t x = 0; x < row; x++)
            tile[(size_t)y * stride + x] = to_byte(image[(size_t)y * row + x], range);
}

static gan_status write_png(const char *path, const unsigned char *pixels, size_t width, size_t height, int c)
{
    gan_status status = GAN_OK;
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = c == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB};
    png_alloc_size_t n = PNG_IMAGE_PNG_SIZE_MAX(image);
    void *bytes = malloc(n);
    if (!bytes)
        return gan_error(GAN_FAILED, "%s: out of memory", path);
    if (png_image_write_to_memory(&image, bytes, &n, 0, pixels, 0, NULL))
        status = gan_file_replace(path, bytes, n);
    else
        status = gan_error(GAN_FAILED, "%s: cannot make the PNG: %s", path, image.message);
    png_image_free(&image);
    free(bytes);
    return status;
}

gan_status gan_grid_write(const char *path, const float *images, int n, int h, int w, int c, int columns,
                          gan_range range)
{
    if (n < 1 || h < 1 || w < 1 || columns < 0 || (c != 1 && c != 3))
        return gan_error(GAN_BAD_INPUT, "%s: cannot draw %d pictures of %dx%dx%d in %d columns", path, n, h,
                         w, c, columns);
    int rows = columns ? n / columns + (n % columns != 0) : square_side(n);
    if (columns == 0)
        columns = rows;
    if ((int64_t)columns * w > SIDE_LIMIT || (int64_t)rows * h > SIDE_LIMIT)
        return gan_error(GAN_BAD_INPUT, "%s: a grid of %dx%d pictures of %dx%d is larger than a PNG may be",
                         path, columns, rows, w, h);
    size_t width = (size_t)columns * (size_t)w, height = (size_t)rows * (size_t)h, stride = width * (size_t)c;
    unsigned char *pixels = calloc(height, stride);
    if (!pixels)
        return gan_error(GAN_FAILED, "%s: out of memory", path);
    for (int i = 0; i < n; i++) {
        size_t top = (size_t)(i / columns) * (size_t)h, left = (size_t)(i % columns) * (size_t)w * (size_t)c;
        place_tile(pixels + top * stride + left, stride,
                   images + (size_t)i * (size_t)h * (size_t)w * (size_t)c, h, w, c, range);
    }
    gan_status status = write_png(path, pixels, width, height, c);
    free(pixels);
    return status;
}
