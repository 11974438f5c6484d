/* shapes_conv.h: the geometries of the presets (channels cut where only
 * their number is large) and the odd ones. */
#ifndef GAN_TESTS_OPS_SHAPES_CONV_H
#define GAN_TESTS_OPS_SHAPES_CONV_H

#include "ops.h"

/* n pictures, big side h x w x c, small side oh x ow x oc, square kernel, stride, pads before and after on
 * both axes. */
#define CONV(n, h, w, c, oh, ow, oc, k, s, before, after)                                                    \
    {                                                                                                        \
        .conv = { n, h, w, c, oh, ow, oc, k, k, s, s, before, before, after, after, true }                   \
    }
#define DENSE(n, in, out) CONV(n, 1, 1, in, 1, 1, out, 1, 1, 0, 0)

static const ops_shape conv_shapes[] = {
    /* gan-mnist: 4x4, stride 2, TF SAME = pad 1 */
    CONV(8, 28, 28, 1, 14, 14, 32, 4, 2, 1, 1),
    CONV(8, 14, 14, 11, 7, 7, 16, 4, 2, 1, 1),
    DENSE(8, 62, 128),
    DENSE(8, 627, 103),
    DENSE(1, 100, 1),
    /* cdcgan-mnist: 5x5, stride 2, SAME = 1 before, 2 after; labels make odd channels */
    CONV(2, 28, 28, 11, 14, 14, 11, 5, 2, 1, 2),
    CONV(1, 14, 14, 21, 7, 7, 74, 5, 2, 1, 2),
    CONV(1, 14, 14, 8, 7, 7, 138, 5, 2, 1, 2),
    CONV(1, 28, 28, 1, 14, 14, 138, 5, 2, 1, 2),
    DENSE(8, 363, 110),
    DENSE(8, 1034, 1),
    /* dcgan32-mnist, dcgan48-anime: 5x5 down to 2x2 and 3x3 */
    CONV(1, 32, 32, 1, 16, 16, 32, 5, 2, 1, 2),
    CONV(8, 4, 4, 16, 2, 2, 32, 5, 2, 1, 2),
    CONV(5, 4, 4, 16, 2, 2, 9, 5, 2, 1, 2), /* on the stand-in of CUDA: pieces of 2, 2 and 1 */
    CONV(1, 48, 48, 3, 24, 24, 21, 5, 2, 1, 2),
    CONV(8, 6, 6, 16, 3, 3, 16, 5, 2, 1, 2),
    /* anime96: 5x5, stride 3, pad 1 */
    CONV(1, 96, 96, 3, 32, 32, 16, 5, 3, 1, 1),
    CONV(2, 10, 10, 11, 3, 3, 5, 5, 3, 1, 1),
    /* dcgan64 and anime96: 4x4, stride 2, pad 1; 1x1 to 4x4 and back */
    CONV(1, 64, 64, 3, 32, 32, 16, 4, 2, 1, 1),
    CONV(1, 16, 16, 64, 8, 8, 16, 4, 2, 1, 1),
    CONV(8, 8, 8, 21, 4, 4, 32, 4, 2, 1, 1),
    CONV(8, 4, 4, 32, 1, 1, 100, 4, 1, 0, 0),
    CONV(8, 4, 4, 74, 1, 1, 1, 4, 1, 0, 0),
    CONV(1, 4, 4, 138, 1, 1, 11, 4, 1, 0, 0),
    /* odd sizes, rectangles, rows that no output uses */
    CONV(1, 7, 7, 5, 4, 4, 3, 5, 2, 2, 2),
    CONV(3, 13, 9, 3, 7, 5, 7, 5, 2, 2, 2),
    CONV(3, 10, 6, 17, 5, 3, 19, 4, 2, 1, 1),
    CONV(1, 9, 7, 5, 4, 3, 9, 4, 2, 1, 1),
    CONV(5, 2, 2, 3, 1, 1, 5, 4, 2, 1, 1),
    CONV(2, 11, 11, 3, 3, 3, 5, 3, 3, 0, 0),
    CONV(2, 5, 7, 11, 5, 7, 13, 3, 1, 1, 1),
    CONV(2, 6, 4, 6, 3, 2, 10, 4, 2, 1, 1),
    CONV(2, 4, 4, 5, 1, 1, 3, 4, 4, 1, 0), /* as large as its kernel, and padded */
    CONV(2, 7, 5, 21, 4, 3, 3, 1, 2, 0, 0),
    CONV(1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0),
    {.conv = {3, 9, 8, 3, 7, 4, 5, 3, 5, 1, 2, 0, 2, 0, 1, true}},
};

#endif
