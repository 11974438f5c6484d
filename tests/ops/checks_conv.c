/* checks_conv.c: what a convolution must give, from its definition and not from another implementation. */
#include "checks_conv.h"

#include "shapes_conv.h"

#include <stdlib.h>
#include <string.h>

#define N_SHAPES (sizeof(conv_shapes) / sizeof(conv_shapes[0]))

void check_conv_create(gan_backend *be)
{
    static const ops_shape wrong[] = {
        CONV(1, 28, 28, 1, 15, 14, 8, 4, 2, 1, 1), /* 14 rows, not 15 */
        CONV(1, 4, 4, 1, 1, 1, 8, 7, 1, 1, 1),     /* kernel larger than the padded picture */
        CONV(1, 8, 8, 0, 4, 4, 8, 4, 2, 1, 1),     /* no channels */
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        gan_conv *conv = NULL;
        assert_int_not_equal(be->ops->conv_create(be, &conv, &wrong[i].conv), GAN_OK);
        assert_null(conv);
        assert_true(gan_error_message()[0] != '\0');
    }
    for (size_t i = 0; i < N_SHAPES; i++) { /* a first layer: nobody asks for its input gradient */
        gan_conv_shape shape = conv_shapes[i].conv;
        gan_conv *conv = NULL;
        shape.need_backward_data = false;
        OPS_OK(be->ops->conv_create(be, &conv, &shape));
        assert_non_null(conv);
        be->ops->conv_destroy(be, conv);
    }
}

void check_conv_destroy(gan_backend *be)
{
    be->ops->conv_destroy(be, NULL);
}

void check_conv_part_floats(gan_backend *be)
{
    for (size_t i = 0; i < N_SHAPES; i++) {
        gan_conv *conv = NULL;
        OPS_OK(be->ops->conv_create(be, &conv, &conv_shapes[i].conv));
        assert_true(be->ops->conv_part_floats(be, conv) > 0);
        be->ops->conv_destroy(be, conv);
    }
}

/* A conv of `shape` with a case for its arrays: buffer 0 of the whole holds the weights. */
static void open_conv(ops_case *c, gan_backend *be, const ops_shape *shape, int shards, const float *weights)
{
    ops_case_open(c, be, shape, shards);
    OPS_OK(be->ops->conv_create(be, &c->conv, &shape->conv));
    if (weights)
        ops_given(c, OPS_WHOLE, OPS_IN, weights, conv_weight_count(&shape->conv));
    else
        ops_floats(c, OPS_WHOLE, OPS_IN, conv_weight_count(&shape->conv));
    OPS_OK(be->ops->conv_prepare(be, c->conv, ops_f(c, OPS_WHOLE, 0)));
}

static gan_status forward_shard(ops_case *c, int shard)
{
    return c->be->ops->conv_forward(c->be, c->conv, ops_f(c, shard, 1), ops_f(c, shard, 0));
}

static gan_status backward_data_shard(ops_case *c, int shard)
{
    return c->be->ops->conv_backward_data(c->be, c->conv, ops_f(c, shard, 2), ops_f(c, shard, 1));
}

/* As two networks take turns: with the stamp at which it was prepared, a plan is as it was. */
static void check_turns(gan_backend *be)
{
    static const ops_shape shape = CONV(1, 16, 16, 64, 8, 8, 16, 4, 2, 1, 1);
    const size_t in = (size_t)16 * 16 * 64, out = (size_t)8 * 8 * 16;
    ops_case c[2];
    uint64_t stamp[2];
    float *before = malloc(out * sizeof *before),
          *zeros = calloc(conv_weight_count(&shape.conv), sizeof *zeros);
    assert_true(before && zeros);
    for (int group = 0; group < 2; group++) {
        stamp[group] = gan_backend_enter(be, group);
        open_conv(&c[group], be, &shape, 1, group == 0 ? NULL : zeros);
        ops_floats(&c[group], 0, OPS_IN, in);
        ops_floats(&c[group], 0, OPS_OUT, out);
        ops_case_shards(&c[group], forward_shard);
        ops_case_fetch(&c[group]);
        if (group == 0)
            memcpy(before, ops_host(&c[0], 0, 1), out * sizeof *before);
    }
    const uint64_t again = gan_backend_enter(be, 0);
    assert_int_equal(gan_backend_enter(be, 0), again);
    assert_int_equal(again == stamp[0], !be->ops->shares_copies);
    if (be->ops->shares_copies)
        OPS_OK(be->ops->conv_prepare(be, c[0].conv, ops_f(&c[0], OPS_WHOLE, 0)));
    ops_case_shards(&c[0], forward_shard);
    ops_case_fetch(&c[0]);
    assert_memory_equal(ops_host(&c[0], 0, 1), before, out * sizeof *before);
    for (int group = 0; group < 2; group++)
        ops_case_close(&c[group]);
    free(before);
    free(zeros);
}

/* After prepare the new weights count, in both directions; preparing again is the same as a new plan. */
void check_conv_prepare(gan_backend *be)
{
    for (size_t i = 0; i < N_SHAPES; i++) {
        const gan_conv_shape *s = &conv_shapes[i].conv;
        ops_case c, fresh;
        open_conv(&c, be, &conv_shapes[i], 1, NULL);
        ops_floats(&c, OPS_WHOLE, OPS_IN, conv_weight_count(s));
        ops_case_fetch(&c);
        open_conv(&fresh, be, &conv_shapes[i], 1, ops_host(&c, OPS_WHOLE, 1));
        ops_case *both[] = {&c, &fresh};
        for (int k = 0; k < 2; k++) {
            ops_floats(both[k], 0, OPS_IN, conv_big_count(s));
            ops_floats(both[k], 0, OPS_INOUT, conv_small_count(s));
            ops_floats(both[k], 0, OPS_OUT, conv_big_count(s));
            if (k == 0)
                OPS_OK(be->ops->conv_prepare(be, c.conv, ops_f(&c, OPS_WHOLE, 1)));
            ops_case_shards(both[k], forward_shard);
            ops_case_shards(both[k], backward_data_shard);
            ops_case_fetch(both[k]);
        }
        assert_memory_equal(ops_host(&c, 0, 1), ops_host(&fresh, 0, 1), conv_small_count(s) * sizeof(float));
        assert_memory_equal(ops_host(&c, 0, 2), ops_host(&fresh, 0, 2), conv_big_count(s) * sizeof(float));
        ops_case_close(&c);
        ops_case_close(&fresh);
    }
    check_turns(be);
}

/* TensorFlow's SAME for 5x5, stride 2 on 28: one row of zeros before and two after. On a picture of ones a
 * kernel of ones counts the taps inside: 4 of 5 at the start, 3 of 5 at the end (the other way round with
 * pads 2 and 1). */
static void check_same_counts(gan_backend *be)
{
    static const ops_shape shape = CONV(1, 28, 28, 1, 14, 14, 1, 5, 2, 1, 2);
    float ones[28 * 28], want[14 * 14];
    for (int i = 0; i < 28 * 28; i++)
        ones[i] = 1;
    for (int oh = 0; oh < 14; oh++)
        for (int ow = 0; ow < 14; ow++) {
            int rows = oh == 0 ? 4 : oh == 13 ? 3 : 5, columns = ow == 0 ? 4 : ow == 13 ? 3 : 5;
            want[oh * 14 + ow] = (float)(rows * columns);
        }
    ops_case c;
    open_conv(&c, be, &shape, 1, ones);
    ops_given(&c, 0, OPS_IN, ones, 28 * 28);
    ops_floats(&c, 0, OPS_OUT, 14 * 14);
    ops_case_shards(&c, forward_shard);
    ops_case_fetch(&c);
    ops_assert_near("SAME counts", want, ops_host(&c, 0, 1), 14 * 14, 1e-6);
    ops_case_close(&c);
}

/* Which value meets which weight: y[oh][ow] = w[kh][kw] * x[2 oh + kh - 1][2 ow + kw - 1] for a kernel with
 * one tap. */
static void check_same_taps(gan_backend *be)
{
    static const ops_shape shape = CONV(1, 28, 28, 1, 14, 14, 1, 5, 2, 1, 2);
    float x[28 * 28], w[25], want[14 * 14];
    for (int i = 0; i < 28 * 28; i++)
        x[i] = (float)(i + 1);
    for (int tap = 0; tap < 25; tap++) {
        for (int i = 0; i < 25; i++)
            w[i] = i == tap ? 2 : 0;
        for (int i = 0; i < 14 * 14; i++) {
            int row = 2 * (i / 14) + tap / 5 - 1, column = 2 * (i % 14) + tap % 5 - 1;
            bool inside = row >= 0 && row < 28 && column >= 0 && column < 28;
            want[i] = inside ? 2 * x[row * 28 + column] : 0;
        }
        ops_case c;
        open_conv(&c, be, &shape, 1, w);
        ops_given(&c, 0, OPS_IN, x, 28 * 28);
        ops_floats(&c, 0, OPS_OUT, 14 * 14);
        ops_case_shards(&c, forward_shard);
        ops_case_fetch(&c);
        ops_assert_near("SAME taps", want, ops_host(&c, 0, 1), 14 * 14, 1e-6);
        ops_case_close(&c);
    }
}

/* A dense layer by hand: weight [out][in]. */
static void check_dense(gan_backend *be)
{
    static const ops_shape shape = DENSE(2, 3, 2);
    ops_case c;
    open_conv(&c, be, &shape, 1, (float[]){1, 2, 3, 4, 5, 6});
    ops_given(&c, 0, OPS_IN, (float[]){1, 10, 100, -1, 0, 1}, 6);
    ops_floats(&c, 0, OPS_OUT, 4);
    ops_case_shards(&c, forward_shard);
    ops_case_fetch(&c);
    ops_assert_near("dense", (float[]){321, 654, 2, 2}, ops_host(&c, 0, 1), 4, 1e-6);
    ops_case_close(&c);
}

void check_conv_forward(gan_backend *be)
{
    check_same_counts(be);
    check_same_taps(be);
    check_dense(be);
}

typedef struct dot {
    double value, scale; /* scale = sum |a b|: what rounding is relative to */
} dot;

static dot dot_of(const float *a, const float *b, size_t n)
{
    dot d = {0, 0};
    for (size_t i = 0; i < n; i++) {
        double product = (double)a[i] * b[i];
        d.value += product;
        d.scale += product < 0 ? -product : product;
    }
    return d;
}

static void assert_same_dot(const ops_shape *shape, dot a, dot b)
{
    double error = a.value - b.value, allowed = 1e-6 * (a.scale + b.scale);
    char text[256];
    ops_describe(text, sizeof text, shape);
    if (!(error <= allowed && -error <= allowed))
        fail_msg("adjoint: %.9g against %.9g, allowed difference %.3g (%s)", a.value, b.value, allowed, text);
}

void check_conv_backward_data(gan_backend *be)
{
    for (size_t i = 0; i < N_SHAPES; i++) {
        const gan_conv_shape *s = &conv_shapes[i].conv;
        ops_case forward, backward;
        open_conv(&forward, be, &conv_shapes[i], 1, NULL);
        open_conv(&backward, be, &conv_shapes[i], 1, NULL);
        ops_floats(&forward, 0, OPS_IN, conv_big_count(s));
        ops_floats(&forward, 0, OPS_OUT, conv_small_count(s));
        ops_floats(&backward, 0, OPS_SCRATCH, 1);
        ops_floats(&backward, 0, OPS_IN, conv_small_count(s));
        ops_floats(&backward, 0, OPS_OUT, conv_big_count(s));
        ops_case_shards(&forward, forward_shard);
        ops_case_shards(&backward, backward_data_shard);
        ops_case_fetch(&forward);
        ops_case_fetch(&backward);
        assert_same_dot(&conv_shapes[i],
                        dot_of(ops_host(&forward, 0, 1), ops_host(&backward, 0, 1), conv_small_count(s)),
                        dot_of(ops_host(&forward, 0, 0), ops_host(&backward, 0, 2), conv_big_count(s)));
        ops_case_close(&forward);
        ops_case_close(&backward);
    }
}

enum { X, Y, DY, PART, DW }; /* shard buffers of the weight checks */

static gan_status weights_shard(ops_case *c, int shard)
{
    return c->be->ops->conv_backward_weights(c->be, c->conv, ops_f(c, shard, PART), ops_f(c, shard, X),
                                             ops_f(c, shard, DY), false);
}

static void add_weight_buffers(ops_case *c, int shard)
{
    const gan_conv_shape *s = &c->shape->conv;
    ops_floats(c, shard, OPS_IN, conv_big_count(s));
    ops_floats(c, shard, OPS_OUT, conv_small_count(s));
    ops_floats(c, shard, OPS_IN, conv_small_count(s));
    ops_floats(c, shard, OPS_SCRATCH, c->be->ops->conv_part_floats(c->be, c->conv));
    ops_floats(c, shard, OPS_OUT, conv_weight_count(s));
}

void check_conv_backward_weights(gan_backend *be)
{
    for (size_t i = 0; i < N_SHAPES; i++) {
        const gan_conv_shape *s = &conv_shapes[i].conv;
        ops_case c;
        open_conv(&c, be, &conv_shapes[i], 1, NULL);
        add_weight_buffers(&c, 0);
        ops_case_shards(&c, forward_shard);
        ops_case_shards(&c, weights_shard);
        OPS_OK(
            be->ops->conv_weight_gradient(be, c.conv, ops_f(&c, 0, DW), (float *[]){ops_f(&c, 0, PART)}, 1));
        ops_case_fetch(&c);
        assert_same_dot(&conv_shapes[i], dot_of(ops_host(&c, 0, Y), ops_host(&c, 0, DY), conv_small_count(s)),
                        dot_of(ops_host(&c, OPS_WHOLE, 0), ops_host(&c, 0, DW), conv_weight_count(s)));
        ops_case_close(&c);
    }
}

/* Puts back what ops_case_fetch found. */
static void restore(ops_case *c, const ops_buffer *b)
{
    OPS_OK(c->be->ops->upload(c->be, b->at, b->host, b->n * sizeof(float)));
}

/* The sum of five parts has the bits of ((0+1)+(2+3))+4, taken over the five gradients brought into OIHW one
 * by one. */
void check_conv_weight_gradient(gan_backend *be)
{
    enum { PARTS = 5 };
    for (size_t i = 0; i < N_SHAPES; i++) {
        const size_t n = conv_weight_count(&conv_shapes[i].conv);
        ops_case c;
        float *parts[PARTS];
        open_conv(&c, be, &conv_shapes[i], PARTS, NULL);
        ops_floats(&c, OPS_WHOLE, OPS_OUT, n);
        for (int shard = 0; shard < PARTS; shard++) {
            add_weight_buffers(&c, shard);
            parts[shard] = ops_f(&c, shard, PART);
        }
        ops_case_shards(&c, weights_shard);
        ops_case_fetch(&c);
        for (int shard = 0; shard < PARTS; shard++)
            OPS_OK(be->ops->conv_weight_gradient(be, c.conv, ops_f(&c, shard, DW), &parts[shard], 1));
        for (int shard = 0; shard < PARTS; shard++) /* the single sums may have overwritten the parts */
            restore(&c, &c.buffer[shard][PART]);
        OPS_OK(be->ops->conv_weight_gradient(be, c.conv, ops_f(&c, OPS_WHOLE, 1), parts, PARTS));
        ops_case_fetch(&c);
        const float *got = ops_host(&c, OPS_WHOLE, 1);
        for (size_t k = 0; k < n; k++) {
            float low = ops_host(&c, 0, DW)[k] + ops_host(&c, 1, DW)[k];
            float high = ops_host(&c, 2, DW)[k] + ops_host(&c, 3, DW)[k];
            if (got[k] != (low + high) + ops_host(&c, 4, DW)[k])
                fail_msg("weight gradient %zu is not the sum in the fixed tree", k);
        }
        ops_case_close(&c);
    }
}
