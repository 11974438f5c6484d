/* INI texts: headings, comments, long and continued lines, duplicates, line numbers, garbage. */
#include "checks.h"

#include <unistd.h>

static gan_config config;

static gan_status apply(const char *text)
{
    gan_config_defaults(&config);
    return gan_config_apply_text(&config, text, "my.ini");
}

static void a_plain_file_is_read(void **state)
{
    (void)state;
    assert_done(
        apply("# comment\n; comment\n\n[train]\nbatch = 32 # here\nseed=7 ; and here\norder : z D G  \n"
              "\n  [data]\n  path = a;b#c  # cut\n"));
    assert_int_equal(config.batch, 32);
    assert_int_equal(config.seed, 7);
    assert_string_equal(config.order, "z D G");
    assert_string_equal(config.data, "a;b#c");
}

static void line_ends_and_mark_of_other_systems_are_fine(void **state)
{
    (void)state;
    assert_done(apply("\xef\xbb\xbf[train]\r\nbatch = 32\r\n\r\nseed = 7"));
    assert_int_equal(config.batch, 32);
    assert_int_equal(config.seed, 7);
    assert_done(apply(""));
    assert_done(apply("\n\n"));
    assert_done(apply("[train]"));
}

static void an_empty_value_is_empty(void **state)
{
    (void)state;
    assert_done(apply("[data]\npath =\n[train]\nbatch = 2\n"));
    assert_string_equal(config.data, "");
    assert_refused(apply("[train]\n\nbatch =\n"), "my.ini:3: train.batch cannot be ''");
}

static void messages_name_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[train]\nbatch = 0\n",
         "my.ini:2: train.batch cannot be '0'; it takes a whole number, 1 to 1048576"},
        {"[train]\n# a\n\nbacth = 3\n", "my.ini:4: unknown key train.bacth (did you mean train.batch?)"},
        {"\n[trian]\nbatch = 3\n", "my.ini:2: unknown section [trian] (did you mean [train]?)"},
        {"[trian]\n", "my.ini:1: unknown section [trian]"},
        {"[]\n", "my.ini:1: unknown section []"},
        {"[train\nbatch = 3\n", "my.ini:1: the section heading has no closing ']'"},
        {"[train] batch = 3\n", "my.ini:1: text after the section heading"},
        {"[train]\nbatch 3\n", "my.ini:2: neither 'key = value' nor a [section] heading"},
        {"[train]\n= 3\n", "my.ini:2: no key before the '='"},
        {"batch = 3\n", "my.ini:1: 'batch' stands before any [section]"},
        {"[train]\nseed = 1\nbatch = 2\nseed = 1\n", "my.ini:4: train.seed is already set in line 2"},
        {"[train]\nseed = 1\n[data]\n[train]\nseed = 2\n", "my.ini:5: train.seed is already set in line 2"},
        {"[train]\nbatch = 3\n   seed = 1\n", "my.ini:2: the indented line below continues train.batch"},
        {"[train]\nba\x01tch = 3\n", "my.ini:2: a control byte"},
        {"[train]\npreset = gan-mnist\n", "my.ini:2: unknown key train.preset"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_refused(apply(cases[i].text), cases[i].message);
}

static void a_preset_line_comes_first_and_once(void **state)
{
    (void)state;
    assert_done(apply("preset = gan-mnist\n[train]\nbatch = 32\n"));
    assert_string_equal(config.preset, "gan-mnist");
    assert_int_equal(config.batch, 32);
    assert_int_equal(config.noise_dim, 62);
    assert_refused(apply("\npreset = gan-minst\n"),
                   "my.ini:2: unknown preset gan-minst (did you mean gan-mnist?)");
    assert_refused(apply("preset = gan-mnist\npreset = gan-mnist\n"),
                   "my.ini:2: preset is already set in line 1");
    gan_config_defaults(&config);
    assert_done(gan_config_apply_preset(&config, "dcgan64"));
    assert_refused(gan_config_apply_text(&config, "preset = gan-mnist\n", "my.ini"),
                   "my.ini:1: preset = gan-mnist, but preset dcgan64 is already chosen");
}

static void indented_lines_continue_words(void **state)
{
    (void)state;
    assert_done(apply("[generator]\nlayers = dense 4x4x8 bn relu |\n    deconv 4 s2 4 # half\n\n"
                      "  # aside\n\t| deconv 4 s2 1\n"
                      "bias = no\n[train]\nbatch = 5\n"));
    assert_string_equal(config.generator.layers, "dense 4x4x8 bn relu | deconv 4 s2 4 | deconv 4 s2 1");
    assert_false(config.generator.bias);
    assert_int_equal(config.batch, 5);
    assert_refused(apply("[generator]\nlayers = dense 1\n  dense 2\nlayers = dense 1\n"),
                   "my.ini:4: generator.layers is already set in line 2");
}

/* inih hands lines over in pieces of its buffer, 200 bytes in Debian:
 * every length around it must come through. */
static void lines_of_any_length_come_through(void **state)
{
    (void)state;
    static char text[3 * GAN_TEXT_MAX], value[GAN_TEXT_MAX];
    for (size_t n = 1; n < GAN_TEXT_MAX; n += n < 900 ? 1 : 97) {
        memset(value, 0, sizeof value);
        for (size_t i = 0; i < n; i++)
            value[i] = i % 11 == 5 && i + 1 < n ? ' ' : (char)('a' + (i * i + n) % 26);
        snprintf(text, sizeof text, "[data]\npath = %s # %s\n[train]\nbatch = 3\n", value, value);
        assert_done(apply(text));
        assert_string_equal(config.data, value);
        assert_int_equal(config.batch, 3);
        snprintf(text, sizeof text, "[generator]\nlayers = %s\n   %s\nbias = no\n[train]\nbacth = 3\n", value,
                 "x");
        if (n < GAN_TEXT_MAX - 2)
            assert_refused(apply(text), "my.ini:6: unknown key train.bacth");
    }
}

static void hard_long_lines_are_whole_or_refused(void **state)
{
    (void)state;
    static char text[2 * GAN_TEXT_MAX], value[1000];
    /* Signs that would begin a comment, a heading or a key after a cut. */
    static const char signs[] = ";#[]=: ";
    for (unsigned seed = 1; seed < 400; seed++) {
        unsigned x = seed;
        size_t n = 0;
        while (n < 700) {
            x = x * 1664525u + 1013904223u;
            char c = (x >> 24) % 3 ? 'a' : signs[(x >> 16) % (sizeof signs - 1)];
            bool comment = (c == ';' || c == '#') && (n == 0 || value[n - 1] == ' ');
            bool twice = c == ' ' && (n == 0 || value[n - 1] == ' ');
            value[n++] = comment || twice ? 'b' : c;
        }
        value[n - 1] = 'e';
        value[0] = 's';
        value[n] = '\0';
        snprintf(text, sizeof text, "[data]\npath = %s\n", value);
        assert_done(apply(text));
        assert_string_equal(config.data, value);
    }
    memset(value, ' ', 900);
    value[900] = '\0';
    snprintf(text, sizeof text, "[data]\npath = a%sb\n", value);
    assert_refused(apply(text), "my.ini:2: the line is too long");
    memset(value, 'k', 900);
    snprintf(text, sizeof text, "[data]\npath = a\n%s = 3\n", value);
    assert_refused(apply(text), "my.ini:3: the key is too long");
}

static void values_beyond_the_struct_are_refused(void **state)
{
    (void)state;
    static char text[3 * GAN_TEXT_MAX], value[GAN_TEXT_MAX + 1];
    memset(value, 'x', GAN_TEXT_MAX);
    snprintf(text, sizeof text, "[data]\npath = %s\n", value);
    assert_refused(apply(text), "my.ini:2: data.path has 4096 bytes; at most 4095 are allowed");
}

static void files_are_read_or_refused(void **state)
{
    (void)state;
    char path[] = "/tmp/gan_config_XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    static const char text[] = "[train]\nbatch = 9\nbacth = 1\n";
    assert_int_equal(write(file, text, 18), 18);
    gan_config_defaults(&config);
    assert_done(gan_config_apply_file(&config, path));
    assert_int_equal(config.batch, 9);
    assert_int_equal(write(file, text + 18, 10), 10);
    char message[128];
    snprintf(message, sizeof message, "%s:3: unknown key train.bacth", path);
    assert_refused(gan_config_apply_file(&config, path), message);
    assert_int_equal(pwrite(file, "", 1, 0), 1);
    assert_refused(gan_config_apply_file(&config, path), "a zero byte");
    close(file);
    unlink(path);
    assert_refused(gan_config_apply_file(&config, path), path);
    assert_refused(gan_config_apply_file(&config, "/tmp"), "/tmp");
}

/* Random texts from pieces that matter: nothing but GAN_OK or one line of
 * GAN_BAD_INPUT, and no memory error. */
static void garbage_is_refused_in_one_line(void **state)
{
    (void)state;
    static const char *const pieces[] = {"[",
                                         "]",
                                         "train",
                                         "[train]",
                                         "[data]\n",
                                         "batch",
                                         "=",
                                         ":",
                                         " ",
                                         "\n",
                                         "\t",
                                         "3",
                                         "preset = gan-mnist\n",
                                         "layers",
                                         "[generator]\n",
                                         "|",
                                         ";",
                                         "#",
                                         "\r",
                                         "path = ",
                                         "\xff",
                                         "\x80\x01",
                                         "\n  ",
                                         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                         "order = z D G\n",
                                         "\n",
                                         "= ",
                                         "seed = 5\n",
                                         "\xef\xbb\xbf"};
    static char text[20000];
    unsigned x = 12345;
    int good = 0, bad = 0;
    for (int round = 0; round < 20000; round++) {
        size_t n = 0;
        x = x * 1664525u + 1013904223u;
        unsigned count = (x >> 20) % 60;
        for (unsigned i = 0; i < count; i++) {
            x = x * 1664525u + 1013904223u;
            n += (size_t)snprintf(text + n, sizeof text - n, "%s", pieces[(x >> 16) % COUNT(pieces)]);
        }
        text[n] = '\0';
        gan_status status = apply(text);
        if (status == GAN_OK)
            good++;
        else
            assert_refused(status, "my.ini:"), bad++;
    }
    assert_true(good > 100 && bad > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_file_is_read),
        cmocka_unit_test(line_ends_and_mark_of_other_systems_are_fine),
        cmocka_unit_test(an_empty_value_is_empty),
        cmocka_unit_test(messages_name_the_line),
        cmocka_unit_test(a_preset_line_comes_first_and_once),
        cmocka_unit_test(indented_lines_continue_words),
        cmocka_unit_test(lines_of_any_length_come_through),
        cmocka_unit_test(hard_long_lines_are_whole_or_refused),
        cmocka_unit_test(values_beyond_the_struct_are_refused),
        cmocka_unit_test(files_are_read_or_refused),
        cmocka_unit_test(garbage_is_refused_in_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
