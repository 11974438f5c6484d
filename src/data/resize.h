/* resize.h: a picture brought to another size. Internal to src/data.
 *
 * Pictures are uint8 HWC. A resizer keeps its weights between calls, since most pictures of a set have one
 * size; it belongs to one thread. */
#ifndef GAN_DATA_RESIZE_H
#define GAN_DATA_RESIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gan_dist/config.h"

/* Where each output index of one axis takes its values from: out[i] = sum over k < count[i] of weight[i*taps
 * + k] * in[first[i] + k], weights in 1/2^22. */
typedef struct gan_resize_axis {
    int in, out, taps;
    gan_resize how;
    int *first, *count;
    int32_t *weight;
} gan_resize_axis;

typedef struct gan_resizer {
    gan_resize_axis x, y;
    uint8_t *rows; /* between the two passes: [in height][out width][channels] */
    size_t rows_size;
} gan_resizer;

/* A view of pixels: rows `stride` bytes apart. */
typedef struct gan_pixels {
    const uint8_t *bytes;
    size_t stride;
    int height, width, channels;
} gan_pixels;

/* The part of `in` that is kept when it is cut, centred, to the aspect ratio height:width. */
gan_pixels gan_resize_crop(gan_pixels in, int height, int width);

/* out[height][width][channels] from `in`. False: no memory. Nearest takes index floor((i + 0.5) * in / out).
 * Bilinear is a triangle filter as wide as the step between output pixels when shrinking (so it does not
 * alias) and one input pixel when enlarging; rows first, then columns, each pass rounded to uint8. */
bool gan_resize_picture(gan_resizer *resizer, uint8_t *out, int height, int width, gan_pixels in,
                        gan_resize how);

void gan_resizer_free(gan_resizer *resizer); /* a zeroed struct is fine */

#endif
