/* conv.h: the ways the cpu backend computes a convolution.
 * conv.c picks one per geometry; each fills a gan_conv_kind. */
#ifndef GAN_BACKEND_CPU_CONV_H
#define GAN_BACKEND_CPU_CONV_H

#include "onednn.h"

/* The calls have the meaning of gan_backend_ops'; `conv` is the kind's own struct,
 * which starts with struct gan_conv. */
typedef struct gan_conv_kind {
    size_t (*part_floats)(const gan_conv *conv);
    void (*destroy)(gan_conv *conv); /* what the kind owns, not conv itself */
    gan_status (*prepare)(gan_backend *be, gan_conv *conv, const float *weights);
    gan_status (*forward)(gan_backend *be, gan_conv *conv, float *y, const float *x);
    gan_status (*backward_data)(gan_backend *be, gan_conv *conv, float *dx, const float *dy);
    gan_status (*backward_weights)(gan_backend *be, gan_conv *conv, float *part, const float *x,
                                   const float *dy, bool accumulate);
    gan_status (*weight_gradient)(gan_backend *be, gan_conv *conv, float *dw, float *const *parts, int n);
} gan_conv_kind;

struct gan_conv {
    const gan_conv_kind *kind;
    gan_conv_shape shape;
};

/* Does this way suit the shape? The answer depends on the geometry alone,
 * never on a timing: it decides the bits. */
bool gan_conv_dense_suits(const gan_conv_shape *shape); /* kernel = big side, output 1x1: a matrix product */
bool gan_conv_winograd_suits(
    const gan_conv_shape *shape); /* 4x4, stride 2, pad 1: 9 matrix products for 16 taps */
bool gan_conv_columns_suits(const gan_conv_shape *shape); /* more weights than cache */

gan_status gan_conv_dense_create(gan_backend *be, gan_conv **out, const gan_conv_shape *shape);
gan_status gan_conv_winograd_create(gan_backend *be, gan_conv **out, const gan_conv_shape *shape);
gan_status gan_conv_columns_create(gan_backend *be, gan_conv **out, const gan_conv_shape *shape);
gan_status gan_conv_direct_create(gan_backend *be, gan_conv **out, const gan_conv_shape *shape);

#endif
