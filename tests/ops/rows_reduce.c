/* rows_reduce.c: sums over shards: the order is part of the result, so no bit may differ. */
#include "ops.h"

/* rows = numbers, extra = parts, flag: the result goes to parts[0]. */
static const ops_shape sum_shapes[] = {
    {.rows = 1, .extra = 1},    {.rows = 17, .extra = 2},
    {.rows = 1000, .extra = 3}, {.rows = 40009, .extra = 8},
    {.rows = 5000, .extra = 7}, {.rows = 5000, .extra = 8, .flag = true},
    {.rows = 33, .extra = 9},   {.rows = 33, .extra = 5, .flag = true},
    {.rows = 33, .extra = 40},  {.rows = 33, .extra = 17, .flag = true},
};

static void setup_sum(ops_case *c, bool wide)
{
    void (*add)(ops_case *, int, ops_kind, size_t) = wide ? ops_doubles : ops_floats;
    add(c, OPS_WHOLE, OPS_OUT, c->shape->rows);
    for (int i = 0; i < c->shape->extra; i++)
        add(c, OPS_WHOLE, i == 0 && c->shape->flag ? OPS_INOUT : OPS_SCRATCH, c->shape->rows);
}

static void setup_tree_sum(ops_case *c)
{
    setup_sum(c, false);
}

static gan_status run_tree_sum(ops_case *c)
{
    float *parts[OPS_BUFFERS];
    for (int i = 0; i < c->shape->extra; i++)
        parts[i] = ops_f(c, OPS_WHOLE, 1 + i);
    GAN_TRY(c->be->ops->tree_sum(c->be, c->shape->flag ? parts[0] : ops_f(c, OPS_WHOLE, 0), parts,
                                 c->shape->extra, c->shape->rows));
    if (!c->shape->flag)
        return GAN_OK;
    return c->be->ops->tree_sum(c->be, ops_f(c, OPS_WHOLE, 0), parts, 1, c->shape->rows);
}

static void setup_tree_sum_double(ops_case *c)
{
    setup_sum(c, true);
}

static gan_status run_tree_sum_double(ops_case *c)
{
    double *parts[OPS_BUFFERS];
    for (int i = 0; i < c->shape->extra; i++)
        parts[i] = ops_d(c, OPS_WHOLE, 1 + i);
    GAN_TRY(c->be->ops->tree_sum_double(c->be, c->shape->flag ? parts[0] : ops_d(c, OPS_WHOLE, 0), parts,
                                        c->shape->extra, c->shape->rows));
    if (!c->shape->flag)
        return GAN_OK;
    return c->be->ops->tree_sum_double(c->be, ops_d(c, OPS_WHOLE, 0), parts, 1, c->shape->rows);
}

enum { MOST_PARTS = 9 };

/* The tree for so many parts, written out. */
#define TREE(type)                                                                                           \
    static type tree_of_##type(const type *p, int n)                                                         \
    {                                                                                                        \
        switch (n) {                                                                                         \
        case 1:                                                                                              \
            return p[0];                                                                                     \
        case 2:                                                                                              \
            return p[0] + p[1];                                                                              \
        case 3:                                                                                              \
            return (p[0] + p[1]) + p[2];                                                                     \
        case 4:                                                                                              \
            return (p[0] + p[1]) + (p[2] + p[3]);                                                            \
        case 5:                                                                                              \
            return ((p[0] + p[1]) + (p[2] + p[3])) + p[4];                                                   \
        case 6:                                                                                              \
            return ((p[0] + p[1]) + (p[2] + p[3])) + (p[4] + p[5]);                                          \
        case 7:                                                                                              \
            return ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + p[6]);                                 \
        case 8:                                                                                              \
            return ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7]));                        \
        default:                                                                                             \
            return (((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7]))) + p[8];               \
        }                                                                                                    \
    }
TREE(float)
TREE(double)

enum { COUNT = 1003 };

/* From left to right, which must differ somewhere from four parts on:
 * or the data could not tell the orders apart. */
#define CHECK(type, op, add, at)                                                                             \
    static void check_##op(gan_backend *be)                                                                  \
    {                                                                                                        \
        for (int n = 1; n <= MOST_PARTS; n++) {                                                              \
            ops_case c;                                                                                      \
            type *parts[MOST_PARTS];                                                                         \
            int other_order = 0;                                                                             \
            ops_case_open(&c, be, NULL, 1);                                                                  \
            add(&c, 0, OPS_OUT, COUNT);                                                                      \
            for (int i = 0; i < n; i++) {                                                                    \
                add(&c, 0, OPS_SCRATCH, COUNT);                                                              \
                parts[i] = at(&c, 0, 1 + i);                                                                 \
            }                                                                                                \
            OPS_OK(be->ops->op(be, at(&c, 0, 0), parts, n, COUNT));                                          \
            ops_case_fetch(&c);                                                                              \
            for (int k = 0; k < COUNT; k++) {                                                                \
                type values[MOST_PARTS], straight = 0, got = ((const type *)c.buffer[0][0].host)[k];         \
                for (int i = 0; i < n; i++) {                                                                \
                    values[i] = ((const type *)c.buffer[0][1 + i].start)[k];                                 \
                    straight += values[i];                                                                   \
                }                                                                                            \
                if (got != tree_of_##type(values, n))                                                        \
                    fail_msg(#op ": %d parts: not the fixed tree", n);                                       \
                other_order += got != straight;                                                              \
            }                                                                                                \
            assert_true(n<4 || other_order> 0);                                                              \
            ops_case_close(&c);                                                                              \
        }                                                                                                    \
    }
CHECK(float, tree_sum, ops_floats, ops_f)
CHECK(double, tree_sum_double, ops_doubles, ops_d)

static const ops_row rows[] = {
    {OPS_OP(tree_sum), OPS_SHAPES(sum_shapes), .tolerance = 0, .setup = setup_tree_sum, .whole = run_tree_sum,
     .check = check_tree_sum},
    {OPS_OP(tree_sum_double), OPS_SHAPES(sum_shapes), .tolerance = 0, .setup = setup_tree_sum_double,
     .whole = run_tree_sum_double, .check = check_tree_sum_double},
};

const ops_group ops_rows_reduce = {rows, sizeof(rows) / sizeof(rows[0])};
