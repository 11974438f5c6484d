/* Initial weights: the published rules, one random position per tensor, a function of the seed alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nets.h"

typedef struct row {
    const char *layers;
    gan_shape in;
    const char *init;
    double deviation;
    double limit; /* no weight beyond it */
} row;

/* Deviation of a normal cut at two sigma: sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)). */
#define CUT            0.87962566103423978
#define UNIFORM(limit) (limit) / sqrt(3), (limit)

/* conv 4 of 32 to 48: fan_in 32*16, fan_out 48*16; PyTorch's fan of a transposed convolution is that of its
 * output, 48*16. dense 200 to 100. */
static void weights_follow_their_rule(void **state)
{
    (void)state;
    const gan_shape maps = {2, 2, 32}, vector = {1, 1, 200};
    const row rows[] = {
        {"conv 4 48", maps, "normal 0.02", 0.02, 0.12},
        {"conv 4 48", maps, "truncated 0.02", 0.02 * CUT, 0.04},
        {"conv 4 48", maps, "he", sqrt(2.0 / 512), 6 * sqrt(2.0 / 512)},
        {"conv 4 48", maps, "glorot", UNIFORM(sqrt(6.0 / (512 + 768)))},
        {"conv 4 48", maps, "torch", UNIFORM(1 / sqrt(512))},
        {"deconv 4 48", maps, "normal 0.02", 0.02, 0.12},
        {"deconv 4 48", maps, "glorot", UNIFORM(sqrt(6.0 / (512 + 768)))},
        {"deconv 4 48", maps, "torch", UNIFORM(1 / sqrt(768))},
        {"dense 100", vector, "normal 0.02", 0.02, 0.12},
        {"dense 100", vector, "truncated 0.5", 0.5 * CUT, 1},
        {"dense 100", vector, "he", sqrt(2.0 / 200), 6 * sqrt(2.0 / 200)},
        {"dense 100", vector, "glorot", UNIFORM(sqrt(6.0 / 300))},
        {"dense 100", vector, "torch", UNIFORM(1 / sqrt(200))},
    };
    gan_backend *backend;
    assert_int_equal(gan_backend_open(&backend, "ref", &(gan_backend_options){.threads = 1}), GAN_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gan_net_config config = small_config(rows[i].layers, true);
        /* Only the right one of the two keys may be read. */
        bool dense = strncmp(rows[i].layers, "dense", 5) == 0;
        strcpy(dense ? config.init_dense : config.init_conv, rows[i].init);
        strcpy(dense ? config.init_conv : config.init_dense, "normal 7");
        gan_net_spec spec = {.name = "tested",
                             .config = &config,
                             .input = rows[i].in,
                             .shard_pictures = 1,
                             .n_local = 1,
                             .n_global = 1,
                             .passes = 1};
        gan_net *net;
        assert_int_equal(gan_net_create(&net, backend, &spec), GAN_OK);
        assert_int_equal(gan_net_init(net, 9), GAN_OK);
        const gan_param *weight = gan_net_param(net, 0), *bias = gan_net_param(net, 1);
        double sum = 0, squares = 0, largest = 0, n = (double)weight->count;
        for (size_t k = 0; k < weight->count; k++) {
            double w = gan_net_parameters(net)[weight->offset + k];
            sum += w;
            squares += w * w;
            largest = fmax(largest, fabs(w));
        }
        double deviation = sqrt(squares / n - sum / n * sum / n);
        /* Five standard errors (a normal's deviation has 1/sqrt(2n), a cut one's or uniform's less). */
        if (!(fabs(deviation / rows[i].deviation - 1) < 5 / sqrt(2 * n)))
            fail_msg("%s, %s: deviation %g, not %g", rows[i].layers, rows[i].init, deviation,
                     rows[i].deviation);
        assert_true(fabs(sum / n) < 5 * rows[i].deviation / sqrt(n));
        assert_true(largest <= rows[i].limit * (1 + 1e-6));
        assert_true(strncmp(rows[i].init, "normal", 6) == 0 || strcmp(rows[i].init, "he") == 0 ||
                    largest > 0.99 * rows[i].limit);
        for (size_t k = 0; k < bias->count; k++)
            assert_true(gan_net_parameters(net)[bias->offset + k] == 0);
        gan_net_destroy(net);
    }
    gan_backend_close(backend);
}

/* Made on ref with init "normal 0.02" and batch norm from `bn`. */
static gan_net *initialised(gan_backend *backend, const gan_net_config *config, int number, uint64_t seed)
{
    gan_net *net;
    gan_net_spec spec = {.name = "tested",
                         .number = number,
                         .config = config,
                         .input = {1, 1, 200},
                         .shard_pictures = 1,
                         .n_local = 1,
                         .n_global = 1,
                         .passes = 1};
    assert_int_equal(gan_net_create(&net, backend, &spec), GAN_OK);
    assert_int_equal(gan_net_init(net, seed), GAN_OK);
    return net;
}

static void batch_norm_starts_at_one_or_around_it(void **state)
{
    (void)state;
    gan_backend *backend;
    assert_int_equal(gan_backend_open(&backend, "ref", &(gan_backend_options){.threads = 1}), GAN_OK);
    for (int normal = 0; normal < 2; normal++) {
        gan_net_config config = small_config("dense 4096 bn", false);
        strcpy(config.init_bn, normal ? "normal 0.02" : "ones");
        gan_net *net = initialised(backend, &config, 0, 3);
        const gan_param *gamma = gan_net_param(net, 1), *beta = gan_net_param(net, 2);
        const gan_param *mean = gan_net_param(net, 3), *var = gan_net_param(net, 4);
        double sum = 0, squares = 0;
        for (size_t k = 0; k < gamma->count; k++) {
            double off = gan_net_parameters(net)[gamma->offset + k] - 1.0;
            sum += off;
            squares += off * off;
            assert_true(gan_net_parameters(net)[beta->offset + k] == 0);
            assert_true(gan_net_statistics(net)[mean->offset + k] == 0);
            assert_true(gan_net_statistics(net)[var->offset + k] == 1);
        }
        double n = (double)gamma->count, expected = normal ? 0.02 : 0;
        assert_true(fabs(sum / n) <= 5 * expected / sqrt(n));
        assert_true(fabs(sqrt(squares / n) - expected) <= 5 * expected / sqrt(2 * n));
        gan_net_destroy(net);
    }
    gan_backend_close(backend);
}

/* How many of n floats are the same. */
static size_t count_equal(const float *a, const float *b, size_t n)
{
    size_t same = 0;
    for (size_t i = 0; i < n; i++)
        same += a[i] == b[i];
    return same;
}

static void tensors_networks_and_seeds_differ(void **state)
{
    (void)state;
    gan_backend *backend;
    assert_int_equal(gan_backend_open(&backend, "ref", &(gan_backend_options){.threads = 1}), GAN_OK);
    gan_net_config config = small_config("dense 200 | dense 200 | dense 200", false);
    const size_t n = 200 * 200, all = 3 * n;
    gan_net *net = initialised(backend, &config, 0, 3), *again = initialised(backend, &config, 0, 3);
    gan_net *other_seed = initialised(backend, &config, 0, 4), *d = initialised(backend, &config, 1, 3);
    const float *w = gan_net_parameters(net);
    assert_int_equal(gan_net_arena_floats(net), all);
    assert_memory_equal(w, gan_net_parameters(again), all * sizeof *w);
    /* Uniforms have 24 bits: two of 16 million meet now and then. */
    assert_true(count_equal(w, w + n, n) < 5);
    assert_true(count_equal(w + n, w + 2 * n, n) < 5);
    assert_true(count_equal(w, w + 2 * n, n) < 5);
    assert_true(count_equal(w, gan_net_parameters(other_seed), all) < 5);
    assert_true(count_equal(w, gan_net_parameters(d), all) < 5);
    gan_net_destroy(net);
    gan_net_destroy(again);
    gan_net_destroy(other_seed);
    gan_net_destroy(d);
    gan_backend_close(backend);
}

/* The arena's padding is zero, so that it may be exchanged, updated and hashed as one piece. */
static void padding_is_zero(void **state)
{
    (void)state;
    small_net s;
    small_open(&s, "dense 5 bn relu | dense 3", true, (gan_shape){1, 1, 7}, 2, 1, GAN_BN_GLOBAL, 1);
    size_t floats = gan_net_arena_floats(s.net);
    bool *used = calloc(floats, sizeof *used);
    assert_non_null(used);
    for (size_t i = 0; i < gan_net_param_count(s.net); i++) {
        const gan_param *param = gan_net_param(s.net, i);
        for (size_t k = 0; param->trainable && k < param->count; k++) {
            assert_false(used[param->offset + k]); /* no two tensors share a place */
            used[param->offset + k] = true;
        }
    }
    gan_pass *pass = gan_net_pass(s.net, 0);
    assert_int_equal(gan_net_forward(s.net, pass, true), GAN_OK);
    for (int shard = 0; shard < 2; shard++)
        memcpy(gan_pass_output_gradient(pass, shard), gan_pass_output(pass, shard),
               s.out_floats * sizeof(float));
    assert_int_equal(gan_net_backward(s.net, &pass, 1, GAN_WANT_PARAMETERS), GAN_OK);
    size_t padding = 0;
    for (size_t i = 0; i < floats; i++)
        if (!used[i]) {
            padding++;
            assert_true(gan_net_parameters(s.net)[i] == 0 && gan_net_gradients(s.net)[i] == 0);
        }
    assert_true(padding > 0);
    free(used);
    small_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_follow_their_rule),
        cmocka_unit_test(batch_norm_starts_at_one_or_around_it),
        cmocka_unit_test(tensors_networks_and_seeds_differ),
        cmocka_unit_test(padding_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
