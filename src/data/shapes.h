/* shapes.h: antialiased filled shapes, painted one over the other. Internal to src/data.
 *
 * Only + - * / and square roots, so that every machine draws the same bytes. Coordinates: x to the right and
 * y down, (0,0) the middle of the picture, -1..1 across its shorter side. */
#ifndef GAN_DATA_SHAPES_H
#define GAN_DATA_SHAPES_H

#include <stddef.h>
#include <stdint.h>

typedef struct gan_ellipse {
    float x, y, rx, ry;
} gan_ellipse;

typedef enum gan_shape_kind {
    GAN_SHAPE_ELLIPSE,
    GAN_SHAPE_RING,
    GAN_SHAPE_BOX,
    GAN_SHAPE_LINE
} gan_shape_kind;

typedef struct gan_shape {
    gan_shape_kind kind;
    gan_ellipse at;    /* ellipse, ring, box: centre and half sizes. Line: from (x,y) to (rx,ry) */
    float round;       /* box: radius of the corners; ring and line: half the thickness */
    gan_ellipse cut;   /* an ellipse taken away; rx = 0: none */
    float top, bottom; /* what lies above top or below bottom is left out; equal: no limit */
    float colour[3];   /* 0..255 */
    float alpha;
} gan_shape;

#define GAN_SHAPES_MAX 64

typedef struct gan_shapes {
    float background[3];
    gan_shape shape[GAN_SHAPES_MAX];
    int count;
} gan_shapes;

/* A new, opaque shape over all earlier ones, to be refined by the caller;
 * the last one again when the list is full. */
gan_shape *gan_shapes_add(gan_shapes *shapes, gan_shape_kind kind, gan_ellipse at, const float colour[3]);

void gan_shapes_paint(uint8_t *out, int height, int width, const gan_shapes *shapes); /* [height][width][3] */

#endif
