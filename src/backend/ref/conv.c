/* conv.c: convolution as sums over the taps that fall inside the picture.
 * Parts have the weights' own OIHW layout.
 *
 * Output (oh, ow) and tap (kh, kw) meet at
 * input (oh * stride_h + kh - pad_top, ow * stride_w + kw - pad_left). */
#include "ref.h"

#include <stdlib.h>
#include <string.h>
#include "gan_dist/base.h"

struct gan_conv {
    gan_conv_shape shape;
    float *weights; /* OIHW, a copy made by prepare */
};

static gan_status check_axis(const char *axis, int in, int out, int kernel, int stride, int pad_begin,
                             int pad_end)
{
    if (in < 1 || out < 1 || kernel < 1 || stride < 1 || pad_begin < 0 || pad_end < 0)
        return gan_error(GAN_BAD_INPUT,
                         "convolution, %s: in %d, out %d, kernel %d, stride %d, pads %d and %d: out of range",
                         axis, in, out, kernel, stride, pad_begin, pad_end);
    long long room = (long long)in + pad_begin + pad_end - kernel;
    if (room < 0 || room / stride + 1 != out)
        return gan_error(GAN_BAD_INPUT,
                         "convolution, %s: in %d, kernel %d, stride %d, pads %d and %d do not give out %d",
                         axis, in, kernel, stride, pad_begin, pad_end, out);
    return GAN_OK;
}

static bool fits(int a, int b, int c, int d)
{
    return (double)a * b * c * d < 1e12; /* elements; far above any machine's memory, far below overflow */
}

gan_status gan_ref_conv_check(const gan_conv_shape *s)
{
    GAN_TRY(check_axis("height", s->h, s->out_h, s->kernel_h, s->stride_h, s->pad_top, s->pad_bottom));
    GAN_TRY(check_axis("width", s->w, s->out_w, s->kernel_w, s->stride_w, s->pad_left, s->pad_right));
    if (s->n < 1 || s->c < 1 || s->out_c < 1)
        return gan_error(GAN_BAD_INPUT,
                         "convolution: %d pictures, %d to %d channels: each must be at least 1", s->n, s->c,
                         s->out_c);
    if (!fits(s->n, s->h, s->w, s->c) || !fits(s->n, s->out_h, s->out_w, s->out_c) ||
        !fits(s->out_c, s->c, s->kernel_h, s->kernel_w))
        return gan_error(GAN_BAD_INPUT,
                         "convolution of %d x %d x %d x %d to %d channels, kernel %d x %d: too large", s->n,
                         s->h, s->w, s->c, s->out_c, s->kernel_h, s->kernel_w);
    return GAN_OK;
}

static size_t weight_count(const gan_conv_shape *s)
{
    return (size_t)s->out_c * s->c * s->kernel_h * s->kernel_w;
}

static size_t x_index(const gan_conv_shape *s, int n, int ih, int iw, int ic)
{
    return (((size_t)n * s->h + ih) * s->w + iw) * s->c + ic;
}

static size_t y_index(const gan_conv_shape *s, int n, int oh, int ow, int oc)
{
    return (((size_t)n * s->out_h + oh) * s->out_w + ow) * s->out_c + oc;
}

static size_t w_index(const gan_conv_shape *s, int oc, int ic, int kh, int kw)
{
    return (((size_t)oc * s->c + ic) * s->kernel_h + kh) * s->kernel_w + kw;
}

gan_status gan_ref_conv_create(gan_backend *be, gan_conv **out, const gan_conv_shape *shape)
{
    (void)be;
    *out = NULL;
    GAN_TRY(gan_ref_conv_check(shape));
    gan_conv *conv = calloc(1, sizeof *conv);
    if (!conv)
        return gan_error(GAN_FAILED, "convolution: out of memory");
    conv->shape = *shape;
    conv->weights = gan_alloc(weight_count(shape) * sizeof(float));
    if (!conv->weights) {
        free(conv);
        return gan_error(GAN_FAILED, "convolution: no memory for %zu weights", weight_count(shape));
    }
    *out = conv;
    return GAN_OK;
}

void gan_ref_conv_destroy(gan_backend *be, gan_conv *conv)
{
    (void)be;
    if (!conv)
        return;
    free(conv->weights);
    free(conv);
}

gan_status gan_ref_conv_prepare(gan_backend *be, gan_conv *conv, const float *weights)
{
    (void)be;
    memcpy(conv->weights, weights, weight_count(&conv->shape) * sizeof(float));
    return GAN_OK;
}

static float forward_at(const gan_conv *conv, const float *x, int n, int oh, int ow, int oc)
{
    const gan_conv_shape *s = &conv->shape;
    double sum = 0;
    for (int kh = 0; kh < s->kernel_h; kh++) {
        int ih = oh * s->stride_h + kh - s->pad_top;
        if (ih < 0 || ih >= s->h)
            continue;
        for (int kw = 0; kw < s->kernel_w; kw++) {
            int iw = ow * s->stride_w + kw - s->pad_left;
            if (iw < 0 || iw >= s->w)
                continue;
            for (int ic = 0; ic < s->c; ic++)
                sum += (double)x[x_index(s, n, ih, iw, ic)] * conv->weights[w_index(s, oc, ic, kh, kw)];
        }
    }
    return (float)sum;
}

gan_status gan_ref_conv_forward(gan_backend *be, gan_conv *conv, float *y, const float *x)
{
    (void)be;
    const gan_conv_shape *s = &conv->shape;
    for (int n = 0; n < s->n; n++)
        for (int oh = 0; oh < s->out_h; oh++)
            for (int ow = 0; ow < s->out_w; ow++)
                for (int oc = 0; oc < s->out_c; oc++)
                    y[y_index(s, n, oh, ow, oc)] = forward_at(conv, x, n, oh, ow, oc);
    return GAN_OK;
}

/* The output position whose tap k reads input position i, or -1. */
static int output_of(int i, int k, int stride, int pad, int out)
{
    int scaled = i + pad - k;
    if (scaled < 0 || scaled % stride != 0 || scaled / stride >= out)
        return -1;
    return scaled / stride;
}

static float backward_data_at(const gan_conv *conv, const float *dy, int n, int ih, int iw, int ic)
{
    const gan_conv_shape *s = &conv->shape;
    double sum = 0;
    for (int kh = 0; kh < s->kernel_h; kh++) {
        int oh = output_of(ih, kh, s->stride_h, s->pad_top, s->out_h);
        if (oh < 0)
            continue;
        for (int kw = 0; kw < s->kernel_w; kw++) {
            int ow = output_of(iw, kw, s->stride_w, s->pad_left, s->out_w);
            if (ow < 0)
                continue;
            for (int oc = 0; oc < s->out_c; oc++)
                sum += (double)dy[y_index(s, n, oh, ow, oc)] * conv->weights[w_index(s, oc, ic, kh, kw)];
        }
    }
    return (float)sum;
}

gan_status gan_ref_conv_backward_data(gan_backend *be, gan_conv *conv, float *dx, const float *dy)
{
    (void)be;
    const gan_conv_shape *s = &conv->shape;
    for (int n = 0; n < s->n; n++)
        for (int ih = 0; ih < s->h; ih++)
            for (int iw = 0; iw < s->w; iw++)
                for (int ic = 0; ic < s->c; ic++)
                    dx[x_index(s, n, ih, iw, ic)] = backward_data_at(conv, dy, n, ih, iw, ic);
    return GAN_OK;
}

static double backward_weight_at(const gan_conv_shape *s, const float *x, const float *dy, int oc, int ic,
                                 int kh, int kw)
{
    double sum = 0;
    for (int n = 0; n < s->n; n++) {
        for (int oh = 0; oh < s->out_h; oh++) {
            int ih = oh * s->stride_h + kh - s->pad_top;
            if (ih < 0 || ih >= s->h)
                continue;
            for (int ow = 0; ow < s->out_w; ow++) {
                int iw = ow * s->stride_w + kw - s->pad_left;
                if (iw >= 0 && iw < s->w)
                    sum += (double)x[x_index(s, n, ih, iw, ic)] * dy[y_index(s, n, oh, ow, oc)];
            }
        }
    }
    return sum;
}

gan_status gan_ref_conv_backward_weights(gan_backend *be, gan_conv *conv, float *part, const float *x,
                                         const float *dy, bool accumulate)
{
    (void)be;
    const gan_conv_shape *s = &conv->shape;
    for (int oc = 0; oc < s->out_c; oc++)
        for (int ic = 0; ic < s->c; ic++)
            for (int kh = 0; kh < s->kernel_h; kh++)
                for (int kw = 0; kw < s->kernel_w; kw++) {
                    float *at = &part[w_index(s, oc, ic, kh, kw)];
                    double sum = backward_weight_at(s, x, dy, oc, ic, kh, kw);
                    *at = (float)(accumulate ? *at + sum : sum);
                }
    return GAN_OK;
}

size_t gan_ref_conv_part_floats(gan_backend *be, const gan_conv *conv)
{
    (void)be;
    return weight_count(&conv->shape);
}

gan_status gan_ref_conv_weight_gradient(gan_backend *be, gan_conv *conv, float *dw, float *const *parts,
                                        int n)
{
    return gan_ref_tree_sum(be, dw, parts, n, weight_count(&conv->shape));
}
