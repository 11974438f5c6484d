/* rows_reshape.c: ops that only move values: no bit may differ. */
#include "ops.h"

enum { PICTURES = 2 };

/* rows = positions of a picture, c = channels, extra = classes. */
static const ops_shape label_shapes[] = {
    {.rows = 1, .c = 1, .extra = 1},         {.rows = 1, .c = 100, .extra = 10},
    {.rows = 1, .c = 3626, .extra = 10},     {.rows = 28 * 28, .c = 1, .extra = 10},
    {.rows = 14 * 14, .c = 11, .extra = 10}, {.rows = 49, .c = 128, .extra = 3},
};

static size_t count(const ops_case *c, int channels)
{
    return PICTURES * c->shape->rows * (size_t)channels;
}

static void setup_label_forward(ops_case *c)
{
    for (int shard = 0; shard < c->shards; shard++) {
        ops_floats(c, shard, OPS_OUT, count(c, c->shape->c + c->shape->extra));
        ops_floats(c, shard, OPS_IN, count(c, c->shape->c));
        ops_labels(c, shard, PICTURES, c->shape->extra);
    }
}

static gan_status run_label_forward(ops_case *c, int shard)
{
    return c->be->ops->label_forward(c->be, ops_f(c, shard, 0), ops_f(c, shard, 1), c->buffer[shard][2].at,
                                     PICTURES, c->shape->rows, c->shape->c, c->shape->extra);
}

static void check_label_forward(gan_backend *be)
{
    ops_case c;
    ops_case_open(&c, be, &(const ops_shape){.rows = 2, .c = 1, .extra = 3}, 1);
    ops_floats(&c, 0, OPS_OUT, 16);
    ops_given(&c, 0, OPS_IN, (float[]){5, 6, 7, 8}, 4);
    ops_given_ints(&c, 0, (int[]){2, 0}, 2);
    ops_case_shards(&c, run_label_forward);
    ops_case_fetch(&c);
    const float want[] = {5, 0, 0, 1, 6, 0, 0, 1, 7, 1, 0, 0, 8, 1, 0, 0};
    ops_assert_near("labels", want, ops_host(&c, 0, 0), 16, 0);
    ops_case_close(&c);
}

static void setup_label_backward(ops_case *c)
{
    for (int shard = 0; shard < c->shards; shard++) {
        ops_floats(c, shard, OPS_OUT, count(c, c->shape->c));
        ops_floats(c, shard, OPS_IN, count(c, c->shape->c + c->shape->extra));
    }
}

static gan_status run_label_backward(ops_case *c, int shard)
{
    return c->be->ops->label_backward(c->be, ops_f(c, shard, 0), ops_f(c, shard, 1), PICTURES, c->shape->rows,
                                      c->shape->c, c->shape->extra);
}

static void check_label_backward(gan_backend *be)
{
    ops_case c;
    ops_case_open(&c, be, &(const ops_shape){.rows = 1, .c = 2, .extra = 3}, 1);
    ops_floats(&c, 0, OPS_OUT, 4);
    ops_given(&c, 0, OPS_IN, (float[]){1, 2, 9, 9, 9, 3, 4, 9, 9, 9}, 10);
    ops_case_shards(&c, run_label_backward);
    ops_case_fetch(&c);
    ops_assert_near("without labels", (float[]){1, 2, 3, 4}, ops_host(&c, 0, 0), 4, 0);
    ops_case_close(&c);
}

/* c pictures of rows x extra columns: more than a GPU has blocks, too. */
static const ops_shape transpose_shapes[] = {
    {.c = 2, .rows = 1, .extra = 1},    {.c = 2, .rows = 49, .extra = 128},
    {.c = 2, .rows = 128, .extra = 49}, {.c = 2, .rows = 16, .extra = 3},
    {.c = 2, .rows = 1, .extra = 77},   {.c = 2, .rows = 1023, .extra = 5},
    {.c = 4100, .rows = 2, .extra = 3},
};

static void setup_transpose(ops_case *c)
{
    const size_t n = (size_t)c->shape->c * c->shape->rows * (size_t)c->shape->extra;
    for (int shard = 0; shard < c->shards; shard++) {
        ops_floats(c, shard, OPS_OUT, n);
        ops_floats(c, shard, OPS_IN, n);
    }
}

static gan_status run_transpose(ops_case *c, int shard)
{
    return c->be->ops->transpose(c->be, ops_f(c, shard, 0), ops_f(c, shard, 1), c->shape->c,
                                 (int)c->shape->rows, c->shape->extra);
}

static void check_transpose(gan_backend *be)
{
    ops_case c;
    ops_case_open(&c, be, &(const ops_shape){.c = 2, .rows = 2, .extra = 3}, 1);
    ops_floats(&c, 0, OPS_OUT, 12);
    ops_given(&c, 0, OPS_IN, (float[]){1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60}, 12);
    ops_case_shards(&c, run_transpose);
    ops_case_fetch(&c);
    const float want[] = {1, 4, 2, 5, 3, 6, 10, 40, 20, 50, 30, 60};
    ops_assert_near("transposed", want, ops_host(&c, 0, 0), 12, 0);
    ops_case_close(&c);
}

static const ops_row rows[] = {
    {OPS_OP(label_forward), OPS_SHAPES(label_shapes), .tolerance = 0, .setup = setup_label_forward,
     .shard = run_label_forward, .check = check_label_forward},
    {OPS_OP(label_backward), OPS_SHAPES(label_shapes), .tolerance = 0, .setup = setup_label_backward,
     .shard = run_label_backward, .check = check_label_backward},
    {OPS_OP(transpose), OPS_SHAPES(transpose_shapes), .tolerance = 0, .setup = setup_transpose,
     .shard = run_transpose, .check = check_transpose},
};

const ops_group ops_rows_reshape = {rows, sizeof(rows) / sizeof(rows[0])};
