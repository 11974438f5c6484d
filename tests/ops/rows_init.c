/* rows_init.c: initial weights. */
#include "ops.h"

/* rows = numbers, extra = what they are drawn from. */
static const ops_shape init_shapes[] = {
    {.rows = 5, .extra = GAN_INIT_CONSTANT}, {.rows = 4099, .extra = GAN_INIT_NORMAL},
    {.rows = 1, .extra = GAN_INIT_NORMAL},   {.rows = 4098, .extra = GAN_INIT_UNIFORM},
    {.rows = 3, .extra = GAN_INIT_UNIFORM},  {.rows = 5000, .extra = GAN_INIT_TRUNCATED},
};

static const gan_rng place = {.seed = 7, .stream = GAN_STREAM_INIT, .draw = 1027};

static gan_init init_of(const ops_case *c)
{
    return (gan_init){(gan_init_kind)c->shape->extra, 0.25f, 0.75f};
}

static void setup_init(ops_case *c)
{
    ops_floats(c, OPS_WHOLE, OPS_OUT, c->shape->rows);
}

static gan_status run_init(ops_case *c)
{
    return c->be->ops->init(c->be, ops_f(c, OPS_WHOLE, 0), c->shape->rows, init_of(c), place);
}

/* The numbers of rng.h; what is not made from normals has their bits. */
static void check_init(gan_backend *be)
{
    static float want[5000];
    for (size_t i = 0; i < sizeof(init_shapes) / sizeof(init_shapes[0]); i++) {
        const ops_shape *shape = &init_shapes[i];
        ops_case c;
        ops_case_open(&c, be, shape, 1);
        setup_init(&c);
        OPS_OK(run_init(&c));
        ops_case_fetch(&c);
        if (shape->extra == GAN_INIT_NORMAL)
            gan_rng_normal(want, shape->rows, place, 0.25f, 0.75f);
        else if (shape->extra == GAN_INIT_TRUNCATED)
            gan_rng_truncated(want, shape->rows, place, 0.25f, 0.75f);
        else
            gan_rng_uniform(want, shape->rows, place, -0.75f, 0.75f);
        for (size_t k = 0; k < shape->rows && shape->extra == GAN_INIT_CONSTANT; k++)
            want[k] = 0.25f;
        bool exact = shape->extra == GAN_INIT_CONSTANT || shape->extra == GAN_INIT_UNIFORM;
        ops_assert_near("init", want, ops_host(&c, OPS_WHOLE, 0), shape->rows, exact ? 0 : 1e-6);
        ops_case_close(&c);
    }
}

static const ops_row rows[] = {
    {OPS_OP(init), OPS_SHAPES(init_shapes), .tolerance = 1e-6, .setup = setup_init, .whole = run_init,
     .check = check_init},
};

const ops_group ops_rows_init = {rows, sizeof(rows) / sizeof(rows[0])};
