#include "shapes.h"

#include <math.h>
#include <string.h>

gan_shape *gan_shapes_add(gan_shapes *shapes, gan_shape_kind kind, gan_ellipse at, const float colour[3])
{
    if (shapes->count < GAN_SHAPES_MAX)
        shapes->count++;
    gan_shape *shape = &shapes->shape[shapes->count - 1];
    *shape = (gan_shape){.kind = kind, .at = at, .alpha = 1.0f};
    memcpy(shape->colour, colour, sizeof shape->colour);
    return shape;
}

/* Nothing of a shape lies outside its box. */
typedef struct bounds {
    float left, top, right, bottom;
} bounds;

static bounds bounds_of(const gan_shape *s)
{
    gan_ellipse at = s->at;
    bounds b = {at.x - at.rx, at.y - at.ry, at.x + at.rx, at.y + at.ry};
    if (s->kind == GAN_SHAPE_LINE)
        b = (bounds){fminf(at.x, at.rx), fminf(at.y, at.ry), fmaxf(at.x, at.rx), fmaxf(at.y, at.ry)};
    if (s->kind == GAN_SHAPE_LINE || s->kind == GAN_SHAPE_RING)
        b = (bounds){b.left - s->round, b.top - s->round, b.right + s->round, b.bottom + s->round};
    if (s->top < s->bottom) {
        b.top = fmaxf(b.top, s->top);
        b.bottom = fminf(b.bottom, s->bottom);
    }
    return b;
}

/* Signed distances, negative inside. An ellipse's has no closed form; f/|grad f| of the implicit function is
 * exact for circles and right to first order at the edge, which is where it is used. */
static float ellipse_distance(gan_ellipse e, float x, float y)
{
    float u = (x - e.x) / e.rx, v = (y - e.y) / e.ry;
    float level = sqrtf(u * u + v * v), gu = u / e.rx, gv = v / e.ry;
    float slope = sqrtf(gu * gu + gv * gv);
    return slope > 0.0f ? level * (level - 1.0f) / slope : -fminf(e.rx, e.ry);
}

static float box_distance(const gan_shape *s, float x, float y)
{
    float dx = fabsf(x - s->at.x) - (s->at.rx - s->round), dy = fabsf(y - s->at.y) - (s->at.ry - s->round);
    float out_x = fmaxf(dx, 0.0f), out_y = fmaxf(dy, 0.0f);
    return sqrtf(out_x * out_x + out_y * out_y) + fminf(fmaxf(dx, dy), 0.0f) - s->round;
}

static float line_distance(const gan_shape *s, float x, float y)
{
    float ax = s->at.rx - s->at.x, ay = s->at.ry - s->at.y, px = x - s->at.x, py = y - s->at.y;
    float length = ax * ax + ay * ay;
    float along = length > 0.0f ? fminf(fmaxf((px * ax + py * ay) / length, 0.0f), 1.0f) : 0.0f;
    float dx = px - along * ax, dy = py - along * ay;
    return sqrtf(dx * dx + dy * dy) - s->round;
}

static float distance(const gan_shape *s, float x, float y)
{
    float d = 0.0f;
    switch (s->kind) {
    case GAN_SHAPE_ELLIPSE:
        d = ellipse_distance(s->at, x, y);
        break;
    case GAN_SHAPE_RING:
        d = fabsf(ellipse_distance(s->at, x, y)) - s->round;
        break;
    case GAN_SHAPE_BOX:
        d = box_distance(s, x, y);
        break;
    case GAN_SHAPE_LINE:
        d = line_distance(s, x, y);
        break;
    }
    if (s->cut.rx > 0.0f)
        d = fmaxf(d, -ellipse_distance(s->cut, x, y));
    if (s->top < s->bottom)
        d = fmaxf(d, fmaxf(s->top - y, y - s->bottom));
    return d;
}

/* The shapes that may touch a row of pixels, in painting order. */
typedef struct row_shapes {
    const gan_shape *shape[GAN_SHAPES_MAX];
    float left[GAN_SHAPES_MAX], right[GAN_SHAPES_MAX];
    int count;
} row_shapes;

static void paint_pixel(uint8_t *out, const float *background, const row_shapes *row, float x, float y,
                        float pixel)
{
    float colour[3] = {background[0], background[1], background[2]};
    for (int i = 0; i < row->count; i++) {
        if (x < row->left[i] || x > row->right[i])
            continue;
        const gan_shape *s = row->shape[i];
        /* The share of the pixel inside a straight edge at this distance. */
        float cover = fminf(fmaxf(0.5f - distance(s, x, y) / pixel, 0.0f), 1.0f) * s->alpha;
        for (int c = 0; c < 3; c++)
            colour[c] += (s->colour[c] - colour[c]) * cover;
    }
    for (int c = 0; c < 3; c++)
        out[c] = (uint8_t)(fminf(fmaxf(colour[c], 0.0f), 255.0f) + 0.5f);
}

void gan_shapes_paint(uint8_t *out, int height, int width, const gan_shapes *shapes)
{
    float pixel = 2.0f / (float)(height < width ? height : width);
    bounds all[GAN_SHAPES_MAX];
    for (int i = 0; i < shapes->count; i++)
        all[i] = bounds_of(&shapes->shape[i]);
    for (int line = 0; line < height; line++) {
        float y = ((float)line + 0.5f - 0.5f * (float)height) * pixel;
        row_shapes row = {.count = 0};
        for (int i = 0; i < shapes->count; i++) {
            if (y < all[i].top - pixel || y > all[i].bottom + pixel)
                continue;
            row.shape[row.count] = &shapes->shape[i];
            row.left[row.count] = all[i].left - pixel;
            row.right[row.count++] = all[i].right + pixel;
        }
        for (int column = 0; column < width; column++, out += 3) {
            float x = ((float)column + 0.5f - 0.5f * (float)width) * pixel;
            paint_pixel(out, shapes->background, &row, x, y, pixel);
        }
    }
}
