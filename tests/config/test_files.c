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
    assert_done(apply("\xef\xbb\xbf# mine\r[train]\r\rbatch = 32 # few\rorder = z D G   \r\r\nseed = 7\r"));
    assert_int_equal(config.batch, 32);
    assert_int_equal(config.seed, 7);
    assert_string_equal(config.order, "z D G");
    assert_refused(apply("[train]\r\rbatch = 3\rbacth = 4\r"), "my.ini:4: unknown key train.bacth");
    assert_refused(apply("[train]\r\n\r\r\nbacth = 4\r\r\n"), "my.ini:3: unknown key train.bacth");
    assert_done(apply(""));
    assert_done(apply("\n\n"));
    assert_done(apply("\r"));
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

/* What word processors and web pages put in place of plain characters is named, since it cannot be seen,
 * or looks like what it is not. */
static void strange_characters_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[train]\n\xc2\xa0"
         "batch = 3\n",
         "my.ini:2: a no-break space (U+00A0) in the key or before it"},
        {"[train]\nbatch\xc2\xa0= 3\n", "my.ini:2: a no-break space (U+00A0) in the key"},
        {"[train]\nbatch =\xc2\xa0"
         "3\n",
         "my.ini:2: a no-break space (U+00A0) in the value of train.batch"},
        {"[train]\nbatch = 3\xc2\xa0# few\n",
         "my.ini:2: a no-break space (U+00A0) in the value of train.batch"},
        {"[train]\nbatch \xef\xbc\x9d 3\n", "my.ini:2: a full-width '=' (U+FF1D) in a line without '='"},
        {"[train]\nbatch = \xe2\x80\x9c"
         "3\xe2\x80\x9d\n",
         "my.ini:2: a curly quote (U+201C) in the value of train.batch"},
        {"preset = \xe2\x80\x98gan-mnist\xe2\x80\x99\n",
         "my.ini:1: a curly quote (U+2018) in the value of preset"},
        {"[train]\n\xe2\x80\x8b[data]\n",
         "my.ini:2: a character without width (U+200B) in a line without '='"},
        {"[tr\xc3\xa4in]\n", "my.ini:1: a character that is not ASCII (U+00E4) in the section heading"},
        {"[train]\n\xef\xbb\xbf"
         "batch = 3\n",
         "my.ini:2: a byte-order mark (U+FEFF) in the key or before it"},
        {"[generator]\nlayers = dense 4x4x8\xe3\x80\x80| deconv 4\n",
         "my.ini:2: a full-width space (U+3000) in the value of generator.layers"},
        {"[data]\npath = /pictures\xc2\xa0\n",
         "my.ini:2: a no-break space (U+00A0) in the value of data.path"},
        {"[train]\nb\xe4tch = 3\n", "my.ini:2: byte 0xe4, which is no UTF-8, in the key"},
        {"[train]\nbatch = 3\n# end\n\x0c\n", "my.ini:4: a control byte (0x0c)"},
        {"\xff\xfe[", "my.ini:1: UTF-16 text: save it as UTF-8"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_refused(apply(cases[i].text), cases[i].message);
    assert_done(apply("# \xe2\x80\x9cmine\xe2\x80\x9d\xc2\xa0\n[data]\npath = "
                      "/\xc3\xa4\xc2\xa0\xe2\x80\x9cx\xe2\x80\x9d # \xa0\n"));
    assert_string_equal(config.data, "/\xc3\xa4\xc2\xa0\xe2\x80\x9cx\xe2\x80\x9d");
}

/* The same text as each editor and system saves it. `units`: 1 for bytes, 2 for UTF-16. */
static size_t save_as(char *out, const char *text, int units, bool big, bool mark)
{
    size_t n = 0;
    if (mark && units == 2)
        n += (size_t)sprintf(out, "%s", big ? "\xfe\xff" : "\xff\xfe");
    if (mark && units == 1)
        n += (size_t)sprintf(out, "\xef\xbb\xbf");
    for (; *text; text++) {
        if (units == 2 && big)
            out[n++] = 0;
        out[n++] = *text;
        if (units == 2 && !big)
            out[n++] = 0;
    }
    return n;
}

static void check_file(const char *bytes, size_t n, const char *refused)
{
    char path[] = "/tmp/gan_config_XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, n), n);
    close(file);
    gan_config_defaults(&config);
    gan_status status = gan_config_apply_file(&config, path);
    unlink(path);
    if (refused) {
        assert_refused(status, refused);
        return;
    }
    assert_done(status);
    assert_int_equal(config.batch, 9);
    assert_string_equal(config.data, "x y");
}

static void files_of_other_editors_are_taken(void **state)
{
    (void)state;
    static const char *const ends[] = {"\n", "\r\n", "\r", "\r\r\n"};
    char text[256], bytes[1024];
    for (size_t e = 0; e < COUNT(ends); e++)
        for (int units = 1; units <= 2; units++)
            for (int big = 0; big < units; big++)
                for (int mark = 0; mark < 2; mark++)
                    for (int last = 0; last < 3; last++) {
                        snprintf(text, sizeof text, "# mine%s[train]%sbatch = 9  %s%s[data]\t%spath = x y%s",
                                 ends[e], ends[e], ends[e], ends[e], ends[e],
                                 last == 0   ? ""
                                 : last == 1 ? ends[e]
                                             : "\n\x1a");
                        check_file(bytes, save_as(bytes, text, units, big, mark), NULL);
                    }
    size_t n = save_as(bytes, "[train]\nbatch = 9\n[data]\npath = x y", 2, false, true);
    check_file(bytes, n - 1, "damaged or cut UTF-16 text"); /* half a character */
    memcpy(bytes + n, "\x3d\xd8", 2);                       /* the first half of a pair */
    check_file(bytes, n + 2, "damaged or cut UTF-16 text");
    check_file("\xff\xfe\0\0[\0\0\0", 8, "UTF-32");
    /* U+00E4, U+4E00 and U+1F600, in a comment and in a value. */
    static const char wide[] =
        "\xff\xfe#\0\xe4\0\x00\x4e\n\0[\0d\0a\0t\0a\0]\0\n\0p\0a\0t\0h\0=\0\xe4\0\x00\x4e\x3d\xd8\x00\xde";
    char path[] = "/tmp/gan_config_XXXXXX";
    int file = mkstemp(path);
    assert_int_equal(write(file, wide, sizeof wide - 1), sizeof wide - 1);
    close(file);
    gan_config_defaults(&config);
    assert_done(gan_config_apply_file(&config, path));
    unlink(path);
    assert_string_equal(config.data, "\xc3\xa4\xe4\xb8\x80\xf0\x9f\x98\x80");
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
        cmocka_unit_test(strange_characters_are_named),
        cmocka_unit_test(files_of_other_editors_are_taken),
        cmocka_unit_test(garbage_is_refused_in_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
