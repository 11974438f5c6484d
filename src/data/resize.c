#include "resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* 8 bits of pixel, 22 of weight and a sum of weights of one stay within a signed 32-bit word. */
#define WEIGHT_BITS 22

gan_pixels gan_resize_crop(gan_pixels in, int height, int width)
{
    int64_t h = in.height, w = in.width, keep_h = h, keep_w = w;
    if (w * height > h * width)
        keep_w = (2 * h * width + height) / (2 * (int64_t)height);
    else
        keep_h = (2 * w * height + width) / (2 * (int64_t)width);
    keep_h = keep_h < 1 ? 1 : keep_h > h ? h : keep_h;
    keep_w = keep_w < 1 ? 1 : keep_w > w ? w : keep_w;
    in.bytes += (size_t)((h - keep_h) / 2) * in.stride + (size_t)((w - keep_w) / 2) * (size_t)in.channels;
    in.height = (int)keep_h;
    in.width = (int)keep_w;
    return in;
}

static void free_axis(gan_resize_axis *axis)
{
    free(axis->first);
    free(axis->count);
    free(axis->weight);
    *axis = (gan_resize_axis){0};
}

/* The triangle 1 - |j + 0.5 - centre| / reach over the input pixels j
 * inside the picture, made to sum to one. */
static void triangle(gan_resize_axis *axis, int i)
{
    double step = (double)axis->in / axis->out, reach = step > 1.0 ? step : 1.0;
    double centre = (i + 0.5) * step, sum = 0.0;
    int first = (int)floor(centre - reach), last = (int)ceil(centre + reach);
    first = first < 0 ? 0 : first;
    last = last > axis->in ? axis->in : last;
    for (int pass = 0; pass < 2; pass++) {
        for (int j = first; j < last; j++) {
            double value = 1.0 - fabs(j + 0.5 - centre) / reach;
            value = value > 0.0 ? value : 0.0;
            if (pass == 0)
                sum += value;
            else
                axis->weight[(size_t)i * (size_t)axis->taps + (size_t)(j - first)] =
                    (int32_t)(value / sum * (1 << WEIGHT_BITS) + 0.5);
        }
    }
    axis->first[i] = first;
    axis->count[i] = last - first;
}

static bool plan_axis(gan_resize_axis *axis, int in, int out, gan_resize how)
{
    if (axis->in == in && axis->out == out && axis->how == how)
        return true;
    free_axis(axis);
    double step = (double)in / out;
    int taps = how == GAN_RESIZE_NEAREST ? 1 : 2 * (int)ceil(step > 1.0 ? step : 1.0) + 2;
    axis->first = calloc((size_t)out, sizeof *axis->first);
    axis->count = calloc((size_t)out, sizeof *axis->count);
    axis->weight = calloc((size_t)out * (size_t)taps, sizeof *axis->weight);
    if (!axis->first || !axis->count || !axis->weight) {
        free_axis(axis);
        return false;
    }
    axis->in = in;
    axis->out = out;
    axis->taps = taps;
    axis->how = how;
    for (int i = 0; i < out; i++) {
        if (how == GAN_RESIZE_NEAREST)
            axis->first[i] = (int)((2 * (int64_t)i + 1) * in / (2 * (int64_t)out));
        else
            triangle(axis, i);
    }
    return true;
}

static uint8_t rounded(int32_t sum)
{
    int32_t value = sum >> WEIGHT_BITS;
    return (uint8_t)(value > 255 ? 255 : value);
}

#define HALF (INT32_C(1) << (WEIGHT_BITS - 1))

static void row_pass_1(uint8_t *out, const uint8_t *in, const gan_resize_axis *axis)
{
    for (int i = 0; i < axis->out; i++) {
        const uint8_t *from = in + axis->first[i];
        const int32_t *weight = axis->weight + (size_t)i * (size_t)axis->taps;
        int32_t sum = HALF;
        for (int k = 0; k < axis->count[i]; k++)
            sum += weight[k] * from[k];
        out[i] = rounded(sum);
    }
}

static void row_pass_3(uint8_t *out, const uint8_t *in, const gan_resize_axis *axis)
{
    for (int i = 0; i < axis->out; i++) {
        const uint8_t *from = in + (size_t)axis->first[i] * 3;
        const int32_t *weight = axis->weight + (size_t)i * (size_t)axis->taps;
        int32_t red = HALF, green = HALF, blue = HALF;
        for (int k = 0; k < axis->count[i]; k++, from += 3) {
            red += weight[k] * from[0];
            green += weight[k] * from[1];
            blue += weight[k] * from[2];
        }
        out[3 * i] = rounded(red);
        out[3 * i + 1] = rounded(green);
        out[3 * i + 2] = rounded(blue);
    }
}

/* One output row: a weighted sum of whole input rows, so the inner loop runs along memory. */
static void column_pass(uint8_t *out, gan_pixels in, const gan_resize_axis *axis, int i)
{
    size_t n = (size_t)in.width * (size_t)in.channels;
    const uint8_t *top = in.bytes + (size_t)axis->first[i] * in.stride;
    const int32_t *weight = axis->weight + (size_t)i * (size_t)axis->taps;
    enum { BLOCK = 256 };
    for (size_t start = 0; start < n; start += BLOCK) {
        int32_t sum[BLOCK];
        size_t width = n - start < BLOCK ? n - start : BLOCK;
        for (size_t j = 0; j < width; j++)
            sum[j] = HALF;
        for (int k = 0; k < axis->count[i]; k++) {
            const uint8_t *row = top + (size_t)k * in.stride + start;
            for (size_t j = 0; j < width; j++)
                sum[j] += weight[k] * row[j];
        }
        for (size_t j = 0; j < width; j++)
            out[start + j] = rounded(sum[j]);
    }
}

static void nearest(uint8_t *out, const gan_resizer *resizer, gan_pixels in)
{
    size_t c = (size_t)in.channels;
    for (int y = 0; y < resizer->y.out; y++) {
        const uint8_t *row = in.bytes + (size_t)resizer->y.first[y] * in.stride;
        for (int x = 0; x < resizer->x.out; x++, out += c)
            memcpy(out, row + (size_t)resizer->x.first[x] * c, c);
    }
}

static bool need_rows(gan_resizer *resizer, size_t size)
{
    if (resizer->rows_size >= size)
        return true;
    free(resizer->rows);
    resizer->rows = malloc(size);
    resizer->rows_size = resizer->rows ? size : 0;
    return resizer->rows != NULL;
}

bool gan_resize_picture(gan_resizer *resizer, uint8_t *out, int height, int width, gan_pixels in,
                        gan_resize how)
{
    size_t row = (size_t)width * (size_t)in.channels;
    if (in.height == height && in.width == width && in.stride == row) {
        memcpy(out, in.bytes, (size_t)height * row);
        return true;
    }
    if (in.height == height && in.width == width) {
        for (int y = 0; y < height; y++)
            memcpy(out + (size_t)y * row, in.bytes + (size_t)y * in.stride, row);
        return true;
    }
    if (!plan_axis(&resizer->x, in.width, width, how) || !plan_axis(&resizer->y, in.height, height, how))
        return false;
    if (how == GAN_RESIZE_NEAREST) {
        nearest(out, resizer, in);
        return true;
    }
    if (in.width != width) {
        if (!need_rows(resizer, (size_t)in.height * row))
            return false;
        for (int y = 0; y < in.height; y++)
            (in.channels == 3 ? row_pass_3 : row_pass_1)(resizer->rows + (size_t)y * row,
                                                         in.bytes + (size_t)y * in.stride, &resizer->x);
        in = (gan_pixels){resizer->rows, row, in.height, width, in.channels};
    }
    for (int y = 0; y < height; y++) {
        if (in.height == height)
            memcpy(out + (size_t)y * row, in.bytes + (size_t)y * in.stride, row);
        else
            column_pass(out + (size_t)y * row, in, &resizer->y, y);
    }
    return true;
}

void gan_resizer_free(gan_resizer *resizer)
{
    free_axis(&resizer->x);
    free_axis(&resizer->y);
    free(resizer->rows);
    *resizer = (gan_resizer){0};
}
