/* A cartoon face, front view: a list of shapes whose sizes, places and colours come
 * from one draw of uniforms. Big features at nearly fixed places and plain colours,
 * so that a small network finds them soon. */
#include <stdbool.h>
#include <string.h>
#include "gan_dist/data.h"
#include "gan_dist/rng.h"
#include "shapes.h"

typedef struct rgb {
    float c[3];
} rgb;

static const rgb skins[] = {
    {{255, 224, 196}}, {{246, 204, 168}}, {{226, 174, 128}}, {{176, 120, 80}}, {{122, 80, 54}}};
static const rgb hairs[] = {{{38, 30, 32}},  {{92, 56, 32}},    {{158, 98, 48}}, {{236, 196, 96}},
                            {{200, 80, 40}}, {{180, 180, 192}}, {{82, 92, 184}}, {{220, 96, 156}}};
static const rgb eyes[] = {{{70, 44, 28}}, {{44, 104, 196}}, {{54, 140, 74}}, {{36, 36, 44}}};
static const rgb walls[] = {{{176, 216, 244}}, {{250, 206, 206}}, {{196, 236, 200}},
                            {{252, 236, 176}}, {{216, 200, 244}}, {{240, 240, 240}}};
static const rgb cloths[] = {{{214, 62, 62}},  {{54, 96, 180}},  {{60, 150, 92}},
                             {{240, 176, 48}}, {{124, 74, 160}}, {{70, 76, 88}}};
static const rgb white = {{255, 255, 255}}, black = {{24, 20, 24}}, lips = {{190, 64, 72}},
                 blush = {{240, 110, 100}}, throat = {{130, 36, 44}};

/* u is below 1, so the index is below the length. */
#define PICK(table, u) ((table)[(size_t)((u) * (float)(sizeof(table) / sizeof *(table)))])

typedef enum hair_style { HAIR_SHORT, HAIR_BOB, HAIR_LONG, HAIR_BUN, HAIR_STYLES } hair_style;

typedef struct face {
    gan_shapes shapes;
    rgb skin, hair, eye, cloth;
    hair_style style;
    float rx, ry; /* half width and height of the head */
    float eye_x, eye_size;
    float brow_tilt;
    float mouth_width, smile;
    float part;   /* to which side the fringe opens */
    float fringe; /* how low it hangs */
    bool open_mouth, glasses, cheeks;
} face;

/* The middle of the head, and the heights of its features. */
#define HEAD_Y  0.08f
#define EYE_Y   0.10f
#define NOSE_Y  0.30f
#define MOUTH_Y 0.45f

static rgb shade(rgb a, float k)
{
    for (int c = 0; c < 3; c++)
        a.c[c] *= k;
    return a;
}

static gan_shape *ellipse(face *f, rgb colour, float x, float y, float rx, float ry)
{
    return gan_shapes_add(&f->shapes, GAN_SHAPE_ELLIPSE, (gan_ellipse){x, y, rx, ry}, colour.c);
}

static gan_shape *box(face *f, rgb colour, float x, float y, float rx, float ry, float round)
{
    gan_shape *shape = gan_shapes_add(&f->shapes, GAN_SHAPE_BOX, (gan_ellipse){x, y, rx, ry}, colour.c);
    shape->round = round;
    return shape;
}

static gan_shape *line(face *f, rgb colour, float x0, float y0, float x1, float y1, float thickness)
{
    gan_shape *shape = gan_shapes_add(&f->shapes, GAN_SHAPE_LINE, (gan_ellipse){x0, y0, x1, y1}, colour.c);
    shape->round = 0.5f * thickness;
    return shape;
}

static void draw_lots(face *f, uint64_t seed, uint64_t index)
{
    float u[20];
    gan_rng at = {seed, GAN_STREAM_FACES, 0, (uint32_t)(index >> 32), (uint32_t)index};
    gan_rng_uniform(u, sizeof u / sizeof *u, at, 0.0f, 1.0f);
    memset(f, 0, sizeof *f);
    rgb wall = PICK(walls, u[0]);
    memcpy(f->shapes.background, wall.c, sizeof wall.c);
    f->skin = PICK(skins, u[1]);
    f->hair = shade(PICK(hairs, u[2]), 0.92f + 0.16f * u[3]);
    f->eye = PICK(eyes, u[4]);
    f->cloth = PICK(cloths, u[5]);
    f->style = (hair_style)(u[6] * HAIR_STYLES);
    f->rx = 0.50f + 0.07f * u[7];
    f->ry = 0.60f + 0.06f * u[8];
    f->eye_x = 0.21f + 0.04f * u[9];
    f->eye_size = 0.115f + 0.035f * u[10];
    f->brow_tilt = -0.05f + 0.10f * u[11];
    f->mouth_width = 0.16f + 0.10f * u[12];
    f->smile = 0.05f + 0.09f * u[13];
    f->part = u[14] < 0.5f ? -0.03f - 0.07f * u[15] : 0.03f + 0.07f * u[15];
    f->fringe = -0.36f + 0.14f * u[16];
    f->open_mouth = u[17] < 0.35f;
    f->glasses = u[18] < 0.2f;
    f->cheeks = u[19] < 0.5f;
}

static void draw_behind(face *f)
{
    rgb back = shade(f->hair, 0.82f);
    if (f->style == HAIR_BUN)
        ellipse(f, f->hair, 0.0f, -0.72f, 0.25f, 0.23f);
    if (f->style == HAIR_BOB)
        box(f, back, 0.0f, 0.10f, f->rx + 0.17f, 0.52f, 0.20f);
    if (f->style == HAIR_LONG)
        box(f, back, 0.0f, 0.45f, f->rx + 0.15f, 0.85f, 0.20f);
    ellipse(f, back, 0.0f, -0.06f, f->rx + (f->style == HAIR_BOB || f->style == HAIR_LONG ? 0.17f : 0.08f),
            0.66f);
}

static void draw_body(face *f)
{
    box(f, f->cloth, 0.0f, 1.25f, 0.74f, 0.47f, 0.30f);
    box(f, shade(f->skin, 0.84f), 0.0f, 0.72f, 0.17f, 0.22f, 0.08f);
}

static void draw_head(face *f)
{
    for (int side = -1; side <= 1; side += 2) {
        ellipse(f, f->skin, (float)side * (f->rx + 0.02f), 0.14f, 0.09f, 0.14f);
        ellipse(f, shade(f->skin, 0.84f), (float)side * (f->rx + 0.03f), 0.14f, 0.04f, 0.08f);
    }
    ellipse(f, f->skin, 0.0f, HEAD_Y, f->rx, f->ry);
    if (!f->cheeks)
        return;
    for (int side = -1; side <= 1; side += 2)
        ellipse(f, blush, (float)side * 0.33f, 0.32f, 0.10f, 0.07f)->alpha = 0.45f;
}

static void draw_eyes(face *f)
{
    float s = f->eye_size;
    for (int side = -1; side <= 1; side += 2) {
        float x = (float)side * f->eye_x;
        ellipse(f, black, x, EYE_Y - 0.015f, s + 0.022f, 1.12f * s + 0.022f);
        ellipse(f, white, x, EYE_Y, s, 1.12f * s);
        ellipse(f, f->eye, x, EYE_Y + 0.01f, 0.68f * s, 0.78f * s);
        ellipse(f, black, x, EYE_Y + 0.01f, 0.36f * s, 0.42f * s);
        ellipse(f, white, x + 0.26f * s, EYE_Y - 0.34f * s, 0.22f * s, 0.22f * s);
    }
}

static void draw_nose_and_mouth(face *f)
{
    ellipse(f, shade(f->skin, 0.80f), 0.0f, NOSE_Y, 0.055f, 0.04f);
    float w = f->mouth_width, d = f->smile;
    if (f->open_mouth) {
        gan_shape *mouth = ellipse(f, throat, 0.0f, MOUTH_Y - 0.02f, w, 2.0f * d);
        mouth->top = MOUTH_Y - 0.02f;
        mouth->bottom = 1.0f;
        gan_shape *teeth = ellipse(f, white, 0.0f, MOUTH_Y - 0.02f, 0.88f * w, 1.8f * d);
        teeth->top = MOUTH_Y - 0.02f;
        teeth->bottom = MOUTH_Y + 0.02f;
    } else {
        /* A crescent: an ellipse less the same one moved up. */
        gan_shape *mouth = ellipse(f, lips, 0.0f, MOUTH_Y - 0.02f, w, d + 0.05f);
        mouth->cut = (gan_ellipse){0.0f, MOUTH_Y - 0.02f - 0.065f, 1.1f * w, d + 0.05f};
        mouth->top = MOUTH_Y - 0.02f;
        mouth->bottom = 1.0f;
    }
}

static void draw_fringe(face *f)
{
    /* A cap over the head, from which the forehead is cut out, off the middle where the hair is parted. */
    bool falls = f->style == HAIR_BOB || f->style == HAIR_LONG;
    gan_shape *cap = ellipse(f, f->hair, 0.0f, -0.06f, f->rx + 0.09f, 0.65f);
    cap->cut = (gan_ellipse){f->part, f->fringe + 0.72f, f->rx + 0.06f, 0.72f};
    cap->top = -1.0f;
    cap->bottom = falls ? 0.20f : -0.02f;
    if (!falls)
        return;
    for (int side = -1; side <= 1; side += 2)
        line(f, f->hair, (float)side * (f->rx + 0.03f), 0.0f, (float)side * (f->rx + 0.06f),
             f->style == HAIR_LONG ? 0.95f : 0.45f, 0.17f);
}

/* Over the fringe, as cartoons do: they carry half the expression. */
static void draw_brows(face *f)
{
    for (int side = -1; side <= 1; side += 2) {
        float x = (float)side * f->eye_x, y = EYE_Y - 1.12f * f->eye_size - 0.09f;
        float inner = x - (float)side * 0.11f, outer = x + (float)side * 0.12f;
        line(f, shade(f->hair, 0.62f), inner, y + f->brow_tilt, outer, y - 0.2f * f->brow_tilt, 0.055f);
    }
}

static void draw_glasses(face *f)
{
    if (!f->glasses)
        return;
    for (int side = -1; side <= 1; side += 2) {
        gan_ellipse at = {(float)side * f->eye_x, EYE_Y, 0.185f, 0.175f};
        gan_shapes_add(&f->shapes, GAN_SHAPE_RING, at, black.c)->round = 0.02f;
    }
    line(f, black, -0.05f, EYE_Y - 0.02f, 0.05f, EYE_Y - 0.02f, 0.04f);
}

void gan_faces_draw(uint8_t *out, int height, int width, uint64_t seed, uint64_t index)
{
    face f;
    draw_lots(&f, seed, index);
    draw_behind(&f);
    draw_body(&f);
    draw_head(&f);
    draw_eyes(&f);
    draw_nose_and_mouth(&f);
    draw_fringe(&f);
    draw_brows(&f);
    draw_glasses(&f);
    gan_shapes_paint(out, height, width, &f.shapes);
}
