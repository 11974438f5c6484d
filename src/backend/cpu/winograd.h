/* winograd.h: the transforms of Winograd's F(2x2, 2x2) for a 4x4 convolution of stride 2 and padding 1.
 *
 * Such a convolution is the sum of four 2x2 convolutions of stride 1, one per parity ("phase") of row and
 * column. Two outputs of a 2-tap filter need 3 products instead of 4, in both directions 9 instead of 16:
 *   m0 = (x0 - x1) g0   m1 = x1 (g0 + g1)   m2 = (x1 - x2) g1   y0 = m0 + m1   y1 = m1 - m2
 * With B', G, A' these three matrices, everything is nine matrix products over (tiles, 4c, out_c), z = 0..8:
 *   forward           Y = A' [ (B' X B) (G W G') ] A                  V_z[tiles][4c] U_z[4c][out_c]
 *   backward data     the transpose: dX = B [ (A dY A') U' ] B'
 *   backward weights  dW = G' [ V' (A dY A') ] G
 * All coefficients are 0 and +-1: the rounding is as good as a plain sum's, twice over. A tile is 2x2
 * outputs; at odd sizes the last tiles hang over, and what is outside counts as zero.
 *
 * Layouts: V [9][tiles][4 phases][c], P and M [9][tiles][out_c], U [9][4][c][out_c].
 * `stride` is the distance in floats between the nine planes: not a multiple of a page,
 * or all nine streams fall into the same cache set. */
#ifndef GAN_BACKEND_CPU_WINOGRAD_H
#define GAN_BACKEND_CPU_WINOGRAD_H

#include "gan_dist/backend.h"

#define GAN_WINOGRAD_POINTS 9

typedef struct gan_winograd {
    int h, w, c, out_h, out_w, out_c;
    int tiles_h, tiles_w;
    const float *zeros; /* [max(4c, out_c)] */
} gan_winograd;

/* Each works on `n` whole pictures. */
void gan_winograd_big(float *v, size_t stride, const gan_winograd *g, const float *x, int n);    /* V of x */
void gan_winograd_small(float *p, size_t stride, const gan_winograd *g, const float *dy, int n); /* A dY A' */
void gan_winograd_forward(float *y, const gan_winograd *g, const float *m, size_t stride, int n); /* A' M A */
void gan_winograd_backward(float *dx, const gan_winograd *g, const float *q, size_t stride,
                           int n); /* B Q B' */

/* part[4][4][c][out_c] (+)= G' dU G for the rows first .. first + rows of the 4c rows. */
void gan_winograd_gradient(float *part, const gan_winograd *g, const float *du, size_t stride, int first,
                           int rows, bool accumulate);

/* U of the weights OIHW, for the input channels first .. first + count. */
void gan_winograd_weights(float *u, size_t stride, const gan_winograd *g, const float *weights, int first,
                          int count);

#endif
