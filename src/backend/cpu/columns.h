/* columns.h: a convolution as a matrix product over columns: one row for each place of the small side,
 * holding the kernel_h x kernel_w x c values of the big side that it sees.
 * Weights go with it as [out_c][kernel_h][kernel_w][c]. */
#ifndef GAN_BACKEND_CPU_COLUMNS_H
#define GAN_BACKEND_CPU_COLUMNS_H

#include "cpu.h"

size_t gan_columns_width(const gan_conv_shape *shape); /* kernel_h * kernel_w * c */

/* Whole ops: weights from OIHW; dw (OIHW) = the tree sum of n parts in the weights' layout here. */
void gan_columns_weights(gan_backend *be, float *w, const gan_conv_shape *shape, const float *weights);
gan_status gan_columns_gradient(gan_backend *be, float *dw, const gan_conv_shape *shape, float *const *parts,
                                int n);

/* Shard ops. */
gan_status gan_columns_forward(gan_backend *be, float *y, const gan_conv_shape *shape, const float *w,
                               const float *x);
gan_status gan_columns_backward_data(gan_backend *be, float *dx, const gan_conv_shape *shape, const float *w,
                                     const float *dy);
gan_status gan_columns_backward_weights(gan_backend *be, float *part, const gan_conv_shape *shape,
                                        const float *x, const float *dy, bool accumulate);

#endif
