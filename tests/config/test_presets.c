/* The built-in presets: complete, stable, and with the numbers of the published systems. */
#include "checks.h"

static gan_config load(const char *name)
{
    gan_config config;
    gan_config_defaults(&config);
    assert_done(gan_config_apply_preset(&config, name));
    return config;
}

static void every_preset_is_complete(void **state)
{
    (void)state;
    size_t n = 0;
    for (const char *name; (name = gan_preset_name(n)); n++) {
        gan_config config = load(name);
        assert_string_equal(config.preset, name);
        assert_done(gan_config_finish(&config));
        char out[256];
        snprintf(out, sizeof out, "runs/%s", name);
        assert_string_equal(config.out, out);
        const char *text = gan_preset_text(name);
        assert_memory_equal(text, "# ", 2);
        assert_non_null(strstr(text, "\n# Data: "));
        if (n > 0)
            assert_true(strcmp(gan_preset_name(n - 1), name) < 0);
    }
    assert_true(n >= 8);
    assert_null(gan_preset_name(n + 1));
    assert_null(gan_preset_text("no such preset"));
}

static void every_preset_survives_being_written(void **state)
{
    (void)state;
    for (size_t i = 0; gan_preset_name(i); i++) {
        gan_config config = load(gan_preset_name(i)), read;
        assert_done(gan_config_finish(&config));
        char *text = gan_config_text(&config, false);
        gan_config_defaults(&read);
        assert_done(gan_config_apply_text(&read, text, "config.ini"));
        assert_memory_equal(&config, &read, sizeof read);
        char *again = gan_config_text(&read, false);
        assert_string_equal(text, again);
        free(text);
        free(again);
    }
}

/* One row a preset: what its source says, in the order D, G where a pair is given. */
static const struct published {
    const char *name;
    gan_noise noise;
    int dim;
    const char *order;
    int batch;
    double d_rate, g_rate, beta1, bn_epsilon, bn_momentum;
    gan_adam_kind adam;
    const char *loss, *d_conv, *g_conv, *dense;
    bool bias;
    int side, channels;
    gan_range range;
    gan_split split;
    int64_t skip, steps, epochs;
    int log_every, sample_every, sample_num, checkpoint_every, keep;
} published[] = {
    {"mlp-mnist",
     GAN_NOISE_UNIFORM,
     100,
     "z D z G",
     128,
     1e-3,
     1e-3,
     0.9,
     1e-5,
     0.1,
     GAN_ADAM_TENSORFLOW,
     "bce",
     NULL,
     NULL,
     "he",
     true,
     28,
     1,
     GAN_RANGE_UNIT,
     GAN_SPLIT_TRAIN,
     5000,
     1000000,
     0,
     100,
     1000,
     16,
     1000,
     50},
    {"gan-mnist",
     GAN_NOISE_UNIFORM,
     62,
     "z D G",
     64,
     2e-4,
     1e-3,
     0.5,
     1e-5,
     0.1,
     GAN_ADAM_TENSORFLOW,
     "bce",
     "truncated 0.02",
     "normal 0.02",
     "normal 0.02",
     true,
     28,
     1,
     GAN_RANGE_UNIT,
     GAN_SPLIT_ALL,
     0,
     0,
     20,
     50,
     300,
     64,
     1093,
     5},
    {"anime96",
     GAN_NOISE_NORMAL,
     100,
     "z D z G",
     100,
     1e-4,
     1e-4,
     0.9,
     1e-5,
     0.1,
     GAN_ADAM_PYTORCH,
     "bce",
     "torch",
     "torch",
     NULL,
     false,
     96,
     3,
     GAN_RANGE_SIGNED,
     GAN_SPLIT_ALL,
     0,
     0,
     2500,
     1,
     500,
     100,
     500,
     5},
    {"dcgan32-mnist",
     GAN_NOISE_NORMAL,
     100,
     "z (D G)",
     128,
     2e-3,
     2e-3,
     0.5,
     1e-3,
     0.01,
     GAN_ADAM_TENSORFLOW,
     "softmax",
     "glorot",
     "glorot",
     "glorot",
     true,
     32,
     1,
     GAN_RANGE_SIGNED,
     GAN_SPLIT_TRAIN,
     5000,
     10000,
     0,
     500,
     50,
     128,
     1000,
     5},
    {"cdcgan-mnist",
     GAN_NOISE_UNIFORM,
     100,
     "z D G G",
     64,
     2e-4,
     2e-4,
     0.5,
     1e-5,
     0.1,
     GAN_ADAM_TENSORFLOW,
     "bce",
     "truncated 0.02",
     "normal 0.02",
     "normal 0.02",
     true,
     28,
     1,
     GAN_RANGE_UNIT,
     GAN_SPLIT_ALL,
     0,
     0,
     25,
     1,
     100,
     64,
     500,
     5},
    {"dcgan48-anime",
     GAN_NOISE_UNIFORM,
     100,
     "z D G G",
     64,
     2e-4,
     2e-4,
     0.5,
     1e-5,
     0.1,
     GAN_ADAM_TENSORFLOW,
     "bce",
     "truncated 0.02",
     "normal 0.02",
     "normal 0.02",
     true,
     48,
     3,
     GAN_RANGE_SIGNED,
     GAN_SPLIT_ALL,
     0,
     0,
     300,
     1,
     100,
     64,
     500,
     5},
    {"dcgan64",
     GAN_NOISE_NORMAL,
     100,
     "z D G",
     64,
     2e-4,
     2e-4,
     0.5,
     1e-5,
     0.1,
     GAN_ADAM_PYTORCH,
     "bce",
     "normal 0.02",
     "normal 0.02",
     NULL,
     false,
     64,
     3,
     GAN_RANGE_SIGNED,
     GAN_SPLIT_ALL,
     0,
     0,
     25,
     10,
     100,
     64,
     300,
     5},
};

static void check_networks(const gan_config *config, const struct published *row)
{
    const gan_net_config *nets[] = {&config->generator, &config->discriminator};
    for (int i = 0; i < 2; i++) {
        assert_true(nets[i]->beta1 == row->beta1 && nets[i]->beta2 == 0.999 && nets[i]->epsilon == 1e-8);
        assert_true(nets[i]->bn_epsilon == row->bn_epsilon && nets[i]->bn_momentum == row->bn_momentum);
        assert_int_equal(nets[i]->bias, row->bias);
        if (row->dense)
            assert_string_equal(nets[i]->init_dense, row->dense);
    }
    assert_true(config->generator.learning_rate == row->g_rate);
    assert_true(config->discriminator.learning_rate == row->d_rate);
    if (row->d_conv)
        assert_string_equal(config->discriminator.init_conv, row->d_conv);
    if (row->g_conv)
        assert_string_equal(config->generator.init_conv, row->g_conv);
}

static void published_numbers_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(published); i++) {
        const struct published *row = &published[i];
        gan_config config = load(row->name);
        check_networks(&config, row);
        assert_int_equal(config.noise, row->noise);
        assert_int_equal(config.noise_dim, row->dim);
        assert_int_equal(config.noise_paired, strcmp(row->name, "dcgan32-mnist") == 0);
        assert_string_equal(config.order, row->order);
        assert_string_equal(config.loss, row->loss);
        assert_int_equal(config.batch, row->batch);
        assert_int_equal(config.adam, row->adam);
        assert_int_equal(config.bn, GAN_BN_GLOBAL);
        assert_true(config.height == row->side && config.width == row->side &&
                    config.channels == row->channels);
        assert_int_equal(config.range, row->range);
        assert_int_equal(config.split, row->split);
        assert_true(config.skip == row->skip && config.steps == row->steps && config.epochs == row->epochs);
        assert_int_equal(config.log_every, row->log_every);
        assert_int_equal(config.sample.every, row->sample_every);
        assert_int_equal(config.sample_num, row->sample_num);
        assert_int_equal(config.checkpoint.every, row->checkpoint_every);
        assert_int_equal(config.keep, row->keep);
        assert_int_equal(config.mirror, false);
    }
}

static void networks_and_data_are_the_published_ones(void **state)
{
    (void)state;
    gan_config config = load("cdcgan-mnist");
    assert_string_equal(
        config.generator.layers,
        "label dense 1024 bn relu | label dense 6272 bn relu | reshape 7x7x128 | label deconv 5 s2 128 "
        "bn relu | label deconv 5 s2 1 sigmoid");
    assert_true(config.labels == GAN_LABELS_FILE && config.classes == 10);
    config = load("anime96");
    assert_non_null(strstr(config.generator.layers, "deconv 5 s3 p1 3 bn tanh"));
    assert_memory_equal(config.discriminator.layers, "conv 5 s3 p1 64 bn lrelu", 24);
    config = load("dcgan32-mnist");
    assert_int_equal(config.resize, GAN_RESIZE_NEAREST);
    config = load("dcgan48-anime");
    assert_true(config.resize == GAN_RESIZE_BILINEAR && config.crop);
    config = load("dcgan64");
    assert_string_equal(config.generator.init_bn, "normal 0.02");
    assert_string_equal(config.discriminator.init_bn, "normal 0.02");
}

static void presets_without_data_say_what_they_take(void **state)
{
    (void)state;
    static const char *const drawn[] = {"dcgan64", "quickstart"};
    static const char *const given[][2] = {{"mlp-mnist", "MNIST"},     {"gan-mnist", "MNIST"},
                                           {"dcgan32-mnist", "MNIST"}, {"cdcgan-mnist", "labels"},
                                           {"anime96", "faces"},       {"dcgan48-anime", "face pictures"}};
    for (size_t i = 0; i < COUNT(drawn); i++) {
        gan_config config = load(drawn[i]);
        assert_done(gan_config_need_data(&config));
    }
    for (size_t i = 0; i < COUNT(given); i++) {
        gan_config config = load(given[i][0]);
        assert_refused(gan_config_need_data(&config), given[i][0]);
        assert_refused(gan_config_need_data(&config), given[i][1]);
        assert_refused(gan_config_need_data(&config), "--data");
    }
    gan_config config;
    gan_config_defaults(&config);
    assert_refused(gan_config_need_data(&config), "--data PATH");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_preset_is_complete),
        cmocka_unit_test(every_preset_survives_being_written),
        cmocka_unit_test(published_numbers_hold),
        cmocka_unit_test(networks_and_data_are_the_published_ones),
        cmocka_unit_test(presets_without_data_say_what_they_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
