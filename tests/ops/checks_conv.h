/* checks_conv.h: the known answers of the convolution rows, and the sizes of their arrays. */
#ifndef GAN_TESTS_OPS_CHECKS_CONV_H
#define GAN_TESTS_OPS_CHECKS_CONV_H

#include "ops.h"

static inline size_t conv_big_count(const gan_conv_shape *s)
{
    return (size_t)s->n * s->h * s->w * s->c;
}

static inline size_t conv_small_count(const gan_conv_shape *s)
{
    return (size_t)s->n * s->out_h * s->out_w * s->out_c;
}

static inline size_t conv_weight_count(const gan_conv_shape *s)
{
    return (size_t)s->out_c * s->c * s->kernel_h * s->kernel_w;
}

void check_conv_create(gan_backend *be);
void check_conv_destroy(gan_backend *be);
void check_conv_prepare(gan_backend *be);
void check_conv_part_floats(gan_backend *be);
void check_conv_forward(gan_backend *be);          /* TF SAME, by hand */
void check_conv_backward_data(gan_backend *be);    /* <conv(x), y> = <x, backward_data(y)> */
void check_conv_backward_weights(gan_backend *be); /* <conv with w'(x), y> = <w', dw(x, y)> */
void check_conv_weight_gradient(gan_backend *be);  /* the bits of the fixed tree */

#endif
