/* Every layer of the table against finite differences on the reference backend: the gradient of a random
 * linear functional of the output by the input and by every parameter, in training mode. A layer of the table
 * without a row here fails. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nets.h"

#define STEP        (1.0f / 256) /* of the finite differences */
#define TOLERANCE   2e-3         /* of the largest derivative, at least of 1 */
#define SEEDS       20           /* tries for data on which a step does not cross the kink of a relu */
#define NUMBERS_MAX 2048         /* inputs and parameters of a network */

typedef struct row {
    const char *word;
    gan_shape in;
    const char *layers;
} row;

static const row rows[] = {
    {"dense", {1, 1, 4}, "dense 5"},
    {"dense", {1, 1, 3}, "dense 2x2x2"},
    {"dense", {2, 3, 2}, "dense 3"},
    {"conv", {5, 4, 2}, "conv 3 2"},
    {"conv", {6, 6, 1}, "conv 5 s2 2"},
    {"conv", {5, 5, 1}, "conv 5 s2 2"},
    {"conv", {4, 4, 2}, "conv 4 s2 p1 2"},
    {"conv", {6, 6, 1}, "conv 3 s2 p0 2"}, /* its last row and column reach no output */
    {"conv", {4, 4, 1}, "conv 4 s1 p0 2"},
    {"conv", {5, 5, 1}, "conv 2 s3 2"}, /* skips pixels */
    {"deconv", {2, 3, 2}, "deconv 5 s2 2"},
    {"deconv", {1, 1, 3}, "deconv 4 s1 p0 2"},
    {"deconv", {2, 2, 2}, "deconv 4 s2 p1 2"},
    {"deconv", {2, 2, 2}, "deconv 5 s3 p1 1"},
    {"deconv", {2, 2, 2}, "deconv 2 s3 2"}, /* leaves pixels that only the bias reaches */
    {"deconv", {3, 2, 1}, "deconv 3 2"},
    {"reshape", {1, 1, 12}, "reshape 2x3x2 | conv 3 2"},
    {"reshape", {1, 1, 4}, "dense 8 bn tanh | reshape 2x2x2"},
    {"flatten", {2, 2, 3}, "flatten dense 3"},
    {"flatten", {2, 3, 1}, "conv 3 2 flatten"},
    {"bn", {1, 1, 3}, "bn dense 2"},
    {"bn", {1, 1, 3}, "dense 4 bn"},
    {"bn", {3, 2, 1}, "conv 3 3 bn"},
    {"bn", {1, 1, 3}, "dense 2x2x2 bn"},
    {"bn", {2, 2, 2}, "conv 3 3 bn relu"},
    {"bn", {1, 1, 3}, "dense 4 bn lrelu dense 2"},
    {"bn", {2, 2, 1}, "deconv 4 s2 p1 2 bn tanh"},
    {"bn", {1, 1, 3}, "dense 4 bn sigmoid"},
    {"bn", {2, 2, 2}, "conv 3 3 bn | relu | conv 1 2"},
    {"relu", {1, 1, 4}, "dense 5 relu"},
    {"relu", {3, 3, 2}, "conv 3 2 relu conv 3 2 relu"},
    {"lrelu", {1, 1, 4}, "dense 5 lrelu"},
    {"lrelu", {3, 3, 2}, "conv 3 2 lrelu dense 3 lrelu"},
    {"tanh", {1, 1, 4}, "dense 5 tanh"},
    {"tanh", {2, 2, 1}, "deconv 4 s2 p1 2 tanh"},
    {"sigmoid", {1, 1, 4}, "dense 5 sigmoid dense 2"},
    {"label", {1, 1, 3}, "label dense 3"},
    {"label", {3, 2, 1}, "label conv 3 2 lrelu label"},
    {"label",
     {1, 1, 2},
     "label dense 2x2x2 bn relu | label deconv 5 s2 2 bn relu | label deconv 4 s2 1 tanh"},
    {"label",
     {6, 6, 1},
     "label conv 5 s2 2 lrelu | label conv 4 s2 2 bn lrelu | flatten | label dense 3 bn "
     "lrelu | label dense 1"},
};

/* The functional's coefficients: where the backward pass starts. */
static void coefficients(float *out, const small_net *s, int pass, int shard)
{
    gan_rng at = {.seed = 77, .stream = GAN_STREAM_SAMPLE, .draw = (uint32_t)pass, .index = (uint32_t)shard};
    gan_rng_uniform(out, s->out_floats, at, -1, 1);
}

/* On which side of its kink every relu and lrelu of a pass stands. */
static uint64_t sides(const small_net *s, int pass, uint64_t hash)
{
    const gan_net *net = s->net;
    for (int i = 0; i < net->n_layers; i++) {
        const gan_layer *layer = &net->layers[i];
        if (layer->act != GAN_ACT_RELU && layer->act != GAN_ACT_LRELU)
            continue;
        size_t n = NET_PICTURES * gan_shape_count(layer->out);
        for (int shard = 0; shard < s->n_local; shard++)
            for (size_t k = 0; k < n; k++) {
                uint64_t positive = gan_pass_y(gan_net_pass(s->net, pass), layer, shard)[k] > 0;
                hash = gan_hash(&positive, sizeof positive, hash);
            }
    }
    return hash;
}

static double functional(small_net *s, uint64_t *side)
{
    double sum = 0;
    float *c = malloc(s->out_floats * sizeof *c);
    assert_non_null(c);
    *side = 0;
    for (int p = 0; p < s->passes; p++) {
        assert_int_equal(gan_net_forward(s->net, gan_net_pass(s->net, p), true), GAN_OK);
        *side = sides(s, p, *side);
        for (int shard = 0; shard < s->n_local; shard++) {
            const float *y = gan_pass_output(gan_net_pass(s->net, p), shard);
            coefficients(c, s, p, shard);
            for (size_t i = 0; i < s->out_floats; i++)
                sum += (double)c[i] * y[i];
        }
    }
    free(c);
    return sum;
}

static void backward(small_net *s, unsigned want)
{
    gan_pass *passes[NET_PASSES_MAX];
    for (int p = 0; p < s->passes; p++) {
        passes[p] = gan_net_pass(s->net, p);
        for (int shard = 0; shard < s->n_local; shard++)
            coefficients(gan_pass_output_gradient(passes[p], shard), s, p, shard);
    }
    assert_int_equal(gan_net_backward(s->net, passes, s->passes, want), GAN_OK);
}

/* Compares `gradient` with differences by `values`, but for what was checked before and where a step crosses
 * a kink. */
static void check_block(small_net *s, const char *where, float *values, const float *gradient, bool *checked,
                        size_t n)
{
    double largest = 1;
    uint64_t here, side;
    functional(s, &here);
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(gradient[i]));
    for (size_t i = 0; i < n; i++) {
        if (checked[i])
            continue;
        float value = values[i], up = value + STEP, down = value - STEP;
        values[i] = up;
        gan_net_changed(s->net);
        double above = functional(s, &side);
        checked[i] = side == here;
        values[i] = down;
        gan_net_changed(s->net);
        double below = functional(s, &side);
        checked[i] = checked[i] && side == here;
        values[i] = value;
        double expected = (above - below) / ((double)up - down);
        if (checked[i] && !(fabs(expected - gradient[i]) <= TOLERANCE * largest))
            fail_msg("%s, %s[%zu]: gradient %g, finite difference %g", s->config.layers, where, i,
                     (double)gradient[i], expected);
    }
    gan_net_changed(s->net);
}

/* Half a backward pass gives the same bits as the whole: nothing but its part may change. */
static void check_parts_of_backward(small_net *s, const float *gradients, float *const *dx)
{
    size_t n = gan_net_arena_floats(s->net) + GAN_NET_EXTRAS;
    memset(gan_net_gradients(s->net), 0xa5, n * sizeof(float));
    float *marked = malloc(n * sizeof *marked);
    assert_non_null(marked);
    memcpy(marked, gan_net_gradients(s->net), n * sizeof *marked);
    backward(s, GAN_WANT_INPUT);
    assert_memory_equal(gan_net_gradients(s->net), marked, n * sizeof *marked);
    for (int k = 0; k < s->passes * s->n_local; k++)
        assert_memory_equal(gan_pass_input_gradient(gan_net_pass(s->net, k / s->n_local), k % s->n_local),
                            dx[k], s->in_floats * sizeof(float));
    backward(s, GAN_WANT_PARAMETERS);
    for (size_t i = 0; i < gan_net_param_count(s->net); i++) {
        const gan_param *param = gan_net_param(s->net, i);
        if (param->trainable)
            assert_memory_equal(gan_net_gradients(s->net) + param->offset, gradients + param->offset,
                                param->count * sizeof(float));
    }
    free(marked);
}

static float *copy_of(const float *from, size_t n)
{
    float *copy = malloc(n * sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, from, n * sizeof *copy);
    return copy;
}

/* Marks in `checked` the inputs and trainable parameters it compared; returns how many there are. */
static size_t check_net(small_net *s, bool *checked)
{
    float *dx[NET_PASSES_MAX * NET_SHARDS_MAX];
    int blocks = s->passes * s->n_local;
    double weight = 0;
    size_t n = 0;
    uint64_t side;
    functional(s, &side);
    backward(s, GAN_WANT_PARAMETERS | GAN_WANT_INPUT);
    float *gradients = copy_of(gan_net_gradients(s->net), gan_net_arena_floats(s->net));
    for (int k = 0; k < blocks; k++) {
        gan_pass *pass = gan_net_pass(s->net, k / s->n_local);
        dx[k] = copy_of(gan_pass_input_gradient(pass, k % s->n_local), s->in_floats);
        for (size_t i = 0; i < s->in_floats; i++)
            weight += fabs(dx[k][i]);
    }
    assert_true(weight > 0.1); /* else the comparison says nothing */
    check_parts_of_backward(s, gradients, dx);
    for (int k = 0; k < blocks; k++, n += s->in_floats)
        check_block(s, "input", s->x[k / s->n_local][k % s->n_local], dx[k], checked + n, s->in_floats);
    for (size_t i = 0; i < gan_net_param_count(s->net); i++) {
        const gan_param *param = gan_net_param(s->net, i);
        if (!param->trainable)
            continue;
        check_block(s, param->name, gan_net_parameters(s->net) + param->offset, gradients + param->offset,
                    checked + n, param->count);
        n += param->count;
    }
    for (int k = 0; k < blocks; k++)
        free(dx[k]);
    free(gradients);
    return n;
}

/* Every input and parameter must be compared, each on the first data on which its step crosses no kink. */
static void check_row(const row *r, int n_local, int passes, gan_bn_scope bn, bool bias)
{
    bool checked[NUMBERS_MAX] = {false};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        small_net s;
        small_open(&s, r->layers, bias, r->in, n_local, passes, bn, seed);
        assert_true((size_t)(passes * n_local) * s.in_floats + gan_net_trainable(s.net) <= NUMBERS_MAX);
        size_t n = check_net(&s, checked), left = n;
        for (size_t i = 0; i < n; i++)
            left -= checked[i];
        small_close(&s);
        if (left == 0)
            return;
    }
    fail_msg("%s: with %d seeds some step always crosses a kink", r->layers, SEEDS);
}

static void check_rows(int n_local, int passes, gan_bn_scope bn, bool bias)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i], n_local, passes, bn, bias);
}

static void every_layer_has_a_row(void **state)
{
    (void)state;
    const gan_layer_ops *ops;
    for (size_t i = 0; (ops = gan_layer_get(i)); i++) {
        bool found = false;
        for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
            found = found || strcmp(rows[k].word, ops->word) == 0;
        if (!found)
            fail_msg("layer '%s' has no row in test_layers.c", ops->word);
    }
}

static void two_shards_bn_over_all(void **state)
{
    (void)state;
    check_rows(2, 1, GAN_BN_GLOBAL, true);
}

static void two_shards_bn_in_each(void **state)
{
    (void)state;
    check_rows(2, 1, GAN_BN_SHARD, false);
}

static void two_passes_of_four_shards_bn_over_all(void **state)
{
    (void)state;
    check_rows(4, 2, GAN_BN_GLOBAL, false);
}

static void two_passes_of_four_shards_bn_in_each(void **state)
{
    (void)state;
    check_rows(4, 2, GAN_BN_SHARD, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_has_a_row),
        cmocka_unit_test(two_shards_bn_over_all),
        cmocka_unit_test(two_shards_bn_in_each),
        cmocka_unit_test(two_passes_of_four_shards_bn_over_all),
        cmocka_unit_test(two_passes_of_four_shards_bn_in_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
