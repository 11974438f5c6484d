/* rows_bias_act.c: biases and activations. */
#include "ops.h"

#include <math.h>

static const ops_shape bias_shapes[] = {
    {.rows = 1, .c = 1},
    {.rows = 8, .c = 1},
    {.rows = 8, .c = 1024},
    {.rows = 8 * 28 * 28, .c = 1},
    {.rows = 8 * 32 * 32, .c = 3},
    {.rows = 1, .c = 11},
    {.rows = 392, .c = 21},
    {.rows = 392, .c = 74, .flag = true},
    {.rows = 49, .c = 138, .flag = true},
    {.rows = 8 * 16 * 16, .c = 64, .flag = true},
};

static void setup_bias_add(ops_case *c)
{
    ops_floats(c, OPS_WHOLE, OPS_IN, (size_t)c->shape->c);
    for (int shard = 0; shard < c->shards; shard++)
        ops_floats(c, shard, OPS_INOUT, c->shape->rows * (size_t)c->shape->c);
}

static gan_status run_bias_add(ops_case *c, int shard)
{
    return c->be->ops->bias_add(c->be, ops_f(c, shard, 0), ops_f(c, OPS_WHOLE, 0), c->shape->rows,
                                c->shape->c);
}

static void check_bias_add(gan_backend *be)
{
    static const ops_shape shape = {.rows = 2, .c = 3};
    ops_case c;
    ops_case_open(&c, be, &shape, 1);
    ops_given(&c, 0, OPS_INOUT, (float[]){1, 2, 3, 4, 5, 6}, 6);
    ops_given(&c, OPS_WHOLE, OPS_IN, (float[]){10, 20, 30}, 3);
    ops_case_shards(&c, run_bias_add);
    ops_case_fetch(&c);
    ops_assert_near("bias", (float[]){11, 22, 33, 14, 25, 36}, ops_host(&c, 0, 0), 6, 0);
    ops_case_close(&c);
}

static void setup_bias_gradient(ops_case *c)
{
    for (int shard = 0; shard < c->shards; shard++) {
        ops_floats(c, shard, OPS_INOUT, (size_t)c->shape->c);
        ops_floats(c, shard, OPS_IN, c->shape->rows * (size_t)c->shape->c);
    }
}

static gan_status run_bias_gradient(ops_case *c, int shard)
{
    return c->be->ops->bias_gradient(c->be, ops_f(c, shard, 0), ops_f(c, shard, 1), c->shape->rows,
                                     c->shape->c, c->shape->flag);
}

static void check_bias_gradient(gan_backend *be)
{
    static const float want[2][3] = {{5, 7, 9}, {105, 207, 309}};
    for (int accumulate = 0; accumulate < 2; accumulate++) {
        const ops_shape shape = {.rows = 2, .c = 3, .flag = accumulate};
        ops_case c;
        ops_case_open(&c, be, &shape, 1);
        ops_given(&c, 0, OPS_INOUT, (float[]){100, 200, 300}, 3);
        ops_given(&c, 0, OPS_IN, (float[]){1, 2, 3, 4, 5, 6}, 6);
        ops_case_shards(&c, run_bias_gradient);
        ops_case_fetch(&c);
        ops_assert_near("bias gradient", want[accumulate], ops_host(&c, 0, 0), 3, 0);
        ops_case_close(&c);
    }
}

static const ops_shape act_shapes[] = {
    {.rows = 1, .act = GAN_ACT_RELU},        {.rows = 1, .act = GAN_ACT_TANH},
    {.rows = 1, .act = GAN_ACT_SIGMOID},     {.rows = 4099, .act = GAN_ACT_NONE},
    {.rows = 4099, .act = GAN_ACT_RELU},     {.rows = 4099, .act = GAN_ACT_LRELU},
    {.rows = 4099, .act = GAN_ACT_TANH},     {.rows = 4099, .act = GAN_ACT_SIGMOID},
    {.rows = 65536, .act = GAN_ACT_SIGMOID}, {.rows = 15, .act = GAN_ACT_LRELU},
};

static void setup_act_forward(ops_case *c)
{
    for (int shard = 0; shard < c->shards; shard++)
        ops_floats(c, shard, OPS_INOUT, c->shape->rows);
}

static gan_status run_act_forward(ops_case *c, int shard)
{
    return c->be->ops->act_forward(c->be, ops_f(c, shard, 0), c->shape->act, c->shape->rows);
}

static void setup_act_backward(ops_case *c)
{
    for (int shard = 0; shard < c->shards; shard++) {
        ops_floats(c, shard, OPS_INOUT, c->shape->rows);
        ops_floats(c, shard, OPS_IN, c->shape->rows);
    }
}

static gan_status run_act_backward(ops_case *c, int shard)
{
    return c->be->ops->act_backward(c->be, ops_f(c, shard, 0), ops_f(c, shard, 1), c->shape->act,
                                    c->shape->rows);
}

/* The formulas, in double: what the checks here and in rows_bn.c differentiate. */
double ops_act(gan_act act, double x)
{
    switch (act) {
    case GAN_ACT_NONE:
        return x;
    case GAN_ACT_RELU:
        return fmax(x, 0);
    case GAN_ACT_LRELU:
        return fmax(x, 0.2 * x);
    case GAN_ACT_TANH:
        return tanh(x);
    case GAN_ACT_SIGMOID:
        return 1 / (1 + exp(-x));
    }
    return NAN;
}

enum { N_POINTS = 1001 };

/* -8 .. 8 without 0, then the ends of what a float can ask for. */
static void fill_points(float *x)
{
    static const float ends[] = {-1000, -104, -88.8f, -20, 20, 88.8f, 104, 1000};
    enum { ENDS = sizeof(ends) / sizeof(ends[0]) };
    for (int i = 0; i < N_POINTS - ENDS; i++)
        x[i] = 16.0f * ((float)i + 0.25f) / (N_POINTS - ENDS) - 8;
    for (int i = 0; i < ENDS; i++)
        x[N_POINTS - ENDS + i] = ends[i];
}

static void check_act_forward(gan_backend *be)
{
    float x[N_POINTS], want[N_POINTS];
    fill_points(x);
    for (gan_act act = GAN_ACT_NONE; act <= GAN_ACT_SIGMOID; act++) {
        for (int i = 0; i < N_POINTS; i++)
            want[i] = (float)ops_act(act, x[i]);
        const ops_shape shape = {.rows = N_POINTS, .act = act};
        ops_case c;
        ops_case_open(&c, be, &shape, 1);
        ops_given(&c, 0, OPS_INOUT, x, N_POINTS);
        ops_case_shards(&c, run_act_forward);
        ops_case_fetch(&c);
        ops_assert_near("activation", want, ops_host(&c, 0, 0), N_POINTS, 1e-6);
        ops_case_close(&c);
    }
}

static gan_status run_forward_and_backward(ops_case *c, int shard)
{
    GAN_TRY(c->be->ops->act_forward(c->be, ops_f(c, shard, 1), c->shape->act, c->shape->rows));
    return run_act_backward(c, shard);
}

/* dy * act'(x) against central differences of the formula, on the backend's own y = act(x). */
static void check_act_backward(gan_backend *be)
{
    const double step = 1e-6;
    float x[N_POINTS], dy[N_POINTS], want[N_POINTS];
    fill_points(x);
    for (gan_act act = GAN_ACT_NONE; act <= GAN_ACT_SIGMOID; act++) {
        for (int i = 0; i < N_POINTS; i++) {
            dy[i] = 1 + 0.001f * (float)(i % 7);
            want[i] = (float)(dy[i] * (ops_act(act, x[i] + step) - ops_act(act, x[i] - step)) / (2 * step));
        }
        const ops_shape shape = {.rows = N_POINTS, .act = act};
        ops_case c;
        ops_case_open(&c, be, &shape, 1);
        ops_given(&c, 0, OPS_INOUT, dy, N_POINTS);
        ops_given(&c, 0, OPS_INOUT, x, N_POINTS);
        ops_case_shards(&c, run_forward_and_backward);
        ops_case_fetch(&c);
        ops_assert_near("slope", want, ops_host(&c, 0, 0), N_POINTS, 2e-6);
        ops_case_close(&c);
    }
}

static const ops_row rows[] = {
    {OPS_OP(bias_add), OPS_SHAPES(bias_shapes), .tolerance = 0, .setup = setup_bias_add,
     .shard = run_bias_add, .check = check_bias_add},
    {OPS_OP(bias_gradient), OPS_SHAPES(bias_shapes), .tolerance = 2e-6, .setup = setup_bias_gradient,
     .shard = run_bias_gradient, .check = check_bias_gradient},
    {OPS_OP(act_forward), OPS_SHAPES(act_shapes), .tolerance = 1e-6, .setup = setup_act_forward,
     .shard = run_act_forward, .check = check_act_forward},
    {OPS_OP(act_backward), OPS_SHAPES(act_shapes), .tolerance = 1e-6, .setup = setup_act_backward,
     .shard = run_act_backward, .check = check_act_backward},
};

const ops_group ops_rows_bias_act = {rows, sizeof(rows) / sizeof(rows[0])};
