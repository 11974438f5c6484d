/* conv_columns.c: convolutions with more weights than fit in cache and few places, where direct convolutions
 * stream the weights again and again: matrix products of columns, which read (or write) them once a shard. */
#include <stdlib.h>
#include "columns.h"
#include "conv.h"
#include "gan_dist/base.h"

#define MANY_WEIGHTS (512 * 1024) /* 2 MiB */

typedef struct conv_columns {
    gan_conv conv;
    float *w;
} conv_columns;

bool gan_conv_columns_suits(const gan_conv_shape *s)
{
    return (size_t)s->out_c * gan_columns_width(s) > MANY_WEIGHTS;
}

static size_t part_floats(const gan_conv *conv)
{
    return (size_t)conv->shape.out_c * gan_columns_width(&conv->shape);
}

static gan_status prepare(gan_backend *be, gan_conv *conv, const float *weights)
{
    gan_columns_weights(be, ((conv_columns *)conv)->w, &conv->shape, weights);
    return GAN_OK;
}

static gan_status forward(gan_backend *be, gan_conv *conv, float *y, const float *x)
{
    return gan_columns_forward(be, y, &conv->shape, ((conv_columns *)conv)->w, x);
}

static gan_status backward_data(gan_backend *be, gan_conv *conv, float *dx, const float *dy)
{
    return gan_columns_backward_data(be, dx, &conv->shape, ((conv_columns *)conv)->w, dy);
}

static gan_status backward_weights(gan_backend *be, gan_conv *conv, float *part, const float *x,
                                   const float *dy, bool accumulate)
{
    return gan_columns_backward_weights(be, part, &conv->shape, x, dy, accumulate);
}

static gan_status weight_gradient(gan_backend *be, gan_conv *conv, float *dw, float *const *parts, int n)
{
    return gan_columns_gradient(be, dw, &conv->shape, parts, n);
}

static void destroy(gan_conv *conv)
{
    free(((conv_columns *)conv)->w);
}

static const gan_conv_kind kind = {part_floats,   destroy,          prepare,        forward,
                                   backward_data, backward_weights, weight_gradient};

gan_status gan_conv_columns_create(gan_backend *be, gan_conv **out, const gan_conv_shape *s)
{
    (void)be;
    conv_columns *self = calloc(1, sizeof *self);
    if (self)
        self->w = gan_alloc((size_t)s->out_c * gan_columns_width(s) * sizeof(float));
    if (!self || !self->w) {
        free(self);
        return gan_error(GAN_FAILED,
                         "cpu backend: no memory for the weights of a %dx%d convolution of %d to %d channels",
                         s->kernel_h, s->kernel_w, s->c, s->out_c);
    }
    self->conv = (gan_conv){&kind, *s};
    *out = &self->conv;
    return GAN_OK;
}
