/* rows_bn.c: the pieces of batch norm against ref. Their known answers are in checks_bn.c. */
#include "ops.h"

#include "checks_bn.h"

static const ops_shape bn_shapes[] = {
    {.rows = 1, .c = 1, .act = GAN_ACT_NONE},
    {.rows = 8, .c = 1024, .act = GAN_ACT_RELU},
    {.rows = 8, .c = 627, .act = GAN_ACT_LRELU},
    {.rows = 8 * 49, .c = 74, .act = GAN_ACT_LRELU},
    {.rows = 8 * 14 * 14, .c = 64, .act = GAN_ACT_RELU},
    {.rows = 8 * 32 * 32, .c = 3, .act = GAN_ACT_TANH},
    {.rows = 392, .c = 21, .act = GAN_ACT_SIGMOID},
    {.rows = 13, .c = 138, .act = GAN_ACT_TANH, .flag = true},
    {.rows = 35, .c = 11, .act = GAN_ACT_NONE, .flag = true},
    {.rows = 9 * 48 * 48, .c = 1, .act = GAN_ACT_LRELU},
};

static size_t values(const ops_case *c)
{
    return c->shape->rows * (size_t)c->shape->c;
}

enum { MEAN, INVERSE_DEVIATION, GAMMA, BETA, BACKWARD_SUMS }; /* buffers of the whole */

static void add_parameters(ops_case *c)
{
    size_t n = (size_t)c->shape->c;
    ops_floats(c, OPS_WHOLE, OPS_IN, n);
    ops_positive(c, OPS_WHOLE, OPS_IN, n);
    for (int i = GAMMA; i <= BETA; i++)
        ops_floats(c, OPS_WHOLE, OPS_IN, n);
}

static gan_bn_args args_of(ops_case *c)
{
    return (gan_bn_args){.rows = c->shape->rows,
                         .c = c->shape->c,
                         .mean = ops_f(c, OPS_WHOLE, MEAN),
                         .inverse_deviation = ops_f(c, OPS_WHOLE, INVERSE_DEVIATION),
                         .gamma = ops_f(c, OPS_WHOLE, GAMMA),
                         .beta = ops_f(c, OPS_WHOLE, BETA),
                         .act = c->shape->act};
}

static void setup_sums(ops_case *c)
{
    for (int shard = 0; shard < c->shards; shard++) {
        ops_doubles(c, shard, OPS_OUT, 2 * (size_t)c->shape->c);
        ops_floats(c, shard, OPS_IN, values(c));
    }
}

static gan_status run_sums(ops_case *c, int shard)
{
    return c->be->ops->bn_sums(c->be, ops_d(c, shard, 0), ops_f(c, shard, 1), c->shape->rows, c->shape->c);
}

static void setup_forward(ops_case *c)
{
    add_parameters(c);
    for (int shard = 0; shard < c->shards; shard++) {
        ops_floats(c, shard, OPS_OUT, values(c));
        ops_floats(c, shard, OPS_IN, values(c));
    }
}

static gan_status run_forward(ops_case *c, int shard)
{
    const gan_bn_args args = args_of(c);
    return c->be->ops->bn_forward(c->be, ops_f(c, shard, 0), ops_f(c, shard, 1), &args);
}

/* The backward ops may take the sign of y from x: y must be what bn_forward made of x. */
enum { OUT, DY, X, Y }; /* buffers of a shard, backward */

static gan_status run_own_forward(ops_case *c, int shard)
{
    const gan_bn_args args = args_of(c);
    return c->be->ops->bn_forward(c->be, ops_f(c, shard, Y), ops_f(c, shard, X), &args);
}

static void setup_backward_sums(ops_case *c)
{
    add_parameters(c);
    for (int shard = 0; shard < c->shards; shard++) {
        ops_doubles(c, shard, OPS_OUT, 2 * (size_t)c->shape->c);
        ops_floats(c, shard, OPS_IN, values(c));
        ops_floats(c, shard, OPS_IN, values(c));
        ops_floats(c, shard, OPS_OUT, values(c));
    }
}

static gan_status run_backward_sums(ops_case *c, int shard)
{
    const gan_bn_args args = args_of(c);
    GAN_TRY(run_own_forward(c, shard));
    return c->be->ops->bn_backward_sums(c->be, ops_d(c, shard, OUT), ops_f(c, shard, DY), ops_f(c, shard, X),
                                        ops_f(c, shard, Y), &args);
}

/* flag: dx is dy. The sums are random numbers: over few rows, so that their means matter. */
static void setup_backward(ops_case *c)
{
    add_parameters(c);
    ops_doubles(c, OPS_WHOLE, OPS_IN, 2 * (size_t)c->shape->c);
    for (int shard = 0; shard < c->shards; shard++) {
        ops_floats(c, shard, c->shape->flag ? OPS_INOUT : OPS_OUT, values(c));
        ops_floats(c, shard, OPS_IN, values(c));
        ops_floats(c, shard, OPS_IN, values(c));
        ops_floats(c, shard, OPS_OUT, values(c));
    }
}

static gan_status run_backward(ops_case *c, int shard)
{
    const gan_bn_args args = args_of(c);
    float *dx = ops_f(c, shard, OUT);
    const float *dy = c->shape->flag ? dx : ops_f(c, shard, DY);
    GAN_TRY(run_own_forward(c, shard));
    return c->be->ops->bn_backward(c->be, dx, dy, ops_f(c, shard, X), ops_f(c, shard, Y),
                                   ops_d(c, OPS_WHOLE, BACKWARD_SUMS), 3, &args);
}

static void setup_gradients(ops_case *c)
{
    for (int shard = 0; shard < c->shards; shard++) {
        ops_floats(c, shard, OPS_INOUT, (size_t)c->shape->c);
        ops_floats(c, shard, OPS_INOUT, (size_t)c->shape->c);
        ops_doubles(c, shard, OPS_IN, 2 * (size_t)c->shape->c);
    }
}

static gan_status run_gradients(ops_case *c, int shard)
{
    return c->be->ops->bn_gradients(c->be, ops_f(c, shard, 0), ops_f(c, shard, 1), ops_d(c, shard, 2),
                                    c->shape->c, c->shape->flag);
}

/* Real sums, so that the variance is one: of count rows, mean m and variance v:
 * count*m and count*(v + m*m). */
static void add_statistics_sums(ops_case *c, double count)
{
    enum { LIMIT = 2048 };
    double sums[LIMIT];
    int n = c->shape->c;
    assert_true(2 * n <= LIMIT);
    for (int i = 0; i < n; i++) {
        double mean = 0.01 * i - 1, variance = 0.5 + 0.003 * i;
        sums[i] = count * mean;
        sums[n + i] = count * (variance + mean * mean);
    }
    ops_given_doubles(c, OPS_WHOLE, OPS_IN, sums, 2 * (size_t)n);
}

static void setup_statistics(ops_case *c)
{
    size_t n = (size_t)c->shape->c;
    ops_floats(c, OPS_WHOLE, OPS_OUT, n);
    ops_floats(c, OPS_WHOLE, OPS_OUT, n);
    ops_floats(c, OPS_WHOLE, OPS_INOUT, n);
    ops_positive(c, OPS_WHOLE, OPS_INOUT, n);
    add_statistics_sums(c, (double)c->shape->rows);
}

static gan_status run_statistics(ops_case *c)
{
    float *running_mean = c->shape->flag ? NULL : ops_f(c, OPS_WHOLE, 2);
    float *running_var = c->shape->flag ? NULL : ops_f(c, OPS_WHOLE, 3);
    return c->be->ops->bn_statistics(c->be, ops_f(c, OPS_WHOLE, 0), ops_f(c, OPS_WHOLE, 1), running_mean,
                                     running_var, ops_d(c, OPS_WHOLE, 4), c->shape->c, (double)c->shape->rows,
                                     1e-5, 0.1);
}

static void setup_inference(ops_case *c)
{
    ops_floats(c, OPS_WHOLE, OPS_OUT, (size_t)c->shape->c);
    ops_positive(c, OPS_WHOLE, OPS_IN, (size_t)c->shape->c);
}

static gan_status run_inference(ops_case *c)
{
    return c->be->ops->bn_inference(c->be, ops_f(c, OPS_WHOLE, 0), ops_f(c, OPS_WHOLE, 1), c->shape->c, 1e-3);
}

static const ops_row rows[] = {
    {OPS_OP(bn_sums), OPS_SHAPES(bn_shapes), .tolerance = 1e-12, .setup = setup_sums, .shard = run_sums,
     .check = check_bn_sums},
    {OPS_OP(bn_forward), OPS_SHAPES(bn_shapes), .tolerance = 1e-6, .setup = setup_forward,
     .shard = run_forward, .check = check_bn_forward},
    {OPS_OP(bn_backward_sums), OPS_SHAPES(bn_shapes), .tolerance = 1e-6, .setup = setup_backward_sums,
     .shard = run_backward_sums, .check = check_bn_gradients},
    {OPS_OP(bn_backward), OPS_SHAPES(bn_shapes), .tolerance = 1e-6, .setup = setup_backward,
     .shard = run_backward, .check = check_bn_gradients},
    {OPS_OP(bn_gradients), OPS_SHAPES(bn_shapes), .tolerance = 1e-7, .setup = setup_gradients,
     .shard = run_gradients, .check = check_gradient_sums},
    {OPS_OP(bn_statistics), OPS_SHAPES(bn_shapes), .tolerance = 2e-7, .setup = setup_statistics,
     .whole = run_statistics, .check = check_bn_statistics},
    {OPS_OP(bn_inference), OPS_SHAPES(bn_shapes), .tolerance = 2e-7, .setup = setup_inference,
     .whole = run_inference, .check = check_bn_inference},
};

const ops_group ops_rows_bn = {rows, sizeof(rows) / sizeof(rows[0])};
