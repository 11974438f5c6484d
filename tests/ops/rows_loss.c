/* rows_loss.c: the loss op, on two rows of its own (the project's losses have their own tests), and noise. */
#include "ops.h"

#include <math.h>

/* L = 2 s^2 + s for D on real, 3 s else. */
static float one_value(float *dlogit, const float *logit, gan_loss_role role)
{
    float s = logit[0];
    dlogit[0] = role == GAN_LOSS_D_REAL ? 4 * s + 1 : 3;
    return role == GAN_LOSS_D_REAL ? 2 * s * s + s : 3 * s;
}

static float one_probability(const float *logit)
{
    return 1 / (1 + expf(-logit[0]));
}

/* L = a * b for G, a - 2 b else. */
static float two_value(float *dlogit, const float *logit, gan_loss_role role)
{
    dlogit[0] = role == GAN_LOSS_G ? logit[1] : 1;
    dlogit[1] = role == GAN_LOSS_G ? logit[0] : -2;
    return role == GAN_LOSS_G ? logit[0] * logit[1] : logit[0] - 2 * logit[1];
}

static float two_probability(const float *logit)
{
    return logit[0] > logit[1] ? 1 : 0.25f;
}

static const gan_loss losses[] = {
    {"one", "a test's", 1, one_value, one_probability},
    {"two", "a test's", 2, two_value, two_probability},
};

/* rows = samples, c = logits, extra = role. */
static const ops_shape loss_shapes[] = {
    {.rows = 1, .c = 1, .extra = GAN_LOSS_G},      {.rows = 8, .c = 1, .extra = GAN_LOSS_D_REAL},
    {.rows = 8, .c = 1, .extra = GAN_LOSS_D_FAKE}, {.rows = 1, .c = 2, .extra = GAN_LOSS_D_REAL},
    {.rows = 7, .c = 2, .extra = GAN_LOSS_G},      {.rows = 128, .c = 2, .extra = GAN_LOSS_D_FAKE},
};

#define SCALE 0.5f

static void setup_loss(ops_case *c)
{
    for (int shard = 0; shard < c->shards; shard++) {
        ops_floats(c, shard, OPS_OUT, c->shape->rows * (size_t)c->shape->c);
        ops_floats(c, shard, OPS_OUT, 2);
        ops_floats(c, shard, OPS_IN, c->shape->rows * (size_t)c->shape->c);
    }
}

static gan_status run_loss(ops_case *c, int shard)
{
    return c->be->ops->loss(c->be, &losses[c->shape->c - 1], (gan_loss_role)c->shape->extra,
                            ops_f(c, shard, 0), ops_f(c, shard, 1), ops_f(c, shard, 2), (int)c->shape->rows,
                            SCALE);
}

static void check_loss_of(gan_backend *be, const ops_shape *shape, const float *logits, const float *dlogits,
                          const float *sums)
{
    const size_t n = shape->rows * (size_t)shape->c;
    ops_case c;
    ops_case_open(&c, be, shape, 1);
    ops_floats(&c, 0, OPS_OUT, n);
    ops_floats(&c, 0, OPS_OUT, 2);
    ops_given(&c, 0, OPS_IN, logits, n);
    ops_case_shards(&c, run_loss);
    ops_case_fetch(&c);
    ops_assert_near("dlogits", dlogits, ops_host(&c, 0, 0), n, 0);
    ops_assert_near("sums", sums, ops_host(&c, 0, 1), 2, 1e-6);
    ops_case_close(&c);
}

static void check_loss(gan_backend *be)
{
    static const ops_shape one = {.rows = 2, .c = 1, .extra = GAN_LOSS_D_REAL};
    static const ops_shape two = {.rows = 2, .c = 2, .extra = GAN_LOSS_G};
    const float probability_of_1 = (float)(1 / (1 + exp(-1)));
    check_loss_of(be, &one, (float[]){1, 0}, (float[]){2.5f, 0.5f}, (float[]){3, probability_of_1 + 0.5f});
    check_loss_of(be, &two, (float[]){3, 2, -1, 4}, (float[]){1, 1.5f, 2, -0.5f}, (float[]){2, 1.25f});
}

/* rows = numbers, flag = normal. */
static const ops_shape noise_shapes[] = {
    {.rows = 1},
    {.rows = 62},
    {.rows = 101, .flag = true},
    {.rows = 1, .flag = true},
    {.rows = 800, .flag = true},
};

static gan_rng place(uint32_t index)
{
    return (gan_rng){.seed = 99, .stream = GAN_STREAM_NOISE, .draw = 2, .step = 5, .index = index};
}

static void setup_noise(ops_case *c)
{
    for (int shard = 0; shard < c->shards; shard++)
        ops_floats(c, shard, OPS_OUT, c->shape->rows);
}

static gan_status run_noise(ops_case *c, int shard)
{
    return c->be->ops->noise(c->be, ops_f(c, shard, 0), c->shape->rows, c->shape->flag,
                             place((uint32_t)shard));
}

/* The numbers of rng.h: uniform in [-1, 1), normal with mean 0 and deviation 1. */
static void check_noise(gan_backend *be)
{
    enum { COUNT = 20001 };
    static float want[2][COUNT];
    gan_rng_uniform(want[0], COUNT, place(0), -1, 1);
    gan_rng_normal(want[1], COUNT, place(0), 0, 1);
    for (int normal = 0; normal < 2; normal++) {
        ops_case c;
        ops_case_open(&c, be, &(const ops_shape){.rows = COUNT, .flag = normal}, 1);
        ops_floats(&c, 0, OPS_OUT, COUNT);
        ops_case_shards(&c, run_noise);
        ops_case_fetch(&c);
        const float *got = ops_host(&c, 0, 0);
        ops_assert_near("noise", want[normal], got, COUNT, 1e-6);
        double mean = 0, square = 0;
        for (int i = 0; i < COUNT; i++) {
            assert_true(normal || (got[i] >= -1 && got[i] < 1));
            mean += got[i] / COUNT;
            square += (double)got[i] * got[i] / COUNT;
        }
        assert_true(fabs(mean) < 0.03);
        ops_assert_relative("mean square", normal ? 1 : 1.0 / 3, square, 0.04);
        ops_case_close(&c);
    }
}

static const ops_row rows[] = {
    {OPS_OP(loss), OPS_SHAPES(loss_shapes), .tolerance = 1e-6, .setup = setup_loss, .shard = run_loss,
     .check = check_loss},
    {OPS_OP(noise), OPS_SHAPES(noise_shapes), .tolerance = 1e-6, .setup = setup_noise, .shard = run_noise,
     .check = check_noise},
};

const ops_group ops_rows_loss = {rows, sizeof(rows) / sizeof(rows[0])};
