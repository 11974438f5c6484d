/* rows_loss.c: the loss op, on the losses of the table with one and two logits (each loss has its own tests),
 * and noise. */
#include "ops.h"

#include <math.h>

/* The first loss of the table with so many logits. */
static const gan_loss *loss_of(int logits)
{
    const gan_loss *loss;
    for (size_t i = 0; (loss = gan_loss_get(i)); i++)
        if (loss->logits == logits)
            return loss;
    fail_msg("no loss with %d logits", logits);
    return NULL;
}

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
    return c->be->ops->loss(c->be, loss_of(c->shape->c), (gan_loss_role)c->shape->extra, ops_f(c, shard, 0),
                            ops_f(c, shard, 1), ops_f(c, shard, 2), (int)c->shape->rows, SCALE);
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
    ops_assert_near("dlogits", dlogits, ops_host(&c, 0, 0), n, 1e-6);
    ops_assert_near("sums", sums, ops_host(&c, 0, 1), 2, 1e-6);
    ops_case_close(&c);
}

/* Binary cross entropy by hand: s = ln 3 is a probability of 3/4. */
static void check_loss(gan_backend *be)
{
    static const ops_shape one = {.rows = 2, .c = 1, .extra = GAN_LOSS_D_REAL};
    static const ops_shape fake = {.rows = 2, .c = 1, .extra = GAN_LOSS_D_FAKE};
    static const ops_shape two = {.rows = 2, .c = 2, .extra = GAN_LOSS_G};
    const float ln3 = (float)log(3), ln2 = (float)log(2), ln4 = (float)log(4);
    check_loss_of(be, &one, (float[]){0, ln3}, (float[]){-0.25f, -0.125f}, (float[]){ln2 + ln4 - ln3, 1.25f});
    check_loss_of(be, &fake, (float[]){0, ln3}, (float[]){0.25f, 0.375f}, (float[]){ln2 + ln4, 1.25f});
    check_loss_of(be, &two, (float[]){5, 5, 1, 1 + ln3}, (float[]){0.25f, -0.25f, 0.125f, -0.125f},
                  (float[]){ln2 + ln4 - ln3, 1.25f});
}

/* rows = vectors, c = numbers of each, flag = normal. */
static const ops_shape noise_shapes[] = {
    {.rows = 1, .c = 1},
    {.rows = 5, .c = 62},
    {.rows = 1, .c = 101, .flag = true},
    {.rows = 3, .c = 1, .flag = true},
    {.rows = 16, .c = 100, .flag = true},
};

static gan_rng place(uint32_t index)
{
    return (gan_rng){.seed = 99, .stream = GAN_STREAM_NOISE, .draw = 2, .step = 5, .index = index};
}

static void setup_noise(ops_case *c)
{
    for (int shard = 0; shard < c->shards; shard++)
        ops_floats(c, shard, OPS_OUT, c->shape->rows * (size_t)c->shape->c);
}

static gan_status run_noise(ops_case *c, int shard)
{
    return c->be->ops->noise(c->be, ops_f(c, shard, 0), c->shape->rows, (size_t)c->shape->c, c->shape->flag,
                             place((uint32_t)shard));
}

/* The numbers of rng.h: uniform in [-1, 1), normal with mean 0 and deviation 1. */
static void check_noise(gan_backend *be)
{
    enum { VECTORS = 3, DIM = 6667, COUNT = VECTORS * DIM };
    static float want[2][COUNT];
    for (int i = 0; i < VECTORS; i++) {
        gan_rng_uniform(want[0] + i * DIM, DIM, place((uint32_t)i), -1, 1);
        gan_rng_normal(want[1] + i * DIM, DIM, place((uint32_t)i), 0, 1);
    }
    for (int normal = 0; normal < 2; normal++) {
        ops_case c;
        ops_case_open(&c, be, &(const ops_shape){.rows = VECTORS, .c = DIM, .flag = normal}, 1);
        ops_floats(&c, 0, OPS_OUT, COUNT);
        ops_case_shards(&c, run_noise);
        ops_case_fetch(&c);
        const float *got = ops_host(&c, 0, 0);
        ops_assert_near("noise", want[normal], got, COUNT, normal ? 1e-6 : 0); /* uniforms are exact */
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
