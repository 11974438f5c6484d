/* bias_act.c: bias, activations and their gradients on NHWC rows. */
#include <string.h>
#include "act.h"
#include "cpu.h"

#define GLUE_MAX (GAN_LINE * GAN_LINE)

/* A row of few channels is too short for a vector: several rows, a line of them, are taken as one. */
static size_t glue(size_t c)
{
    return c < GAN_LINE ? GAN_LINE : 1;
}

GAN_INLINE void add_rows(float *y, const float *bias, size_t width, size_t total)
{
    for (size_t at = 0; at < total; at += width) {
        const size_t count = total - at < width ? total - at : width;
        float *row = y + at;
#pragma omp simd
        for (size_t i = 0; i < count; i++)
            row[i] += bias[i];
    }
}

GAN_CLONES static void bias_rows(float *y, const float *bias, size_t width, size_t total)
{
    add_rows(y, bias, width, total);
}

gan_status gan_cpu_bias_add(gan_backend *be, float *y, const float *bias, size_t rows, int c)
{
    (void)be;
    float glued[GLUE_MAX];
    const size_t channels = (size_t)c, times = glue(channels);
    for (size_t i = 0; times > 1 && i < times * channels; i++)
        glued[i] = bias[i % channels];
    bias_rows(y, times > 1 ? glued : bias, times * channels, rows * channels);
    return GAN_OK;
}

/* sums[0..width) += the rows of dy, each column from top to bottom; four rows share a pass over the sums. */
GAN_CLONES static void sum_rows(double *restrict sums, const float *restrict dy, size_t width, size_t total)
{
    size_t at = 0;
    for (; at + 4 * width <= total; at += 4 * width) {
        const float *r = dy + at;
#pragma omp simd
        for (size_t i = 0; i < width; i++)
            sums[i] = (((sums[i] + (double)r[i]) + (double)r[width + i]) + (double)r[2 * width + i]) +
                      (double)r[3 * width + i];
    }
    for (; at < total; at += width) {
        const size_t count = total - at < width ? total - at : width;
        for (size_t i = 0; i < count; i++)
            sums[i] += (double)dy[at + i];
    }
}

gan_status gan_cpu_bias_gradient(gan_backend *be, float *part, const float *dy, size_t rows, int c,
                                 bool accumulate)
{
    const size_t channels = (size_t)c, times = glue(channels), width = times * channels;
    float *scratch;
    GAN_TRY(gan_cpu_scratch_get(&scratch, be, 2 * width));
    double *sums = (double *)(void *)scratch;
    memset(sums, 0, width * sizeof *sums);
    sum_rows(sums, dy, width, rows * channels);
    for (size_t i = 0; i < channels; i++) {
        double sum = sums[i];
        for (size_t t = 1; t < times; t++)
            sum += sums[t * channels + i];
        part[i] = (accumulate ? part[i] : 0.0f) + (float)sum;
    }
    return GAN_OK;
}

GAN_INLINE void values(float *y, size_t n, gan_act act)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        y[i] = gan_act_value(y[i], act);
}

GAN_CLONES static void all_values(float *y, gan_act act, size_t n)
{
    GAN_ACT_SWITCH(act, values(y, n, ACT));
}

gan_status gan_cpu_act_forward(gan_backend *be, float *y, gan_act act, size_t n)
{
    (void)be;
    if (act != GAN_ACT_NONE)
        all_values(y, act, n);
    return GAN_OK;
}

GAN_INLINE void slopes(float *dy, const float *y, size_t n, gan_act act)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        dy[i] = gan_act_slope(dy[i], y[i], act);
}

GAN_CLONES static void all_slopes(float *dy, const float *y, gan_act act, size_t n)
{
    GAN_ACT_SWITCH(act, slopes(dy, y, n, ACT));
}

gan_status gan_cpu_act_backward(gan_backend *be, float *dy, const float *y, gan_act act, size_t n)
{
    (void)be;
    if (act != GAN_ACT_NONE)
        all_slopes(dy, y, act, n);
    return GAN_OK;
}
