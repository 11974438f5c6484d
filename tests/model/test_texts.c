/* Wrong texts of a network: each is GAN_BAD_INPUT with one line that names
 * the network, the word and what to do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nets.h"

typedef struct row {
    const char *layers;
    gan_shape in;
    int classes;
    const char *says[3]; /* all of these */
} row;

#define VECTOR                                                                                               \
    {                                                                                                        \
        1, 1, 4                                                                                              \
    }
#define MAPS                                                                                                 \
    {                                                                                                        \
        4, 4, 2                                                                                              \
    }

static const row rows[] = {
    {"densee 5", VECTOR, 0, {"unknown word 'densee'", "did you mean 'dense'"}},
    {"conv 3 2 lrleu", MAPS, 0, {"unknown word 'lrleu'", "did you mean 'lrelu'"}},
    {"blorptastic", VECTOR, 0, {"unknown word 'blorptastic'", "known: dense conv"}},
    {"dense 5 blorptastic", VECTOR, 0, {"'dense' takes no argument 'blorptastic'"}},
    {"5 dense", VECTOR, 0, {"unknown word '5'"}},
    {"dense", VECTOR, 0, {"'dense ' is not a size", "dense N"}},
    {"dense | 5", VECTOR, 0, {"'dense ' is not a size"}},
    {"dense bn", VECTOR, 0, {"'dense ' is not a size"}},
    {"dense 0", VECTOR, 0, {"'dense 0' is not a size"}},
    {"dense -3", VECTOR, 0, {"'dense -3' is not a size"}},
    {"dense 5.5", VECTOR, 0, {"'dense 5.5' is not a size"}},
    {"dense 4x4", VECTOR, 0, {"'dense 4x4' is not a size"}},
    {"dense 4x4x4x4", VECTOR, 0, {"'dense 4x4x4x4' is not a size"}},
    {"dense 4x0x4", VECTOR, 0, {"'dense 4x0x4' is not a size"}},
    {"dense 99999999999999999999", VECTOR, 0, {"is not a size"}},
    {"dense 4096x4096x64", VECTOR, 0, {"is not a size"}},
    {"conv", MAPS, 0, {"'conv' needs a kernel size", "conv K [sS] [pP] C"}},
    {"conv 3", MAPS, 0, {"'conv 3' needs a number of channels"}},
    {"conv 3 s2", MAPS, 0, {"'conv 3' needs a number of channels"}},
    {"conv 3 p1 s2 8", MAPS, 0, {"'conv 3' needs a number of channels"}},
    {"conv 3 | 8", MAPS, 0, {"'conv 3' needs a number of channels"}},
    {"conv 3 s0 8", MAPS, 0, {"'conv 3' needs a number of channels"}},
    {"conv 0 8", MAPS, 0, {"'conv' needs a kernel size"}},
    {"conv 3 8 9", MAPS, 0, {"'conv' takes no argument '9'", "conv K [sS] [pP] C"}},
    {"conv 3 p3 8", MAPS, 0, {"'conv 3' has padding 3", "less than the kernel"}},
    {"conv 5 p0 8", MAPS, 0, {"'conv 5' does not fit", "4x4", "padding 0"}},
    {"deconv 2 p1 8 | deconv 2 p1 8", {1, 1, 2}, 0, {"'deconv 2' with padding 1", "leaves nothing of 1x1"}},
    {"deconv 3 s60000 1 | deconv 3 s60000 1", MAPS, 0, {"'deconv 3 s60000' makes 4x4 maps too large"}},
    {"bn 5", VECTOR, 0, {"'bn' takes no argument '5'"}},
    {"dense 5 relu 3", VECTOR, 0, {"'relu' takes no argument '3'"}},
    {"relu dense 5", VECTOR, 0, {"'relu' must follow a layer that is not an activation"}},
    {"dense 5 relu tanh", VECTOR, 0, {"'tanh' must follow"}},
    {"dense 5 relu | relu", VECTOR, 0, {"'relu' must follow"}},
    {"dense 5 bn relu lrelu", VECTOR, 0, {"'lrelu' must follow"}},
    {"reshape", VECTOR, 0, {"'reshape ' is not a shape"}},
    {"reshape 4", VECTOR, 0, {"'reshape 4' is not a shape"}},
    {"reshape 2x2x2 dense 5", VECTOR, 0, {"'reshape 2x2x2' cannot take 1x1x4"}},
    {"reshape 8x2x2 dense 5", MAPS, 0, {"'reshape 8x2x2' cannot take 4x4x2", "vector"}},
    {"flatten 5", MAPS, 0, {"'flatten' takes no argument '5'"}},
    {"label dense 5", VECTOR, 0, {"'label' needs data.classes"}},
    {"label 7 dense 5", VECTOR, 3, {"'label' takes no argument '7'"}},
    {"", VECTOR, 0, {"empty", "gan_dist presets"}},
    {" | | ", VECTOR, 0, {"empty"}},
    {"flatten", MAPS, 0, {"no layer with weights"}},
};

static void assert_refused(const gan_net_config *config, gan_shape in, int classes, const char *const *says)
{
    gan_net *net = NULL;
    gan_status status = parse_net(&net, config, in, classes);
    gan_net_destroy(net);
    const char *message = gan_error_message();
    if (status != GAN_BAD_INPUT)
        fail_msg("'%.80s': status %d", config->layers, (int)status);
    if (strncmp(message, "tested.", 7) != 0 || strchr(message, '\n'))
        fail_msg("'%.80s': not a line that begins with the network: %s", config->layers, message);
    for (int i = 0; i < 3 && says[i]; i++)
        if (!strstr(message, says[i]))
            fail_msg("'%.80s': '%s' is missing in: %s", config->layers, says[i], message);
}

static void wrong_texts_are_refused_with_the_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gan_net_config config = small_config(rows[i].layers, true);
        assert_refused(&config, rows[i].in, rows[i].classes, rows[i].says);
    }
}

static void wrong_initialisers_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",          "normal",      "normal 0",   "normal -1",  "normal x",    "normal 1 2",
        "truncated", "truncated 0", "normal nan", "normal inf", "normal 1e99", "normal 1e-99",
        "He",        "he 2",        "glorot 1",   "ones",       "nrmal 0.02"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        gan_net_config config = small_config("dense 5", true);
        snprintf(config.init_dense, sizeof config.init_dense, "%s", bad[i]);
        assert_refused(&config, (gan_shape)VECTOR, 0,
                       (const char *[3]){"tested.init_dense", bad[i], "normal D"});
        config = small_config("conv 3 5", true);
        snprintf(config.init_conv, sizeof config.init_conv, "%s", bad[i]);
        assert_refused(&config, (gan_shape)MAPS, 0,
                       (const char *[3]){"tested.init_conv", bad[i], "normal D"});
    }
}

/* Batch norm's scale is 1 or N(1, D): what else a weight may start from makes no sense for it. */
static void wrong_batch_norm_initialisers_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",   "one",    "normal", "normal 0",      "normal -1",
                                      "he", "glorot", "torch",  "truncated 0.02"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        gan_net_config config = small_config("dense 5 bn", true);
        snprintf(config.init_bn, sizeof config.init_bn, "%s", bad[i]);
        assert_refused(&config, (gan_shape)VECTOR, 0, (const char *[3]){"tested.init_bn", bad[i], "ones"});
    }
}

/* `word` as often as `bytes` hold it. */
static void repeat(char *out, const char *word, size_t bytes)
{
    size_t n = strlen(word);
    *out = '\0';
    for (size_t at = 0; at + n < bytes; at += n)
        memcpy(out + at, word, n + 1);
}

static void too_long_texts_are_refused(void **state)
{
    (void)state;
    gan_net_config config = small_config("", true);
    repeat(config.layers, "bn  ", sizeof config.layers);
    assert_refused(&config, (gan_shape)VECTOR, 0, (const char *[3]){"more than 128 layers"});
    repeat(config.layers, "|", sizeof config.layers);
    assert_refused(&config, (gan_shape)VECTOR, 0, (const char *[3]){"more than 1024 words"});
    repeat(config.layers, "x", sizeof config.layers);
    assert_refused(&config, (gan_shape)VECTOR, 0, (const char *[3]){"unknown word"});
}

/* What a configuration may hold, a network takes: blanks and bars are not layers. */
static void a_full_configuration_line_is_taken(void **state)
{
    (void)state;
    gan_net_config config = small_config("", true);
    repeat(config.layers, " ", sizeof config.layers);
    memcpy(config.layers, "dense 5|bn|relu", 15);
    memcpy(config.layers + sizeof config.layers - 10, "| dense 2", 9);
    gan_net *net = NULL;
    assert_int_equal(parse_net(&net, &config, (gan_shape)VECTOR, 0), GAN_OK);
    assert_int_equal(gan_net_output_shape(net).c, 2);
    gan_net_destroy(net);
}

static void bars_and_blanks_do_not_matter(void **state)
{
    (void)state;
    static const char *const same[] = {"conv 3 s2 4 bn lrelu dense 2", "conv 3 s2 4|bn lrelu|dense 2",
                                       "  conv\t3  s2 4 \n bn | lrelu | | dense 2 |"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        gan_net *net = NULL;
        gan_net_config config = small_config(same[i], true);
        assert_int_equal(parse_net(&net, &config, (gan_shape)MAPS, 0), GAN_OK);
        assert_int_equal(gan_net_trainable(net), 2 * 9 * 4 + 4 + 2 * 4 + 16 * 2 + 2);
        assert_string_equal(gan_net_param(net, gan_net_param_count(net) - 1)->name, "main.4.bias");
        gan_net_destroy(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_texts_are_refused_with_the_reason),
        cmocka_unit_test(wrong_initialisers_are_refused),
        cmocka_unit_test(wrong_batch_norm_initialisers_are_refused),
        cmocka_unit_test(too_long_texts_are_refused),
        cmocka_unit_test(a_full_configuration_line_is_taken),
        cmocka_unit_test(bars_and_blanks_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
