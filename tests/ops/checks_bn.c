/* checks_bn.c: batch norm as a whole, from the formula:
 * the ops are chained as a step chains them, over two shards. */
#include "checks_bn.h"

#include <math.h>

static gan_status run_sums(ops_case *c, int shard)
{
    return c->be->ops->bn_sums(c->be, ops_d(c, shard, 0), ops_f(c, shard, 1), c->shape->rows, c->shape->c);
}

static void check_sums_of(gan_backend *be, const ops_shape *shape, const float *x, const double *want)
{
    ops_case c;
    ops_case_open(&c, be, shape, 1);
    ops_doubles(&c, 0, OPS_OUT, 2 * (size_t)shape->c);
    ops_given(&c, 0, OPS_IN, x, shape->rows * (size_t)shape->c);
    ops_case_shards(&c, run_sums);
    ops_case_fetch(&c);
    for (int i = 0; i < 2 * shape->c; i++)
        assert_true(((const double *)c.buffer[0][0].host)[i] == want[i]);
    ops_case_close(&c);
}

void check_bn_sums(gan_backend *be)
{
    static const ops_shape plain = {.rows = 3, .c = 2}, large = {.rows = 4, .c = 1};
    check_sums_of(be, &plain, (float[]){1, 10, 2, 20, -3, 30}, (double[]){0, 60, 14, 1400});
    /* A float could not hold 2^24 + 1: the sums are taken in double. */
    check_sums_of(be, &large, (float[]){0x1p24f, 1, 1, 1}, (double[]){0x1p24 + 3, 0x1p48 + 3});
}

static gan_status run_gradients(ops_case *c, int shard)
{
    return c->be->ops->bn_gradients(c->be, ops_f(c, shard, 0), ops_f(c, shard, 1), ops_d(c, shard, 2), 3,
                                    c->shape->flag);
}

void check_gradient_sums(gan_backend *be)
{
    static const float gamma[2][3] = {{4, 0.25f, -8}, {5, 2.25f, -5}};
    static const float beta[2][3] = {{0.5f, -2, 10}, {10.5f, 18, 40}};
    for (int accumulate = 0; accumulate < 2; accumulate++) {
        ops_case c;
        ops_case_open(&c, be, &(const ops_shape){.flag = accumulate}, 1);
        ops_given(&c, 0, OPS_INOUT, (float[]){1, 2, 3}, 3);
        ops_given(&c, 0, OPS_INOUT, (float[]){10, 20, 30}, 3);
        ops_given_doubles(&c, 0, OPS_IN, (double[]){0.5, -2, 10, 4, 0.25, -8}, 6);
        ops_case_shards(&c, run_gradients);
        ops_case_fetch(&c);
        ops_assert_near("dgamma", gamma[accumulate], ops_host(&c, 0, 0), 3, 0);
        ops_assert_near("dbeta", beta[accumulate], ops_host(&c, 0, 1), 3, 0);
        ops_case_close(&c);
    }
}

void check_bn_inference(gan_backend *be)
{
    ops_case c;
    ops_case_open(&c, be, NULL, 1);
    ops_floats(&c, 0, OPS_OUT, 3);
    ops_given(&c, 0, OPS_IN, (float[]){0, 3.75f, 15.75f}, 3);
    OPS_OK(be->ops->bn_inference(be, ops_f(&c, 0, 0), ops_f(&c, 0, 1), 3, 0.25));
    ops_case_fetch(&c);
    ops_assert_near("1/sqrt(var + eps)", (float[]){2, 0.5f, 0.25f}, ops_host(&c, 0, 0), 3, 1e-7);
    ops_case_close(&c);
}

/* Rows 1, 2, 3, 4 and 5, 5, 5, 5: means 2.5 and 5, biased variances 1.25 and 0, unbiased 5/3 and 0. */
void check_bn_statistics(gan_backend *be)
{
    enum { MEAN, INVERSE_DEVIATION, RUNNING_MEAN, RUNNING_VAR, SUMS };
    for (int running = 0; running < 2; running++) {
        ops_case c;
        ops_case_open(&c, be, NULL, 1);
        ops_floats(&c, 0, OPS_OUT, 2);
        ops_floats(&c, 0, OPS_OUT, 2);
        ops_given(&c, 0, OPS_INOUT, (float[]){1, -1}, 2);
        ops_given(&c, 0, OPS_INOUT, (float[]){1, 2}, 2);
        ops_given_doubles(&c, 0, OPS_IN, (double[]){10, 20, 30, 100}, 4);
        OPS_OK(be->ops->bn_statistics(be, ops_f(&c, 0, MEAN), ops_f(&c, 0, INVERSE_DEVIATION),
                                      running ? ops_f(&c, 0, RUNNING_MEAN) : NULL,
                                      running ? ops_f(&c, 0, RUNNING_VAR) : NULL, ops_d(&c, 0, SUMS), 2, 4,
                                      0.25, 0.1));
        ops_case_fetch(&c);
        ops_assert_near("mean", (float[]){2.5f, 5}, ops_host(&c, 0, MEAN), 2, 0);
        ops_assert_near("1/deviation", (float[]){(float)(1 / sqrt(1.5)), 2},
                        ops_host(&c, 0, INVERSE_DEVIATION), 2, 1e-7);
        const float mean_after[] = {1.15f, -0.4f}, var_after[] = {(float)(0.9 + 0.1 * 5 / 3), 1.8f};
        ops_assert_near("running mean", running ? mean_after : (float[]){1, -1},
                        ops_host(&c, 0, RUNNING_MEAN), 2, running ? 2e-7 : 0);
        ops_assert_near("running variance", running ? var_after : (float[]){1, 2},
                        ops_host(&c, 0, RUNNING_VAR), 2, running ? 2e-7 : 0);
        ops_case_close(&c);
    }
}

enum { X, Y, DY, DX, SUMS, PART };                                    /* buffers of a shard */
enum { GAMMA, BETA, MEAN, INVERSE_DEVIATION, TOTAL, BACKWARD_TOTAL }; /* of the whole */

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

static gan_status run_forward(ops_case *c, int shard)
{
    const gan_bn_args args = args_of(c);
    return c->be->ops->bn_forward(c->be, ops_f(c, shard, Y), ops_f(c, shard, X), &args);
}

/* y = act(gamma (x - mean) / deviation + beta): (6 - 2) * 0.5 * 3 - 1 = 5 and (0 - 2) * 0.5 * 3 - 1 = -4. */
void check_bn_forward(gan_backend *be)
{
    static const float want[][2] = {
        [GAN_ACT_NONE] = {5, -4}, [GAN_ACT_RELU] = {5, 0}, [GAN_ACT_LRELU] = {5, -0.8f}};
    static const float gamma = 3, beta = -1, mean = 2, inverse_deviation = 0.5f;
    for (gan_act act = GAN_ACT_NONE; act <= GAN_ACT_LRELU; act++) {
        ops_case c;
        ops_case_open(&c, be, &(const ops_shape){.rows = 2, .c = 1, .act = act}, 1);
        ops_given(&c, 0, OPS_IN, (float[]){6, 0}, 2);
        ops_floats(&c, 0, OPS_OUT, 2);
        ops_given(&c, OPS_WHOLE, OPS_IN, &gamma, 1);
        ops_given(&c, OPS_WHOLE, OPS_IN, &beta, 1);
        ops_given(&c, OPS_WHOLE, OPS_IN, &mean, 1);
        ops_given(&c, OPS_WHOLE, OPS_IN, &inverse_deviation, 1);
        ops_case_shards(&c, run_forward);
        ops_case_fetch(&c);
        ops_assert_near("bn", want[act], ops_host(&c, 0, Y), 2, 1e-6);
        ops_case_close(&c);
    }
}

/* --- the gradient of L = sum r * act(bn(x)), by central differences in double --- */
enum { SHARDS = 2, ROWS = 5, C = 3, N = ROWS * C, ALL_ROWS = SHARDS * ROWS };

typedef struct bn_problem {
    double x[SHARDS * N], gamma[C], beta[C], r[SHARDS * N];
    gan_act act;
} bn_problem;

static const double epsilon = 1e-3;

static double objective(const bn_problem *p)
{
    double sum = 0;
    for (int i = 0; i < C; i++) {
        double mean = 0, variance = 0;
        for (int row = 0; row < ALL_ROWS; row++)
            mean += p->x[row * C + i] / ALL_ROWS;
        for (int row = 0; row < ALL_ROWS; row++)
            variance += pow(p->x[row * C + i] - mean, 2) / ALL_ROWS;
        for (int row = 0; row < ALL_ROWS; row++) {
            double normal = (p->x[row * C + i] - mean) / sqrt(variance + epsilon);
            sum += p->r[row * C + i] * ops_act(p->act, p->gamma[i] * normal + p->beta[i]);
        }
    }
    return sum;
}

/* `at` points into p. */
static float difference(const bn_problem *p, double *at)
{
    const double step = 1e-5, before = *at;
    *at = before + step;
    double up = objective(p);
    *at = before - step;
    double down = objective(p);
    *at = before;
    return (float)((up - down) / (2 * step));
}

static void add_buffers(ops_case *c, const float *x, const float *r, const float *gamma, const float *beta)
{
    for (int shard = 0; shard < SHARDS; shard++) {
        ops_given(c, shard, OPS_IN, x + shard * N, N);
        ops_floats(c, shard, OPS_OUT, N);
        ops_given(c, shard, OPS_IN, r + shard * N, N);
        ops_floats(c, shard, OPS_OUT, N);
        ops_doubles(c, shard, OPS_SCRATCH, 2 * C);
        ops_floats(c, shard, OPS_OUT, 2 * C);
    }
    ops_given(c, OPS_WHOLE, OPS_IN, gamma, C);
    ops_given(c, OPS_WHOLE, OPS_IN, beta, C);
    ops_floats(c, OPS_WHOLE, OPS_OUT, C);
    ops_floats(c, OPS_WHOLE, OPS_OUT, C);
    ops_doubles(c, OPS_WHOLE, OPS_OUT, 2 * C);
    ops_doubles(c, OPS_WHOLE, OPS_OUT, 2 * C);
}

static gan_status run_statistics_sums(ops_case *c, int shard)
{
    return c->be->ops->bn_sums(c->be, ops_d(c, shard, SUMS), ops_f(c, shard, X), ROWS, C);
}

static gan_status run_backward_sums(ops_case *c, int shard)
{
    const gan_bn_args args = args_of(c);
    GAN_TRY(run_forward(c, shard));
    GAN_TRY(c->be->ops->bn_backward_sums(c->be, ops_d(c, shard, SUMS), ops_f(c, shard, DY),
                                         ops_f(c, shard, X), ops_f(c, shard, Y), &args));
    return c->be->ops->bn_gradients(c->be, ops_f(c, shard, PART) + C, ops_f(c, shard, PART),
                                    ops_d(c, shard, SUMS), C, false);
}

static gan_status run_backward(ops_case *c, int shard)
{
    const gan_bn_args args = args_of(c);
    return c->be->ops->bn_backward(c->be, ops_f(c, shard, DX), ops_f(c, shard, DY), ops_f(c, shard, X),
                                   ops_f(c, shard, Y), ops_d(c, OPS_WHOLE, BACKWARD_TOTAL), ALL_ROWS, &args);
}

static void forward_and_backward(ops_case *c)
{
    const gan_backend_ops *ops = c->be->ops;
    double *const sums[SHARDS] = {ops_d(c, 0, SUMS), ops_d(c, 1, SUMS)};
    ops_case_shards(c, run_statistics_sums);
    OPS_OK(ops->tree_sum_double(c->be, ops_d(c, OPS_WHOLE, TOTAL), sums, SHARDS, 2 * C));
    OPS_OK(ops->bn_statistics(c->be, ops_f(c, OPS_WHOLE, MEAN), ops_f(c, OPS_WHOLE, INVERSE_DEVIATION), NULL,
                              NULL, ops_d(c, OPS_WHOLE, TOTAL), C, ALL_ROWS, epsilon, 0.1));
    ops_case_shards(c, run_backward_sums);
    OPS_OK(ops->tree_sum_double(c->be, ops_d(c, OPS_WHOLE, BACKWARD_TOTAL), sums, SHARDS, 2 * C));
    ops_case_shards(c, run_backward);
    ops_case_fetch(c);
}

static void check_gradients_of(gan_backend *be, gan_act act)
{
    static const float gamma[C] = {1.5f, -0.75f, 0.5f}, beta[C] = {0.25f, -0.5f, 0};
    float x[SHARDS * N], r[SHARDS * N], want_dx[SHARDS * N], want[2 * C], got[2 * C];
    bn_problem p = {.act = act};
    gan_rng_normal(x, SHARDS * N, (gan_rng){.seed = 3, .stream = GAN_STREAM_NOISE}, 0.5f, 2);
    gan_rng_normal(r, SHARDS * N, (gan_rng){.seed = 4, .stream = GAN_STREAM_NOISE}, 0, 1);
    for (int i = 0; i < SHARDS * N; i++) {
        p.x[i] = x[i];
        p.r[i] = r[i];
    }
    for (int i = 0; i < C; i++) {
        p.gamma[i] = gamma[i];
        p.beta[i] = beta[i];
    }
    for (int i = 0; i < SHARDS * N; i++)
        want_dx[i] = difference(&p, &p.x[i]);
    for (int i = 0; i < C; i++) {
        want[i] = difference(&p, &p.beta[i]);
        want[C + i] = difference(&p, &p.gamma[i]);
    }
    ops_case c;
    ops_case_open(&c, be, &(const ops_shape){.rows = ROWS, .c = C, .act = act}, SHARDS);
    add_buffers(&c, x, r, gamma, beta);
    forward_and_backward(&c);
    for (int i = 0; i < 2 * C; i++)
        got[i] = ops_host(&c, 0, PART)[i] + ops_host(&c, 1, PART)[i];
    ops_assert_near("dbeta, dgamma", want, got, 2 * C, 5e-6);
    for (int s = 0; s < SHARDS; s++)
        ops_assert_near("dx", want_dx + s * N, ops_host(&c, s, DX), N, 5e-6);
    ops_case_close(&c);
}

void check_bn_gradients(gan_backend *be)
{
    for (gan_act act = GAN_ACT_NONE; act <= GAN_ACT_SIGMOID; act++)
        check_gradients_of(be, act);
}
