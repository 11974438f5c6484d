/* rows_adam.c: the optimiser's update. */
#include "ops.h"

/* rows = parameters. */
static const ops_shape adam_shapes[] = {{.rows = 1}, {.rows = 15}, {.rows = 4099}, {.rows = 200003}};

enum { P, M, V, GRADIENT };

static void setup_adam(ops_case *c)
{
    ops_floats(c, OPS_WHOLE, OPS_INOUT, c->shape->rows);
    ops_floats(c, OPS_WHOLE, OPS_INOUT, c->shape->rows);
    ops_positive(c, OPS_WHOLE, OPS_INOUT, c->shape->rows);
    ops_floats(c, OPS_WHOLE, OPS_IN, c->shape->rows);
}

static gan_status run(ops_case *c, int place, size_t n, const gan_adam_args *args)
{
    return c->be->ops->adam(c->be, ops_f(c, place, P), ops_f(c, place, M), ops_f(c, place, V),
                            ops_f(c, place, GRADIENT), n, args);
}

static gan_status run_adam(ops_case *c)
{
    const gan_adam_args args = {
        .step_size = 0.01f, .beta1 = 0.5f, .beta2 = 0.999f, .rest1 = 0.5f, .rest2 = 0.001f, .epsilon = 0.01f};
    for (int step = 0; step < 3; step++)
        GAN_TRY(run(c, OPS_WHOLE, c->shape->rows, &args));
    return GAN_OK;
}

typedef struct adam_answer {
    gan_adam_args args;
    float p, m, v, gradient;
    float want_p, want_m, want_v;
} adam_answer;

/* step size, beta1, beta2, 1 - beta1, 1 - beta2, epsilon */
static const adam_answer answers[] = {
    {{1, 0, 0, 1, 1, 0}, 5, 7, 9, 3, 4, 3, 9}, /* no memory: one step of the sign of the gradient */
    {{1, 0, 0, 1, 1, 0}, 5, 7, 9, -0.25f, 6, -0.25f, 0.0625f}, /* whatever its size */
    {{1, 0, 0, 1, 1, 1}, 5, 7, 9, 3, 4.25f, 3, 9},             /* 5 - 3 / (3 + 1): epsilon outside the root */
    {{1, 0, 0, 1, 1, 1}, 5, 7, 9, 0, 5, 0, 0},                 /* nothing to do */
    {{2, 0.5f, 0.75f, 0.5f, 0.25f, 0}, 1, 2, 4, 4, 1 - 6 / 2.6457513f, 3, 7}, /* 1 - 2 * 3 / sqrt(7) */
    {{0, 0.5f, 0.5f, 0.5f, 0.5f, 1}, 1, 2, 4, 4, 1, 3, 10}, /* no step, but the moments move */
    /* 5 - 2 / sqrt(0.004); with 1 - 0.999f for 0.001f it would be 2e-5 off */
    {{1, 0, 0.999f, 1, 0.001f, 0}, 5, 7, 0, 2, -26.622777f, 2, 0.004f},
};

static void check_adam(gan_backend *be)
{
    enum { COPIES = 37 }; /* vector bodies and tails alike */
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const adam_answer *a = &answers[i];
        const float start[] = {a->p, a->m, a->v, a->gradient}, end[] = {a->want_p, a->want_m, a->want_v};
        ops_case c;
        ops_case_open(&c, be, NULL, 1);
        for (int k = P; k <= GRADIENT; k++) {
            float values[COPIES];
            for (int j = 0; j < COPIES; j++)
                values[j] = start[k];
            ops_given(&c, 0, k == GRADIENT ? OPS_IN : OPS_INOUT, values, COPIES);
        }
        OPS_OK(run(&c, 0, COPIES, &a->args));
        ops_case_fetch(&c);
        for (int k = P; k <= V; k++)
            for (int j = 0; j < COPIES; j++)
                ops_assert_relative("adam", end[k], ops_host(&c, 0, k)[j], 3e-7);
        ops_case_close(&c);
    }
}

static const ops_row rows[] = {
    {OPS_OP(adam), OPS_SHAPES(adam_shapes), .tolerance = 5e-7, .setup = setup_adam, .whole = run_adam,
     .check = check_adam},
};

const ops_group ops_rows_adam = {rows, sizeof(rows) / sizeof(rows[0])};
