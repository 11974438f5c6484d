/* bn.c: batch norm on NHWC rows, two passes each way: sums, then the result.
 *
 * Sums are in double, each channel from the first row to the last. Rows of few channels are glued to rows of
 * a whole number of vectors; the columns that belong to one channel are then added in order. */
#include <string.h>
#include "act.h"
#include "cpu.h"

#define GLUE_MAX (GAN_LINE * GAN_LINE)

/* The per-channel values of `args`, repeated when rows are glued. */
typedef struct wide {
    size_t times, width, total; /* rows in one, floats of one, floats in all */
    const float *mean, *inverse, *gamma, *beta;
    float glued[6][GLUE_MAX];
} wide;

static const float *repeat(wide *w, int slot, const float *values, int c)
{
    if (w->times == 1)
        return values;
    for (size_t i = 0; i < w->width; i++)
        w->glued[slot][i] = values[i % (size_t)c];
    return w->glued[slot];
}

static void widen(wide *w, const gan_bn_args *args)
{
    w->times = args->c < GAN_LINE ? GAN_LINE : 1;
    w->width = w->times * (size_t)args->c;
    w->total = args->rows * (size_t)args->c;
    w->mean = repeat(w, 0, args->mean, args->c);
    w->inverse = repeat(w, 1, args->inverse_deviation, args->c);
    w->gamma = repeat(w, 2, args->gamma, args->c);
    w->beta = repeat(w, 3, args->beta, args->c);
}

/* out[0..2c) from the columns' sums s[0..width), q[0..width). */
static void fold(double *out, const double *s, const double *q, size_t times, size_t c)
{
    for (size_t i = 0; i < c; i++) {
        double a = s[i], b = q[i];
        for (size_t t = 1; t < times; t++) {
            a += s[t * c + i];
            b += q[t * c + i];
        }
        out[i] = a;
        out[c + i] = b;
    }
}

GAN_CLONES static void sum_rows(double *restrict s, double *restrict q, const float *restrict x, size_t width,
                                size_t total)
{
    size_t at = 0;
    for (; at + 4 * width <= total; at += 4 * width) {
        const float *r = x + at;
#pragma omp simd
        for (size_t i = 0; i < width; i++) {
            const double a = (double)r[i], b = (double)r[width + i];
            const double c = (double)r[2 * width + i], d = (double)r[3 * width + i];
            s[i] = (((s[i] + a) + b) + c) + d;
            q[i] = (((q[i] + a * a) + b * b) + c * c) + d * d;
        }
    }
    for (; at < total; at += width) {
        const size_t count = total - at < width ? total - at : width;
        for (size_t i = 0; i < count; i++) {
            const double a = (double)x[at + i];
            s[i] += a;
            q[i] += a * a;
        }
    }
}

gan_status gan_cpu_bn_sums(gan_backend *be, double *sums, const float *x, size_t rows, int c)
{
    (void)be;
    double glued[2 * GLUE_MAX];
    const size_t times = c < GAN_LINE ? GAN_LINE : 1, width = times * (size_t)c;
    double *s = times > 1 ? glued : sums, *q = s + width;
    memset(s, 0, 2 * width * sizeof *s);
    sum_rows(s, q, x, width, rows * (size_t)c);
    if (times > 1)
        fold(sums, s, q, times, (size_t)c);
    return GAN_OK;
}

GAN_INLINE float normalise(float x, const wide *w, size_t i)
{
    return (x - w->mean[i]) * w->inverse[i];
}

GAN_INLINE void forward_rows(float *y, const float *x, const wide *w, gan_act act)
{
    for (size_t at = 0; at < w->total; at += w->width) {
        const size_t count = w->total - at < w->width ? w->total - at : w->width;
        float *to = y + at;
        const float *from = x + at;
#pragma omp simd
        for (size_t i = 0; i < count; i++)
            to[i] = gan_act_value(normalise(from[i], w, i) * w->gamma[i] + w->beta[i], act);
    }
}

GAN_CLONES static void forward_all(float *y, const float *x, const wide *w, gan_act act)
{
    GAN_ACT_SWITCH(act, forward_rows(y, x, w, ACT));
}

gan_status gan_cpu_bn_forward(gan_backend *be, float *y, const float *x, const gan_bn_args *args)
{
    (void)be;
    wide w;
    widen(&w, args);
    forward_all(y, x, &w, args->act);
    return GAN_OK;
}

/* g = dy * act'(y). Rectifiers need only the sign of y, which x gives: one tensor less to read. */
GAN_INLINE float gradient_in(float dy, float xhat, const float *y, const wide *w, size_t i, gan_act act)
{
    if (act == GAN_ACT_NONE)
        return dy;
    if (act == GAN_ACT_RELU || act == GAN_ACT_LRELU)
        return gan_act_slope(dy, xhat * w->gamma[i] + w->beta[i], act);
    return gan_act_slope(dy, y[i], act);
}

GAN_INLINE void backward_sum_row(double *restrict s, double *restrict q, const float *dy, const float *x,
                                 const float *y, const wide *w, size_t count, gan_act act)
{
#pragma omp simd
    for (size_t i = 0; i < count; i++) {
        const float xhat = normalise(x[i], w, i);
        const float g = gradient_in(dy[i], xhat, y, w, i, act);
        s[i] += (double)g;
        q[i] += (double)g * (double)xhat;
    }
}

GAN_INLINE void backward_sum_rows(double *s, double *q, const float *dy, const float *x, const float *y,
                                  const wide *w, gan_act act)
{
    for (size_t at = 0; at < w->total; at += w->width) {
        const size_t count = w->total - at < w->width ? w->total - at : w->width;
        backward_sum_row(s, q, dy + at, x + at, y + at, w, count, act);
    }
}

GAN_CLONES static void backward_sum_all(double *s, double *q, const float *dy, const float *x, const float *y,
                                        const wide *w, gan_act act)
{
    GAN_ACT_SWITCH(act, backward_sum_rows(s, q, dy, x, y, w, ACT));
}

gan_status gan_cpu_bn_backward_sums(gan_backend *be, double *sums, const float *dy, const float *x,
                                    const float *y, const gan_bn_args *args)
{
    (void)be;
    double glued[2 * GLUE_MAX];
    wide w;
    widen(&w, args);
    double *s = w.times > 1 ? glued : sums, *q = s + w.width;
    memset(s, 0, 2 * w.width * sizeof *s);
    backward_sum_all(s, q, dy, x, y, &w, args->act);
    if (w.times > 1)
        fold(sums, s, q, w.times, (size_t)args->c);
    return GAN_OK;
}

GAN_INLINE void backward_rows(float *dx, const float *dy, const float *x, const float *y, const float *mean_g,
                              const float *mean_gx, const wide *w, gan_act act)
{
    for (size_t at = 0; at < w->total; at += w->width) {
        const size_t count = w->total - at < w->width ? w->total - at : w->width;
        float *to = dx + at;
        const float *dy_row = dy + at, *x_row = x + at, *y_row = y + at;
#pragma omp simd
        for (size_t i = 0; i < count; i++) {
            const float xhat = normalise(x_row[i], w, i);
            const float g = gradient_in(dy_row[i], xhat, y_row, w, i, act);
            to[i] = w->gamma[i] * w->inverse[i] * ((g - mean_g[i]) - xhat * mean_gx[i]);
        }
    }
}

GAN_CLONES static void backward_all(float *dx, const float *dy, const float *x, const float *y,
                                    const float *mean_g, const float *mean_gx, const wide *w, gan_act act)
{
    GAN_ACT_SWITCH(act, backward_rows(dx, dy, x, y, mean_g, mean_gx, w, ACT));
}

gan_status gan_cpu_bn_backward(gan_backend *be, float *dx, const float *dy, const float *x, const float *y,
                               const double *sums, double count, const gan_bn_args *args)
{
    const size_t c = (size_t)args->c;
    wide w;
    float *means;
    GAN_TRY(gan_cpu_scratch_get(&means, be, 2 * c));
    for (size_t i = 0; i < 2 * c; i++)
        means[i] = (float)(sums[i] / count);
    widen(&w, args);
    backward_all(dx, dy, x, y, repeat(&w, 4, means, args->c), repeat(&w, 5, means + c, args->c), &w,
                 args->act);
    return GAN_OK;
}
