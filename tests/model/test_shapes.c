/* Geometry, order in memory, and the names of tensors: what a checkpoint for PyTorch hangs on. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nets.h"

static gan_net *parsed(const char *layers, gan_shape input, bool bias)
{
    gan_net *net = NULL;
    gan_net_config config = small_config(layers, bias);
    if (parse_net(&net, &config, input, NET_CLASSES) != GAN_OK)
        fail_msg("%s: %s", layers, gan_error_message());
    return net;
}

static void assert_shape(gan_shape shape, int h, int w, int c)
{
    assert_int_equal(shape.h, h);
    assert_int_equal(shape.w, w);
    assert_int_equal(shape.c, c);
}

/* TensorFlow's rule: out = ceil(n/s), the smaller half of the padding first. */
static void same_padding_follows_tensorflow(void **state)
{
    (void)state;
    static const struct {
        const char *layers;
        int n, out, before, after;
    } rows[] = {
        {"conv 5 s2 1", 28, 14, 1, 2}, {"conv 5 s2 1", 64, 32, 1, 2}, {"conv 5 s2 1", 6, 3, 1, 2},
        {"conv 5 s2 1", 7, 4, 2, 2},   {"conv 4 s2 1", 28, 14, 1, 1}, {"conv 3 1", 9, 9, 1, 1},
        {"conv 4 1", 9, 9, 1, 2},      {"conv 5 s3 1", 9, 3, 1, 1},   {"conv 1 s2 1", 5, 3, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gan_net *net = parsed(rows[i].layers, (gan_shape){rows[i].n, rows[i].n, 1}, true);
        const gan_conv_shape *conv = &net->layers[0].conv;
        assert_shape(gan_net_output_shape(net), rows[i].out, rows[i].out, 1);
        assert_int_equal(conv->pad_top, rows[i].before);
        assert_int_equal(conv->pad_left, rows[i].before);
        assert_int_equal(conv->pad_bottom, rows[i].after);
        assert_int_equal(conv->pad_right, rows[i].after);
        gan_net_destroy(net);
    }
}

/* The transposed convolution crops what the SAME convolution from its output to its input pads. */
static void deconv_crops_one_before_and_two_after(void **state)
{
    (void)state;
    gan_net *net = parsed("deconv 5 s2 1", (gan_shape){7, 6, 1}, true);
    const gan_conv_shape *conv = &net->layers[0].conv;
    assert_shape(gan_net_output_shape(net), 14, 12, 1);
    assert_int_equal(conv->pad_top, 1);
    assert_int_equal(conv->pad_left, 1);
    assert_int_equal(conv->pad_bottom, 2);
    assert_int_equal(conv->pad_right, 2);
    gan_net_destroy(net);
}

static void torch_padding_follows_torch(void **state)
{
    (void)state;
    static const struct {
        const char *layers;
        int n, out;
    } rows[] = {
        {"conv 4 s2 p1 1", 64, 32}, {"conv 4 s1 p0 1", 4, 1},     {"conv 5 s3 p1 1", 96, 32},
        {"conv 3 s2 p0 1", 6, 2},   {"deconv 4 s1 p0 1", 1, 4},   {"deconv 4 s2 p1 1", 4, 8},
        {"deconv 2 s3 p0 1", 3, 8}, {"deconv 5 s3 p1 1", 32, 96},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gan_net *net = parsed(rows[i].layers, (gan_shape){rows[i].n, rows[i].n, 1}, true);
        assert_shape(gan_net_output_shape(net), rows[i].out, rows[i].out, 1);
        gan_net_destroy(net);
    }
}

/* <conv(x), y> = <x, deconv(y)> with the same weights: OIHW of the one is IOHW of the other. */
static void deconv_is_the_adjoint_of_conv(void **state)
{
    (void)state;
    static const struct {
        const char *conv, *deconv;
        int big, small;
    } rows[] = {
        {"conv 5 s2 3", "deconv 5 s2 2", 6, 3},
        {"conv 4 s2 p1 3", "deconv 4 s2 p1 2", 8, 4},
        {"conv 5 s3 p1 3", "deconv 5 s3 p1 2", 9, 3},
        {"conv 3 3", "deconv 3 2", 4, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        small_net a, b;
        gan_shape big = {rows[i].big, rows[i].big, 2}, little = {rows[i].small, rows[i].small, 3};
        small_open(&a, rows[i].conv, false, big, 1, 1, GAN_BN_GLOBAL, 3);
        small_open(&b, rows[i].deconv, false, little, 1, 1, GAN_BN_GLOBAL, 4);
        assert_int_equal(gan_net_arena_floats(a.net), gan_net_arena_floats(b.net));
        memcpy(gan_net_parameters(b.net), gan_net_parameters(a.net),
               gan_net_arena_floats(a.net) * sizeof(float));
        gan_net_changed(b.net);
        assert_int_equal(gan_net_forward(a.net, gan_net_pass(a.net, 0), true), GAN_OK);
        assert_int_equal(gan_net_forward(b.net, gan_net_pass(b.net, 0), true), GAN_OK);
        assert_int_equal(a.in_floats, b.out_floats);
        assert_int_equal(a.out_floats, b.in_floats);
        double left = 0, right = 0;
        for (size_t k = 0; k < a.out_floats; k++)
            left += (double)gan_pass_output(gan_net_pass(a.net, 0), 0)[k] * b.x[0][0][k];
        for (size_t k = 0; k < a.in_floats; k++)
            right += (double)a.x[0][0][k] * gan_pass_output(gan_net_pass(b.net, 0), 0)[k];
        assert_true(fabs(left) > 1e-2 && fabs(left - right) < 1e-5);
        small_close(&a);
        small_close(&b);
    }
}

/* A square weight that hands every feature on as it is. */
static void make_identity(small_net *s, int n)
{
    for (int i = 0; i < n * n; i++)
        gan_net_parameters(s->net)[i] = i % (n + 1) == 0;
    gan_net_changed(s->net);
    assert_int_equal(gan_net_forward(s->net, gan_net_pass(s->net, 0), true), GAN_OK);
}

/* Features count in PyTorch's C,H,W order, maps lie H,W,C. */
static void flatten_and_reshape_keep_torch_order(void **state)
{
    (void)state;
    small_net flat, maps;
    small_open(&flat, "dense 12", false, (gan_shape){2, 3, 2}, 1, 1, GAN_BN_GLOBAL, 1);
    make_identity(&flat, 12);
    small_open(&maps, "dense 2x3x2", false, (gan_shape){1, 1, 12}, 1, 1, GAN_BN_GLOBAL, 1);
    make_identity(&maps, 12);
    for (int n = 0; n < NET_PICTURES; n++)
        for (int h = 0; h < 2; h++)
            for (int w = 0; w < 3; w++)
                for (int c = 0; c < 2; c++) {
                    int torch = n * 12 + c * 6 + h * 3 + w, ours = n * 12 + (h * 3 + w) * 2 + c;
                    assert_true(gan_pass_output(gan_net_pass(flat.net, 0), 0)[torch] == flat.x[0][0][ours]);
                    assert_true(gan_pass_output(gan_net_pass(maps.net, 0), 0)[ours] == maps.x[0][0][torch]);
                }
    small_close(&flat);
    small_close(&maps);
}

static void label_is_appended_one_hot(void **state)
{
    (void)state;
    small_net s;
    small_open(&s, "label conv 1 5", false, (gan_shape){2, 2, 2}, 2, 1, GAN_BN_GLOBAL, 1);
    make_identity(&s, 2 + NET_CLASSES);
    for (int shard = 0; shard < 2; shard++)
        for (int at = 0; at < NET_PICTURES * 4; at++) {
            const float *y = gan_pass_output(gan_net_pass(s.net, 0), shard) + 5 * at;
            assert_memory_equal(y, s.x[0][shard] + 2 * at, 2 * sizeof *y);
            for (int k = 0; k < NET_CLASSES; k++)
                assert_true(y[2 + k] == (s.labels[0][shard][at / 4] == k));
        }
    small_close(&s);
}

/* The preset's own text, with the shapes PyTorch's DCGAN example prints. */
static void dcgan64_has_the_shapes_of_the_example(void **state)
{
    (void)state;
    static const int g[][3] = {{4, 4, 512}, {8, 8, 256}, {16, 16, 128}, {32, 32, 64}, {64, 64, 3}};
    static const int d[][3] = {{32, 32, 64}, {16, 16, 128}, {8, 8, 256}, {4, 4, 512}, {1, 1, 1}};
    static gan_config config;
    gan_config_defaults(&config);
    assert_int_equal(gan_config_apply_preset(&config, "dcgan64"), GAN_OK);
    gan_net *net;
    assert_int_equal(parse_net(&net, &config.generator, (gan_shape){1, 1, 100}, 0), GAN_OK);
    int stage = 0;
    for (int i = 0; i < net->n_layers; i++)
        if (net->layers[i].ops == &gan_layer_deconv) {
            assert_shape(net->layers[i].out, g[stage][0], g[stage][1], g[stage][2]);
            stage++;
        } else {
            assert_shape(net->layers[i].out, g[stage - 1][0], g[stage - 1][1], g[stage - 1][2]);
        }
    assert_int_equal(stage, 5);
    gan_net_destroy(net);
    assert_int_equal(parse_net(&net, &config.discriminator, (gan_shape){64, 64, 3}, 0), GAN_OK);
    stage = 0;
    for (int i = 0; i < net->n_layers; i++)
        if (net->layers[i].ops == &gan_layer_conv) {
            assert_shape(net->layers[i].out, d[stage][0], d[stage][1], d[stage][2]);
            stage++;
        } else {
            assert_shape(net->layers[i].out, d[stage - 1][0], d[stage - 1][1], d[stage - 1][2]);
        }
    assert_int_equal(stage, 5);
    gan_net_destroy(net);
}

typedef struct tensor {
    const char *name;
    int rank;
    int64_t dims[4];
} tensor;

static void assert_tensors(const gan_net *net, const tensor *expected, size_t n)
{
    assert_int_equal(gan_net_param_count(net), n);
    for (size_t i = 0; i < n; i++) {
        const gan_param *param = gan_net_param(net, i);
        assert_string_equal(param->name, expected[i].name);
        assert_int_equal(param->rank, expected[i].rank);
        assert_memory_equal(param->dims, expected[i].dims, (size_t)param->rank * sizeof *param->dims);
        assert_int_equal(param->offset % 16, 0);
        assert_int_equal(param->trainable, strstr(param->name, "running") == NULL);
    }
}

/* state_dict() of Generator and Discriminator in pytorch/examples, dcgan/main.py, but for
 * num_batches_tracked, which is no tensor of a network here. */
static void dcgan64_has_the_names_of_the_example(void **state)
{
    (void)state;
#define BN(module, c)                                                                                        \
    {"main." module ".weight", 1, {c}}, {"main." module ".bias", 1, {c}},                                    \
        {"main." module ".running_mean", 1, {c}},                                                            \
    {                                                                                                        \
        "main." module ".running_var", 1,                                                                    \
        {                                                                                                    \
            c                                                                                                \
        }                                                                                                    \
    }
    static const tensor g[] = {
        {"main.0.weight", 4, {100, 512, 4, 4}}, BN("1", 512),
        {"main.3.weight", 4, {512, 256, 4, 4}}, BN("4", 256),
        {"main.6.weight", 4, {256, 128, 4, 4}}, BN("7", 128),
        {"main.9.weight", 4, {128, 64, 4, 4}},  BN("10", 64),
        {"main.12.weight", 4, {64, 3, 4, 4}},
    };
    static const tensor d[] = {
        {"main.0.weight", 4, {64, 3, 4, 4}},
        {"main.2.weight", 4, {128, 64, 4, 4}},
        BN("3", 128),
        {"main.5.weight", 4, {256, 128, 4, 4}},
        BN("6", 256),
        {"main.8.weight", 4, {512, 256, 4, 4}},
        BN("9", 512),
        {"main.11.weight", 4, {1, 512, 4, 4}},
    };
    static gan_config config;
    gan_config_defaults(&config);
    assert_int_equal(gan_config_apply_preset(&config, "dcgan64"), GAN_OK);
    gan_net *net;
    assert_int_equal(parse_net(&net, &config.generator, (gan_shape){1, 1, 100}, 0), GAN_OK);
    assert_tensors(net, g, sizeof g / sizeof *g);
    gan_net_destroy(net);
    assert_int_equal(parse_net(&net, &config.discriminator, (gan_shape){64, 64, 3}, 0), GAN_OK);
    assert_tensors(net, d, sizeof d / sizeof *d);
    gan_net_destroy(net);
}

/* nn.Sequential(Linear, Unflatten, BatchNorm2d, ReLU, ConvTranspose2d, Tanh, Flatten, Linear): the module
 * that a word implies counts, the activation that batch norm takes in too. */
static void implied_modules_are_counted(void **state)
{
    (void)state;
    static const tensor expected[] = {
        {"main.0.weight", 2, {8, 3}},
        {"main.0.bias", 1, {8}},
        BN("2", 2),
        {"main.4.weight", 4, {2, 3, 4, 4}},
        {"main.4.bias", 1, {3}},
        {"main.7.weight", 2, {5, 48}},
        {"main.7.bias", 1, {5}},
    };
#undef BN
    gan_net *net =
        parsed("dense 2x2x2 bn relu | deconv 4 s2 p1 3 tanh | dense 5", (gan_shape){1, 1, 3}, true);
    assert_tensors(net, expected, sizeof expected / sizeof *expected);
    gan_net_destroy(net);
    /* A stage's bar between them changes neither names nor numbers. */
    net = parsed("dense 2x2x2 | bn | relu | deconv 4 s2 p1 3 | tanh | dense 5", (gan_shape){1, 1, 3}, true);
    assert_tensors(net, expected, sizeof expected / sizeof *expected);
    gan_net_destroy(net);
}

static char printed[4096];

static void print_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t used = strlen(printed);
    vsnprintf(printed + used, sizeof printed - used, format, arguments);
    va_end(arguments);
    strncat(printed, "\n", sizeof printed - strlen(printed) - 1);
}

static void printing_lists_every_layer(void **state)
{
    (void)state;
    gan_net *net = parsed("dense 2x2x2 bn relu | deconv 4 s2 3 tanh", (gan_shape){1, 1, 3}, true);
    gan_net_print(net, print_line);
    /* dense 3*8+8, bn 2*2, deconv 2*3*16+3 */
    assert_non_null(strstr(printed, "tested: 135 parameters"));
    assert_non_null(strstr(printed, "dense"));
    assert_non_null(strstr(printed, "reshape"));
    assert_non_null(strstr(printed, "bn relu"));
    assert_non_null(strstr(printed, "2x2x2 -> 4x4x3"));
    assert_non_null(strstr(printed, "tanh"));
    gan_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_padding_follows_tensorflow),
        cmocka_unit_test(deconv_crops_one_before_and_two_after),
        cmocka_unit_test(torch_padding_follows_torch),
        cmocka_unit_test(deconv_is_the_adjoint_of_conv),
        cmocka_unit_test(flatten_and_reshape_keep_torch_order),
        cmocka_unit_test(label_is_appended_one_hot),
        cmocka_unit_test(dcgan64_has_the_shapes_of_the_example),
        cmocka_unit_test(dcgan64_has_the_names_of_the_example),
        cmocka_unit_test(implied_modules_are_counted),
        cmocka_unit_test(printing_lists_every_layer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
