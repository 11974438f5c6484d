/* rows_conv.c: convolution, forward and in both backward directions. */
#include "ops.h"

#include "checks_conv.h"
#include "shapes_conv.h"

enum { X, DY, OUT = DY, PART, PART_OIHW }; /* buffers of a shard */
enum { WEIGHTS, DW };                      /* buffers of the whole */

static void plan(ops_case *c)
{
    OPS_OK(c->be->ops->conv_create(c->be, &c->conv, &c->shape->conv));
    ops_floats(c, OPS_WHOLE, OPS_IN, conv_weight_count(&c->shape->conv));
    OPS_OK(c->be->ops->conv_prepare(c->be, c->conv, ops_f(c, OPS_WHOLE, WEIGHTS)));
}

static void setup_forward(ops_case *c)
{
    plan(c);
    for (int shard = 0; shard < c->shards; shard++) {
        ops_floats(c, shard, OPS_IN, conv_big_count(&c->shape->conv));
        ops_floats(c, shard, OPS_OUT, conv_small_count(&c->shape->conv));
    }
}

static gan_status run_forward(ops_case *c, int shard)
{
    return c->be->ops->conv_forward(c->be, c->conv, ops_f(c, shard, OUT), ops_f(c, shard, X));
}

static void setup_backward_data(ops_case *c)
{
    plan(c);
    for (int shard = 0; shard < c->shards; shard++) {
        ops_floats(c, shard, OPS_IN, conv_small_count(&c->shape->conv));
        ops_floats(c, shard, OPS_OUT, conv_big_count(&c->shape->conv));
    }
}

static gan_status run_backward_data(ops_case *c, int shard)
{
    return c->be->ops->conv_backward_data(c->be, c->conv, ops_f(c, shard, OUT), ops_f(c, shard, X));
}

static void setup_weights(ops_case *c, ops_kind whole)
{
    plan(c);
    size_t weights = conv_weight_count(&c->shape->conv);
    for (int shard = 0; shard < c->shards; shard++) {
        ops_floats(c, shard, OPS_IN, conv_big_count(&c->shape->conv));
        ops_floats(c, shard, OPS_IN, conv_small_count(&c->shape->conv));
        ops_floats(c, shard, OPS_SCRATCH, c->be->ops->conv_part_floats(c->be, c->conv));
        if (whole == OPS_SCRATCH)
            ops_floats(c, shard, OPS_OUT, weights);
    }
    if (whole == OPS_OUT)
        ops_floats(c, OPS_WHOLE, OPS_OUT, weights);
}

/* A part has the backend's own layout: it is compared shard by shard, after weight_gradient has brought it
 * into OIHW. */
static void setup_backward_weights(ops_case *c)
{
    setup_weights(c, OPS_SCRATCH);
}

static gan_status run_backward_weights(ops_case *c, int shard)
{
    float *part = ops_f(c, shard, PART);
    const float *x = ops_f(c, shard, X), *dy = ops_f(c, shard, DY);
    GAN_TRY(c->be->ops->conv_backward_weights(c->be, c->conv, part, x, dy, false));
    return c->be->ops->conv_backward_weights(c->be, c->conv, part, x, dy, true);
}

static gan_status fetch_parts(ops_case *c)
{
    for (int shard = 0; shard < c->shards; shard++) {
        float *part = ops_f(c, shard, PART);
        GAN_TRY(c->be->ops->conv_weight_gradient(c->be, c->conv, ops_f(c, shard, PART_OIHW), &part, 1));
    }
    return GAN_OK;
}

static void setup_weight_gradient(ops_case *c)
{
    setup_weights(c, OPS_OUT);
}

static gan_status run_one_pass(ops_case *c, int shard)
{
    return c->be->ops->conv_backward_weights(c->be, c->conv, ops_f(c, shard, PART), ops_f(c, shard, X),
                                             ops_f(c, shard, DY), false);
}

static gan_status run_weight_gradient(ops_case *c)
{
    float *parts[OPS_SHARDS];
    for (int shard = 0; shard < c->shards; shard++)
        parts[shard] = ops_f(c, shard, PART);
    return c->be->ops->conv_weight_gradient(c->be, c->conv, ops_f(c, OPS_WHOLE, DW), parts, c->shards);
}

static const ops_row rows[] = {
    {OPS_OP(conv_create), .check = check_conv_create},
    {OPS_OP(conv_destroy), .check = check_conv_destroy},
    {OPS_OP(conv_prepare), .check = check_conv_prepare},
    {OPS_OP(conv_forward), OPS_SHAPES(conv_shapes), .tolerance = 5e-6, .tf32 = 2e-3, .bf16 = 2e-2,
     .setup = setup_forward, .shard = run_forward, .check = check_conv_forward},
    {OPS_OP(conv_backward_data), OPS_SHAPES(conv_shapes), .tolerance = 5e-6, .tf32 = 2e-3, .bf16 = 2e-2,
     .setup = setup_backward_data, .shard = run_backward_data, .check = check_conv_backward_data},
    {OPS_OP(conv_backward_weights), OPS_SHAPES(conv_shapes), .tolerance = 5e-6, .tf32 = 2e-3, .bf16 = 2e-2,
     .setup = setup_backward_weights, .shard = run_backward_weights, .whole = fetch_parts,
     .check = check_conv_backward_weights},
    {OPS_OP(conv_part_floats), .check = check_conv_part_floats},
    {OPS_OP(conv_weight_gradient), OPS_SHAPES(conv_shapes), .tolerance = 5e-6, .tf32 = 2e-3, .bf16 = 2e-2,
     .setup = setup_weight_gradient, .shard = run_one_pass, .whole = run_weight_gradient,
     .check = check_conv_weight_gradient},
};

const ops_group ops_rows_conv = {rows, sizeof(rows) / sizeof(rows[0])};
