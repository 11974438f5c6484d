/* columns.c: convolution through columns.h. Some pictures at a time, so that their columns stay in cache
 * while they are used. */
#include "columns.h"

#include <string.h>
#include "onednn.h"
#include "simd.h"

#define CHUNK_FLOATS (512 * 1024) /* of columns at a time, 2 MiB */
#define ENOUGH_ROWS  128          /* for a product that reads the weights once */

size_t gan_columns_width(const gan_conv_shape *s)
{
    return (size_t)s->kernel_h * (size_t)s->kernel_w * (size_t)s->c;
}

static size_t places(const gan_conv_shape *s)
{
    return (size_t)s->out_h * (size_t)s->out_w;
}

static size_t big_picture(const gan_conv_shape *s)
{
    return (size_t)s->h * (size_t)s->w * (size_t)s->c;
}

static size_t pictures_at_a_time(const gan_conv_shape *s)
{
    const size_t pictures = CHUNK_FLOATS / (places(s) * gan_columns_width(s));
    return pictures < 1 ? 1 : pictures < (size_t)s->n ? pictures : (size_t)s->n;
}

/* Where no bit may depend on a picture's place, a product is one picture, if that has enough rows, or some,
 * all products of a plan of the same shape. */
static size_t pictures_together(const gan_conv_shape *s)
{
    const size_t n = (size_t)s->n, fit = places(s) >= ENOUGH_ROWS ? 1 : pictures_at_a_time(s);
    const size_t products = (n + fit - 1) / fit;
    return (n + products - 1) / products;
}

static size_t rows_together(const gan_conv_shape *s)
{
    const size_t pictures = pictures_together(s), rows = pictures * places(s);
    return pictures == 1 ? rows : gan_dnnl_rows(rows);
}

void gan_columns_weights(gan_backend *be, float *w, const gan_conv_shape *s, const float *weights)
{
    const size_t c = (size_t)s->c, taps = (size_t)s->kernel_h * (size_t)s->kernel_w;
#pragma omp parallel for num_threads(be->threads) schedule(static)
    for (int k = 0; k < s->out_c; k++) {
        const float *from = weights + (size_t)k * c * taps;
        float *to = w + (size_t)k * c * taps;
        if (taps == 1)
            memcpy(to, from, c * sizeof(float));
        else
            for (size_t t = 0; t < taps; t++)
                for (size_t i = 0; i < c; i++)
                    to[t * c + i] = from[i * taps + t];
    }
}

gan_status gan_columns_gradient(gan_backend *be, float *dw, const gan_conv_shape *s, float *const *parts,
                                int n)
{
    const size_t c = (size_t)s->c, taps = (size_t)s->kernel_h * (size_t)s->kernel_w, width = c * taps;
    if (taps == 1)
        return gan_cpu_tree_sum(be, dw, parts, n, (size_t)s->out_c * width);
    gan_status status = GAN_OK;
#pragma omp parallel for num_threads(be->threads) schedule(static)
    for (int k = 0; k < s->out_c; k++) {
        float *row;
        if (gan_cpu_scratch_get(&row, be, width) != GAN_OK) {
#pragma omp atomic write
            status = GAN_FAILED;
            continue;
        }
        for (size_t at = 0; at < width; at += GAN_TREE_RUN)
            gan_cpu_tree_run(row + at, parts, n, (size_t)k * width + at,
                             width - at < GAN_TREE_RUN ? width - at : GAN_TREE_RUN);
        float *to = dw + (size_t)k * width;
        for (size_t i = 0; i < c; i++)
            for (size_t t = 0; t < taps; t++)
                *to++ = row[t * c + i];
    }
    return status == GAN_OK ? GAN_OK : gan_error(status, "cpu backend: no memory to sum a weight gradient");
}

/* The columns of one picture. A kernel row's values are contiguous in NHWC;
 * what is outside the picture is zero. */
static void spread(float *col, const gan_conv_shape *s, const float *x)
{
    const size_t c = (size_t)s->c, run = (size_t)s->kernel_w * c;
    for (int i = 0; i < s->out_h; i++)
        for (int j = 0; j < s->out_w; j++)
            for (int kh = 0; kh < s->kernel_h; kh++, col += run) {
                const int row = i * s->stride_h + kh - s->pad_top, first = j * s->stride_w - s->pad_left;
                if (row < 0 || row >= s->h) {
                    memset(col, 0, run * sizeof(float));
                    continue;
                }
                const int from = first < 0 ? 0 : first;
                const int to = first + s->kernel_w < s->w ? first + s->kernel_w : s->w;
                if (from > first || to < first + s->kernel_w)
                    memset(col, 0, run * sizeof(float));
                if (to > from)
                    memcpy(col + (size_t)(from - first) * c,
                           x + ((size_t)row * (size_t)s->w + (size_t)from) * c,
                           (size_t)(to - from) * c * sizeof(float));
            }
}

/* line[j * step + at + i] += source[j * pixel + at + i] over slices of at most one step: within a slice
 * neighbours do not overlap, so no sum waits for the one before it. */
GAN_INLINE void add_kernel_row(float *restrict line, const float *restrict source, size_t out_w, size_t step,
                               size_t run, size_t pixel)
{
    for (size_t at = 0; at < run; at += step) {
        const size_t count = run - at < step ? run - at : step;
        for (size_t j = 0; j < out_w; j++) {
            float *to = line + j * step + at;
            const float *from = source + j * pixel + at;
            for (size_t i = 0; i < count; i++)
                to[i] += from[i];
        }
    }
}

/* dx of one picture: each row is a `line` that starts pad_left pixels before it, kernel rows added in
 * ascending order. */
GAN_CLONES static void gather(float *dx, const gan_conv_shape *s, const float *col, float *line,
                              size_t line_floats)
{
    const size_t c = (size_t)s->c, run = (size_t)s->kernel_w * c, row = (size_t)s->w * c;
    const size_t step = (size_t)s->stride_w * c, pixel = (size_t)s->kernel_h * run, out_w = (size_t)s->out_w;
    for (int h = 0; h < s->h; h++) {
        memset(line, 0, line_floats * sizeof(float));
        for (int kh = 0; kh < s->kernel_h; kh++) {
            const int from = h + s->pad_top - kh;
            if (from < 0 || from % s->stride_h != 0 || from / s->stride_h >= s->out_h)
                continue;
            const float *source = col + (size_t)(from / s->stride_h) * out_w * pixel + (size_t)kh * run;
            if (step == 6 && run == 12) /* 4x4, stride 2, RGB: lengths known, so the sums become vectors */
                add_kernel_row(line, source, out_w, 6, 12, pixel);
            else if (step == 2 && run == 4) /* the same in grey */
                add_kernel_row(line, source, out_w, 2, 4, pixel);
            else
                add_kernel_row(line, source, out_w, step, run, pixel);
        }
        memcpy(dx + (size_t)h * row, line + (size_t)s->pad_left * c, row * sizeof(float));
    }
}

/* Blocks of scratch, each at the start of a line. */
static size_t lines(size_t floats)
{
    return (floats + GAN_LINE - 1) / GAN_LINE * GAN_LINE;
}

gan_status gan_columns_forward(gan_backend *be, float *y, const gan_conv_shape *s, const float *w,
                               const float *x)
{
    const size_t k = (size_t)s->out_c, width = gan_columns_width(s), chunk = pictures_together(s);
    const size_t rows = rows_together(s);
    float *col;
    GAN_TRY(gan_cpu_scratch_get(&col, be, lines(rows * width) + rows * k));
    float *stage = col + lines(rows * width);
    for (size_t i = 0; i < (size_t)s->n; i += chunk) {
        const size_t pictures = (size_t)s->n - i < chunk ? (size_t)s->n - i : chunk;
        const size_t used = pictures * places(s);
        for (size_t p = 0; p < pictures; p++)
            spread(col + p * places(s) * width, s, x + (i + p) * big_picture(s));
        memset(col + used * width, 0, (rows - used) * width * sizeof(float));
        float *to = y + i * places(s) * k;
        GAN_TRY(
            gan_dnnl_gemm('N', 'T', rows, k, width, col, width, w, width, 0.0f, used < rows ? stage : to, k));
        if (used < rows)
            memcpy(to, stage, used * k * sizeof(float));
    }
    return GAN_OK;
}

gan_status gan_columns_backward_data(gan_backend *be, float *dx, const gan_conv_shape *s, const float *w,
                                     const float *dy)
{
    const size_t k = (size_t)s->out_c, width = gan_columns_width(s), chunk = pictures_together(s);
    const size_t rows = rows_together(s);
    const size_t reached = (size_t)(s->out_w - 1) * (size_t)s->stride_w + (size_t)s->kernel_w;
    const size_t wanted = (size_t)s->pad_left + (size_t)s->w;
    const size_t line_floats = (reached > wanted ? reached : wanted) * (size_t)s->c;
    float *col;
    GAN_TRY(gan_cpu_scratch_get(&col, be, lines(rows * width) + lines(line_floats) + rows * k));
    float *line = col + lines(rows * width), *stage = line + lines(line_floats);
    for (size_t i = 0; i < (size_t)s->n; i += chunk) {
        const size_t pictures = (size_t)s->n - i < chunk ? (size_t)s->n - i : chunk;
        const size_t used = pictures * places(s);
        const float *from = dy + i * places(s) * k;
        if (used < rows) {
            memcpy(stage, from, used * k * sizeof(float));
            memset(stage + used * k, 0, (rows - used) * k * sizeof(float));
            from = stage;
        }
        GAN_TRY(gan_dnnl_gemm('N', 'N', rows, width, k, from, k, w, width, 0.0f, col, width));
        for (size_t p = 0; p < pictures; p++)
            gather(dx + (i + p) * big_picture(s), s, col + p * places(s) * width, line, line_floats);
    }
    return GAN_OK;
}

gan_status gan_columns_backward_weights(gan_backend *be, float *part, const gan_conv_shape *s, const float *x,
                                        const float *dy, bool accumulate)
{
    const size_t k = (size_t)s->out_c, width = gan_columns_width(s), chunk = pictures_at_a_time(s);
    float *col;
    GAN_TRY(gan_cpu_scratch_get(&col, be, chunk * places(s) * width));
    for (size_t i = 0; i < (size_t)s->n; i += chunk) {
        const size_t pictures = (size_t)s->n - i < chunk ? (size_t)s->n - i : chunk;
        for (size_t p = 0; p < pictures; p++)
            spread(col + p * places(s) * width, s, x + (i + p) * big_picture(s));
        GAN_TRY(gan_dnnl_gemm('T', 'N', k, width, pictures * places(s), dy + i * places(s) * k, k, col, width,
                              accumulate || i > 0 ? 1.0f : 0.0f, part, width));
    }
    return GAN_OK;
}
