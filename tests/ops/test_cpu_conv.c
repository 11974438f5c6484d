/* test_cpu_conv.c: each way the cpu backend computes a convolution, at a size that chooses it: against ref,
 * and the same bits for one thread and two and for buffers elsewhere. Its parts are summed over shards and
 * accumulated twice, as D's are. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "backend/cpu/conv.h"
#include "gan_dist/base.h"

#define SHARDS 3

typedef bool (*suits_fn)(const gan_conv_shape *shape);

typedef struct conv_case {
    const char *name;
    suits_fn suits;
    gan_conv_shape shape;
} conv_case;

#define SHAPE(n, h, c, oh, oc, k, s, before, after)                                                          \
    {                                                                                                        \
        n, h, h, c, oh, oh, oc, k, k, s, s, before, before, after, after, true                               \
    }

static const conv_case cases[] = {
    {"dense", gan_conv_dense_suits, SHAPE(2, 4, 24, 1, 10, 4, 1, 0, 0)},
    {"dense, parts as factors", gan_conv_dense_suits, SHAPE(2, 1, 700, 1, 300, 1, 1, 0, 0)},
    {"dense, parts as factors, kernel 2", gan_conv_dense_suits, SHAPE(1, 2, 256, 1, 300, 2, 1, 0, 0)},
    {"Winograd", gan_conv_winograd_suits, SHAPE(3, 16, 32, 8, 48, 4, 2, 1, 1)},
    {"Winograd, tiles over the edge", gan_conv_winograd_suits, SHAPE(2, 14, 16, 7, 32, 4, 2, 1, 1)},
    {"Winograd, several chunks", gan_conv_winograd_suits, SHAPE(3, 64, 16, 32, 16, 4, 2, 1, 1)},
    {"columns", gan_conv_columns_suits, SHAPE(2, 6, 96, 3, 224, 5, 2, 1, 2)},
    {"columns, several chunks", gan_conv_columns_suits, SHAPE(3, 24, 64, 12, 330, 5, 2, 1, 2)},
    {"direct", NULL, SHAPE(2, 12, 16, 6, 32, 5, 2, 1, 2)},
    {"direct, few channels", NULL, SHAPE(2, 16, 3, 8, 32, 4, 2, 1, 1)},
};

/* All arrays of one computation: per shard x, dy, y, dx, part; then dw. */
typedef struct conv_run {
    gan_backend *be;
    gan_conv *conv;
    size_t x_floats, y_floats, w_floats;
    float *x[SHARDS], *dy[SHARDS], *y[SHARDS], *dx[SHARDS], *part[SHARDS];
    float *w, *dw;
} conv_run;

#define OK(call) assert_int_equal((call), GAN_OK)

static float value(size_t i, unsigned salt)
{
    return (float)((int)(((uint32_t)i * 2654435761u + salt * 40503u) >> 9 & 2047) - 1024) / 1024.0f;
}

static float *filled(size_t n, unsigned salt)
{
    float *memory = gan_alloc(n * sizeof(float));
    assert_non_null(memory);
    for (size_t i = 0; i < n; i++)
        memory[i] = value(i, salt);
    return memory;
}

static gan_status one_shard(void *context, int s)
{
    conv_run *r = context;
    const gan_backend_ops *ops = r->be->ops;
    GAN_TRY(ops->conv_forward(r->be, r->conv, r->y[s], r->x[s]));
    GAN_TRY(ops->conv_backward_data(r->be, r->conv, r->dx[s], r->dy[s]));
    GAN_TRY(ops->conv_backward_weights(r->be, r->conv, r->part[s], r->x[s], r->dy[s], false));
    return ops->conv_backward_weights(r->be, r->conv, r->part[s], r->x[s], r->y[s], true);
}

static void compute(conv_run *r, const char *backend, int threads, const gan_conv_shape *shape)
{
    memset(r, 0, sizeof *r);
    OK(gan_backend_open(&r->be, backend, &(gan_backend_options){.threads = threads}));
    OK(r->be->ops->conv_create(r->be, &r->conv, shape));
    r->x_floats = (size_t)shape->n * (size_t)shape->h * (size_t)shape->w * (size_t)shape->c;
    r->y_floats = (size_t)shape->n * (size_t)shape->out_h * (size_t)shape->out_w * (size_t)shape->out_c;
    r->w_floats = (size_t)shape->out_c * (size_t)shape->c * (size_t)shape->kernel_h * (size_t)shape->kernel_w;
    r->w = filled(r->w_floats, 7);
    r->dw = filled(r->w_floats, 8);
    for (int s = 0; s < SHARDS; s++) {
        r->x[s] = filled(r->x_floats, 10 + (unsigned)s);
        r->dy[s] = filled(r->y_floats, 20 + (unsigned)s);
        r->y[s] = filled(r->y_floats, 1);
        r->dx[s] = filled(r->x_floats, 2);
        r->part[s] = filled(r->be->ops->conv_part_floats(r->be, r->conv), 3);
    }
    OK(r->be->ops->conv_prepare(r->be, r->conv, r->w));
    OK(r->be->ops->for_shards(r->be, SHARDS, one_shard, r));
    OK(r->be->ops->conv_weight_gradient(r->be, r->conv, r->dw, r->part, SHARDS));
}

static void release(conv_run *r)
{
    for (int s = 0; s < SHARDS; s++) {
        free(r->x[s]);
        free(r->dy[s]);
        free(r->y[s]);
        free(r->dx[s]);
        free(r->part[s]);
    }
    free(r->w);
    free(r->dw);
    r->be->ops->conv_destroy(r->be, r->conv);
    gan_backend_close(r->be);
}

/* Float sums of up to 10^4 products of values in [-1, 1]: 10^-5 of the largest result. */
static void assert_close(const char *name, const char *what, const float *got, const float *right, size_t n)
{
    double scale = 0;
    for (size_t i = 0; i < n; i++)
        scale = fmax(scale, fabs((double)right[i]));
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - (double)right[i]) <= 1e-5 * scale)) /* a NaN fails too */
            fail_msg("%s: %s[%zu] is %g, not %g", name, what, i, (double)got[i], (double)right[i]);
}

static void test_kinds_suit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (cases[i].suits)
            assert_true(cases[i].suits(&cases[i].shape));
        else
            assert_false(gan_conv_dense_suits(&cases[i].shape) || gan_conv_winograd_suits(&cases[i].shape) ||
                         gan_conv_columns_suits(&cases[i].shape));
}

static void test_against_ref(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        conv_run ref, cpu;
        compute(&ref, "ref", 1, &cases[i].shape);
        compute(&cpu, "cpu", 1, &cases[i].shape);
        for (int s = 0; s < SHARDS; s++) {
            assert_close(cases[i].name, "y", cpu.y[s], ref.y[s], ref.y_floats);
            assert_close(cases[i].name, "dx", cpu.dx[s], ref.dx[s], ref.x_floats);
        }
        assert_close(cases[i].name, "dw", cpu.dw, ref.dw, ref.w_floats);
        release(&ref);
        release(&cpu);
    }
}

static void test_same_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        conv_run one, two; /* both alive: other addresses */
        compute(&one, "cpu", 1, &cases[i].shape);
        compute(&two, "cpu", 2, &cases[i].shape);
        for (int s = 0; s < SHARDS; s++) {
            assert_memory_equal(one.y[s], two.y[s], one.y_floats * sizeof(float));
            assert_memory_equal(one.dx[s], two.dx[s], one.x_floats * sizeof(float));
        }
        assert_memory_equal(one.dw, two.dw, one.w_floats * sizeof(float));
        release(&one);
        release(&two);
    }
}

/* A part that holds factors has room for four; the fifth must be refused, not dropped. */
static void test_factors_full(void **state)
{
    (void)state;
    conv_run r;
    compute(&r, "cpu", 1, &cases[1].shape);
    const gan_backend_ops *ops = r.be->ops;
    assert_true(ops->conv_part_floats(r.be, r.conv) < r.w_floats);
    for (int k = 0; k < 4; k++)
        OK(ops->conv_backward_weights(r.be, r.conv, r.part[0], r.x[0], r.dy[0], k > 0));
    assert_int_equal(ops->conv_backward_weights(r.be, r.conv, r.part[0], r.x[0], r.dy[0], true), GAN_FAILED);
    release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kinds_suit), cmocka_unit_test(test_against_ref),
                                       cmocka_unit_test(test_same_bits), cmocka_unit_test(test_factors_full)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
