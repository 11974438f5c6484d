/* How often an order runs each network: work that it makes unnecessary is not done.
 *
 * Both networks begin with a dense layer of weight 0 and bias 1 and a batch norm of momentum 1/2: the batch
 * mean is 1 in every pass, so after k passes in training mode the running mean is 1 - 2^-k. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tiny.h"

static int passes_of(const tiny *t, gan_net *net)
{
    float *mean = tiny_fetch(t, gan_net_statistics(net), 1);
    double passes = -log2(1 - (double)*mean);
    free(mean);
    assert_true(fabs(passes - rint(passes)) < 1e-6);
    return (int)rint(passes);
}

static void make_constant(gan_net *net)
{
    for (size_t i = 0; i < gan_net_arena_floats(net); i++)
        gan_net_parameters(net)[i] = 0;
    const gan_param *bias = gan_net_param(net, 1);
    assert_string_equal(bias->name + 7, "bias");
    for (size_t i = 0; i < bias->count; i++)
        gan_net_parameters(net)[bias->offset + i] = 1;
    gan_net_changed(net);
}

static void open_counting(tiny *t, const char *order, gan_bn_scope bn)
{
    gan_config config;
    tiny_config(&config, order, bn);
    snprintf(config.generator.layers, GAN_TEXT_MAX, "dense 64 bn tanh");
    snprintf(config.discriminator.layers, GAN_TEXT_MAX, "dense 5 bn lrelu | dense 1");
    config.generator.bn_momentum = config.discriminator.bn_momentum = 0.5;
    tiny_open(t, &config, "ref", 1, 0, 1, NULL, NULL);
    make_constant(t->g);
    make_constant(t->d);
}

static void a_step_runs_each_network_as_often_as_counted(void **state)
{
    (void)state;
    static const struct {
        const char *order;
        int g, d;
    } rows[] = {
        {"z D G", 1, 3},   /* G once: its weights have not changed between D's update and its own */
        {"z D z G", 2, 3}, /* fresh noise for G */
        {"z (D G)", 1, 2}, /* D(G(z)) serves both */
        {"z D G G", 2, 4}, /* G has changed before its second update */
        {"z D D G", 1, 5}, /* the same fakes for both updates of D */
        {"z G D", 2, 3},   /* G has changed before D sees it */
        {"z (D G) G", 2, 3},
    };
    static tiny t;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        int g, d, row = (int)(i / 2);
        open_counting(&t, rows[row].order, i % 2 ? GAN_BN_SHARD : GAN_BN_GLOBAL);
        gan_count_forwards(&g, &d, gan_step_order(t.step));
        assert_int_equal(g, rows[row].g);
        assert_int_equal(d, rows[row].d);
        for (int step = 0; step < 2; step++) {
            const gan_order *order = gan_step_order(t.step);
            tiny_next(&t, (uint64_t)step);
            for (int k = 0; k < order->n; k++) {
                tiny_op(&t, order->ops[k]);
                /* An update, but for its effect. */
                if (order->ops[k] == GAN_OP_G || order->ops[k] == GAN_OP_BOTH)
                    gan_step_changed(t.step, t.g);
                if (order->ops[k] == GAN_OP_D || order->ops[k] == GAN_OP_BOTH)
                    gan_step_changed(t.step, t.d);
            }
            assert_int_equal(passes_of(&t, t.g), g * (step + 1));
            assert_int_equal(passes_of(&t, t.d), d * (step + 1));
        }
        tiny_close(&t);
    }
}

/* begin(D) needs D's newest weights only, so that G's update may still be on its way. */
static void the_begin_of_d_leaves_g_alone(void **state)
{
    (void)state;
    static tiny t;
    open_counting(&t, "z D G", GAN_BN_GLOBAL);
    tiny_next(&t, 0);
    tiny_op(&t, GAN_OP_NOISE);
    assert_int_equal(gan_step_begin(t.step, GAN_OP_D), GAN_OK);
    assert_int_equal(passes_of(&t, t.g), 0);
    assert_int_equal(passes_of(&t, t.d), 1);
    assert_int_equal(gan_step_end(t.step, GAN_OP_D), GAN_OK);
    assert_int_equal(passes_of(&t, t.g), 1);
    assert_int_equal(passes_of(&t, t.d), 2);
    assert_int_equal(gan_step_begin(t.step, GAN_OP_G), GAN_OK);
    assert_int_equal(passes_of(&t, t.d), 2);
    tiny_close(&t);
}

/* Sampling is inference: it leaves no trace in the running statistics. */
static void sampling_counts_as_no_pass(void **state)
{
    (void)state;
    static tiny t;
    float z[3 * 10] = {0}, pictures[3 * 64];
    open_counting(&t, "z D G", GAN_BN_GLOBAL);
    assert_int_equal(gan_sample(t.g, pictures, z, NULL, 3), GAN_OK);
    assert_int_equal(passes_of(&t, t.g), 0);
    tiny_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_runs_each_network_as_often_as_counted),
        cmocka_unit_test(the_begin_of_d_leaves_g_alone),
        cmocka_unit_test(sampling_counts_as_no_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
