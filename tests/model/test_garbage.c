/* Texts of the presets with random damage: a network or GAN_BAD_INPUT with a message,
 * never a crash. What parses and is small also runs, forward and backward:
 * the sanitizers then see that its shapes are its memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nets.h"

#define TEXTS_EACH  150 /* per network of a preset */
#define SMALL_BYTES (2.0 * 1024 * 1024)
#define SMALL_FLOPS 2e6

/* A stream of random numbers from the project's own generator. */
typedef struct dice {
    gan_rng at;
} dice;

static size_t roll(dice *d, size_t sides)
{
    uint32_t word;
    d->at.index++;
    gan_rng_words(&word, 1, d->at);
    return word % sides;
}

static const char *const pieces[] = {"dense",      "conv",    "deconv",   "bn",     "relu",
                                     "lrelu",      "tanh",    "label",    "|",      "reshape",
                                     "flatten",    "sigmoid", "s2",       "p1",     "1",
                                     "3",          "65536",   "16777216", "s65536", "p65535",
                                     "2x2x2",      "-1",      "0",        "1x1x1",  "65536x65536x65536",
                                     "2147483648", "s",       "p",        "x",      "4x4",
                                     "\xff\xfe",   "1e9",     "%s%n"};

/* Changes a digit, overwrites or removes a byte, or puts a word somewhere. */
static void damage(char text[GAN_TEXT_MAX], dice *d)
{
    size_t n = strlen(text), at = roll(d, n + 1);
    switch (roll(d, 6)) {
    case 0:
    case 1:
        at += strcspn(text + at, "0123456789");
        if (at < n)
            text[at] = (char)('0' + roll(d, 10));
        break;
    case 2:
        if (at < n)
            text[at] = (char)(1 + roll(d, 255));
        break;
    case 3:
        memmove(text + at, text + (at < n ? at + 1 : n), n - (at < n ? at : n - 1));
        break;
    default: {
        char word[32];
        int length = snprintf(word, sizeof word, " %s ", pieces[roll(d, sizeof pieces / sizeof *pieces)]);
        size_t cut = roll(d, 2) ? strcspn(text + at, " ") : 0; /* half of them replace what stands there */
        if (n + (size_t)length < GAN_TEXT_MAX) {
            memmove(text + at + length, text + at + cut, n - at - cut + 1);
            memcpy(text + at, word, (size_t)length);
        }
    }
    }
}

static void run_small(const gan_net_config *config, gan_shape input, gan_backend *backend)
{
    gan_net_spec spec = {.name = "tested",
                         .config = config,
                         .input = input,
                         .classes = NET_CLASSES,
                         .shard_pictures = 1,
                         .n_local = 2,
                         .n_global = 2,
                         .passes = 1,
                         .input_gradient = true};
    gan_net *net = NULL;
    assert_int_equal(gan_net_create(&net, backend, &spec), GAN_OK);
    assert_int_equal(gan_net_init(net, 1), GAN_OK);
    float *x = calloc(gan_shape_count(input), sizeof *x);
    assert_non_null(x);
    int label = 1;
    gan_pass *pass = gan_net_pass(net, 0);
    for (int shard = 0; shard < 2; shard++)
        gan_pass_set_input(pass, shard, x, &label);
    assert_int_equal(gan_net_forward(net, pass, true), GAN_OK);
    for (int shard = 0; shard < 2; shard++)
        memcpy(gan_pass_output_gradient(pass, shard), gan_pass_output(pass, shard),
               gan_shape_count(gan_net_output_shape(net)) * sizeof *x);
    assert_int_equal(gan_net_backward(net, &pass, 1, GAN_WANT_PARAMETERS | GAN_WANT_INPUT), GAN_OK);
    assert_int_equal(gan_net_forward(net, pass, false), GAN_OK);
    free(x);
    gan_net_destroy(net);
}

typedef struct tally {
    int refused, taken, run;
} tally;

static void try_text(tally *t, const gan_net_config *config, gan_shape input, gan_backend *backend)
{
    gan_net *net = NULL;
    gan_error(GAN_FAILED, "%s", "");
    gan_status status = parse_net(&net, config, input, NET_CLASSES);
    if (status == GAN_BAD_INPUT) {
        assert_null(net);
        assert_true(gan_error_message()[0] != '\0');
        t->refused++;
        return;
    }
    if (status != GAN_OK)
        fail_msg("'%s': status %d, %s", config->layers, (int)status, gan_error_message());
    bool is_small = gan_net_memory_bytes(net) < SMALL_BYTES && gan_net_forward_flops(net) < SMALL_FLOPS;
    gan_shape out = gan_net_output_shape(net);
    assert_true(out.h > 0 && out.w > 0 && out.c > 0);
    gan_net_destroy(net);
    t->taken++;
    t->run += is_small;
    if (is_small)
        run_small(config, input, backend);
}

static void damaged_presets_parse_or_say_why(void **state)
{
    (void)state;
    static gan_config config;
    tally t = {0};
    dice d = {{.seed = 20, .stream = GAN_STREAM_FACES}};
    gan_backend *backend;
    assert_int_equal(gan_backend_open(&backend, "ref", &(gan_backend_options){.threads = 1}), GAN_OK);
    const char *name;
    for (size_t preset = 0; (name = gan_preset_name(preset)); preset++)
        for (int text = 0; text < 2 * TEXTS_EACH; text++) {
            gan_config_defaults(&config);
            assert_int_equal(gan_config_apply_preset(&config, name), GAN_OK);
            bool generator = text % 2 == 0;
            gan_net_config *net = generator ? &config.generator : &config.discriminator;
            for (size_t k = 1 + roll(&d, 3); k > 0; k--)
                damage(net->layers, &d);
            gan_shape picture = {config.height, config.width, config.channels};
            try_text(&t, net, generator ? (gan_shape){1, 1, config.noise_dim} : picture, backend);
        }
    gan_backend_close(backend);
    /* Both ways out were taken, so neither the damage nor the parser is trivial. */
    assert_true(t.refused > 500 && t.taken > 100);
}

/* Texts of nothing but pieces: these reach odd shapes that run. */
static void random_words_parse_or_say_why(void **state)
{
    (void)state;
    tally t = {0};
    dice d = {{.seed = 21, .stream = GAN_STREAM_FACES}};
    gan_backend *backend;
    assert_int_equal(gan_backend_open(&backend, "ref", &(gan_backend_options){.threads = 1}), GAN_OK);
    for (int text = 0; text < 3000; text++) {
        gan_net_config config = small_config("", text % 2 == 0);
        for (size_t words = 1 + roll(&d, 12); words > 0; words--) {
            size_t used = strlen(config.layers), sizes[] = {1, 2, 3, 5};
            switch (roll(&d, 5)) {
            case 0:
                snprintf(config.layers + used, 64, "%s ", pieces[roll(&d, sizeof pieces / sizeof *pieces)]);
                break;
            case 1:
                snprintf(config.layers + used, 64, "dense %zux%zux%zu ", sizes[roll(&d, 4)],
                         sizes[roll(&d, 4)], sizes[roll(&d, 4)]);
                break;
            case 2:
                snprintf(config.layers + used, 64, "%s ", pieces[3 + roll(&d, 6)]);
                break;
            default:
                snprintf(config.layers + used, 64, "%s %zu s%zu %s %zu ", roll(&d, 2) ? "conv" : "deconv",
                         sizes[roll(&d, 4)], sizes[roll(&d, 4)], roll(&d, 2) ? "p1" : "", sizes[roll(&d, 4)]);
            }
        }
        try_text(&t, &config, text % 3 ? (gan_shape){4, 5, 2} : (gan_shape){1, 1, 6}, backend);
    }
    gan_backend_close(backend);
    assert_true(t.refused > 500 && t.run > 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_presets_parse_or_say_why),
        cmocka_unit_test(random_words_parse_or_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
