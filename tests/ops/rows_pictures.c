/* rows_pictures.c: bytes to floats, which a loader without a device makes too: no bit may differ. */
#include "ops.h"

#include <string.h>

enum { STORED = 5, WORDS_MAX = 4096 };

/* rows = pictures, conv = their height, width and channels, flag = unit. */
static const ops_shape pictures_shapes[] = {
    {.rows = 1, .conv = {.h = 1, .w = 1, .c = 1}},
    {.rows = 7, .conv = {.h = 5, .w = 6, .c = 3}, .flag = true},
    {.rows = 16, .conv = {.h = 28, .w = 28, .c = 1}},
    {.rows = 3, .conv = {.h = 33, .w = 47, .c = 2}, .flag = true},
};

/* Bytes as a buffer of ints, rounded up. */
static void given_bytes(ops_case *c, int shard, const void *bytes, size_t n)
{
    static int words[WORDS_MAX];
    assert_true(n <= sizeof words);
    memset(words, 0, sizeof words);
    memcpy(words, bytes, n);
    ops_given_ints(c, shard, words, (n + sizeof *words - 1) / sizeof *words);
}

static size_t picture_size(const ops_shape *s)
{
    return (size_t)(s->conv.h * s->conv.w * s->conv.c);
}

static void setup_pictures(ops_case *c)
{
    static uint8_t pixels[STORED * 33 * 47 * 2];
    uint64_t picks[16];
    for (int shard = 0; shard < c->shards; shard++) {
        for (size_t i = 0; i < sizeof pixels; i++)
            pixels[i] = (uint8_t)(i * i / 7 + (size_t)shard);
        for (size_t k = 0; k < c->shape->rows; k++)
            picks[k] = (k * 7 + 3 + (size_t)shard) % (2 * STORED);
        ops_floats(c, shard, OPS_OUT, c->shape->rows * picture_size(c->shape));
        given_bytes(c, shard, pixels, STORED * picture_size(c->shape));
        given_bytes(c, shard, picks, c->shape->rows * sizeof *picks);
    }
}

static gan_status run_pictures(ops_case *c, int shard)
{
    const gan_pictures_args args = {.n = (int)c->shape->rows,
                                    .h = c->shape->conv.h,
                                    .w = c->shape->conv.w,
                                    .c = c->shape->conv.c,
                                    .unit = c->shape->flag};
    return c->be->ops->pictures(c->be, ops_f(c, shard, 0), c->buffer[shard][1].at, c->buffer[shard][2].at,
                                &args);
}

/* The ends of both ranges, a mirrored picture, one that is taken twice. */
static void check_pictures(gan_backend *be)
{
    const uint8_t pixels[] = {0, 255, 51, 102, 153, 204, 1, 2, 3, 4, 5, 6};
    const uint64_t picks[] = {1, 2, 0, 1};
    const int places[] = {4, 5, 2, 3, 0, 1, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 4, 5, 2, 3, 0, 1};
    for (int unit = 0; unit < 2; unit++) {
        float want[24];
        ops_case c;
        const ops_shape shape = {.rows = 4, .conv = {.h = 1, .w = 3, .c = 2}, .flag = unit};
        for (int i = 0; i < 24; i++)
            want[i] = unit ? (float)pixels[places[i]] / 255.0f : (float)pixels[places[i]] / 127.5f - 1.0f;
        assert_true(want[4] == (unit ? 0.0f : -1.0f) && want[5] == 1.0f);
        ops_case_open(&c, be, &shape, 1);
        ops_floats(&c, 0, OPS_OUT, 24);
        given_bytes(&c, 0, pixels, sizeof pixels);
        given_bytes(&c, 0, picks, sizeof picks);
        ops_case_shards(&c, run_pictures);
        ops_case_fetch(&c);
        assert_memory_equal(want, ops_host(&c, 0, 0), sizeof want);
        ops_case_close(&c);
    }
}

static const ops_row rows[] = {
    {OPS_OP(pictures), OPS_SHAPES(pictures_shapes), .tolerance = 0, .setup = setup_pictures,
     .shard = run_pictures, .check = check_pictures},
};

const ops_group ops_rows_pictures = {rows, sizeof(rows) / sizeof(rows[0])};
