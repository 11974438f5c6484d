/* The table: every row's default, bounds, garbage and round trip;
 * every field of the struct; the documentation. */
#include "checks.h"

#include "config/options.h"

static bool is_whole(const gan_option_row *row)
{
    return row->type == GAN_OPTION_INT || row->type == GAN_OPTION_INT64;
}

static void rows_are_well_formed(void **state)
{
    (void)state;
    for (size_t i = 0; i < gan_option_count(); i++) {
        const gan_option_row *row = gan_option_row_get(i);
        assert_ptr_equal(gan_option_row_find(row->key), row);
        assert_true(row->help[0] && row->fallback && row->size > 0);
        assert_true(row->offset + row->size <= sizeof(gan_config));
        assert_int_equal(row->option == NULL, row->argument == NULL);
        if (row->option) {
            assert_ptr_equal(gan_option_row_of_option(row->option), row);
            assert_memory_equal(row->option, "--", 2);
        }
        if (row->type == GAN_OPTION_ENUM)
            assert_non_null(row->words);
        else
            assert_null(row->words);
    }
    assert_null(gan_option_row_get(gan_option_count()));
}

static void defaults_are_accepted_and_canonical(void **state)
{
    (void)state;
    gan_config config;
    char value[GAN_TEXT_MAX];
    gan_config_defaults(&config);
    for (size_t i = 0; i < gan_option_count(); i++) {
        const gan_option_row *row = gan_option_row_get(i);
        assert_done(gan_config_set(&config, row->key, row->fallback, "test"));
        gan_option_value(value, &config, i);
        if (row->type == GAN_OPTION_DOUBLE)
            assert_true(strtod(value, NULL) == strtod(row->fallback, NULL));
        else
            assert_string_equal(value, row->fallback);
    }
}

static void refuse(const gan_option_row *row, const char *value)
{
    gan_config before, after;
    gan_config_defaults(&before);
    gan_config_defaults(&after);
    if (gan_config_set(&after, row->key, value, "FILE:7") == GAN_OK)
        fail_msg("%s took '%s'", row->key, value);
    assert_refused(gan_config_set(&after, row->key, value, "FILE:7"), row->key);
    assert_memory_equal(gan_error_message(), "FILE:7: ", 8);
    assert_memory_equal(&before, &after, sizeof before);
}

static void accept(const gan_option_row *row, const char *value)
{
    gan_config config;
    gan_config_defaults(&config);
    assert_done(gan_config_set(&config, row->key, value, "test"));
}

static void bounds_hold(void **state)
{
    (void)state;
    int checked = 0;
    for (size_t i = 0; i < gan_option_count(); i++) {
        const gan_option_row *row = gan_option_row_get(i);
        const char *prefix = row->type == GAN_OPTION_NOISE ? "uniform " : "";
        const char *suffix = row->type == GAN_OPTION_CADENCE || row->type == GAN_OPTION_SECONDS ? "s" : "";
        bool whole = is_whole(row) || *prefix || *suffix;
        if (!whole && row->type != GAN_OPTION_DOUBLE)
            continue;
        char text[64];
        double beyond = whole ? 1 : 1e-3;
        const double outside[] = {row->min - beyond, row->max + beyond};
        const double inside[] = {row->min, row->max};
        for (int k = 0; k < 2; k++) {
            snprintf(text, sizeof text, "%s%.*f%s", prefix, whole ? 0 : 6, outside[k], suffix);
            /* 2^53 + 1 is no double; the row below tests that end. */
            if (outside[k] != inside[k])
                refuse(row, text);
            snprintf(text, sizeof text, whole ? "%s%.0f%s" : "%s%.17g%s", prefix, inside[k], suffix);
            accept(row, text);
        }
        snprintf(text, sizeof text, "%s99999999999999999999999%s", prefix, suffix);
        refuse(row, text);
        checked++;
    }
    assert_true(checked >= 30);
    refuse(gan_option_row_find("train.seed"), "18446744073709551616");
    refuse(gan_option_row_find("train.seed"), "-1");
    accept(gan_option_row_find("train.seed"), "18446744073709551615");
}

static void garbage_is_refused(void **state)
{
    (void)state;
    static const char *const garbage[] = {"",    " ",   "x",   "1x",      "1 2",      "0x10",       "1e400",
                                          "nan", "inf", "-",   "--",      ".",        "1.5.",       "yess",
                                          "YES", "1\n", "\t1", "1 ",      "s",        "-0s",        "60m",
                                          "one", "+",   "1,5", "uniform", "normal x", "uniform100", "٣"};
    for (size_t i = 0; i < gan_option_count(); i++) {
        const gan_option_row *row = gan_option_row_get(i);
        if (row->type == GAN_OPTION_TEXT || row->type == GAN_OPTION_WORDS)
            continue;
        for (size_t k = 0; k < COUNT(garbage); k++)
            refuse(row, garbage[k]);
    }
}

static void whole_numbers_take_digits_only(void **state)
{
    (void)state;
    static const char *const garbage[] = {"1.0", "1e3", "+1", "-1", "1_000"};
    for (size_t i = 0; i < gan_option_count(); i++)
        for (size_t k = 0; k < COUNT(garbage); k++)
            if (is_whole(gan_option_row_get(i)))
                refuse(gan_option_row_get(i), garbage[k]);
}

static void texts_that_a_file_cannot_hold_are_refused(void **state)
{
    (void)state;
    char long_text[GAN_TEXT_MAX + 1];
    memset(long_text, 'x', sizeof long_text);
    long_text[GAN_TEXT_MAX] = '\0';
    const char *bad[] = {"a\nb", "a\x1b[2Jb", "a\x7f", " a", "a ", "a ;b", "a #b", ";a", "#a", long_text};
    const gan_option_row *row = gan_option_row_find("data.path");
    for (size_t k = 0; k < COUNT(bad); k++)
        refuse(row, bad[k]);
    accept(row, "");
    accept(row, "/pictures of cats/a;b#c/ä = [1]");
    accept(row, long_text + 1);
    refuse(gan_option_row_find("generator.layers"), long_text);
    refuse(gan_option_row_find("generator.init_conv"), long_text);
}

static void words_are_brought_to_single_blanks(void **state)
{
    (void)state;
    gan_config config;
    gan_config_defaults(&config);
    assert_done(gan_config_set(&config, "train.order", "  z\t D   G ", "test"));
    assert_string_equal(config.order, "z D G");
}

static void misspelt_words_name_the_nearest(void **state)
{
    (void)state;
    gan_config config;
    gan_config_defaults(&config);
    assert_refused(gan_config_set(&config, "train.bacth", "1", "F:1"),
                   "F:1: unknown key train.bacth (did you mean train.batch?)");
    assert_refused(gan_config_set(&config, "generator.batch", "1", "F:1"), "did you mean train.batch?");
    assert_refused(gan_config_set(&config, "qqqq.wwww", "1", "F:1"), "unknown key qqqq.wwww;");
    assert_refused(gan_config_set(&config, "data.range", "sigend", "F:1"), "(did you mean signed?)");
    assert_refused(gan_config_set(&config, "train.adam", "keras", "F:1"), "it takes tensorflow, pytorch");
}

static void steps_and_epochs_replace_each_other(void **state)
{
    (void)state;
    gan_config config;
    gan_config_defaults(&config);
    assert_done(gan_config_set(&config, "train.epochs", "3", "test"));
    assert_done(gan_config_set(&config, "train.steps", "10", "test"));
    assert_int_equal(config.steps, 10);
    assert_int_equal(config.epochs, 0);
    assert_done(gan_config_set(&config, "train.epochs", "0", "test"));
    assert_int_equal(config.steps, 10);
    assert_done(gan_config_set(&config, "train.epochs", "4", "test"));
    assert_int_equal(config.steps, 0);
}

/* One value for every field in order, none of them the default: a field that is added to the struct does not
 * compile here (missing initialiser), and one that has no row does not survive the round trip. */
static const gan_config all_fields = {
    "",
    {"dense 1", "glorot", "he", "normal 0.5", false, 1e-3, 1.0 / 3, 0.125, 0.9, 0.99, 1e-7},
    {"dense 2 | dense 3", "torch", "truncated 0.1", "normal 0.25", false, 2e-3, 2.0 / 3, 0.25, 0.8, 0.98,
     1e-6},
    GAN_NOISE_UNIFORM,
    7,
    true,
    "z (D G)",
    60,
    5,
    UINT64_MAX,
    "softmax",
    GAN_BN_SHARD,
    3,
    GAN_ADAM_PYTORCH,
    GAN_SUMS_MPI,
    GAN_REDUCE_TREE,
    "/a b/c;d#e",
    GAN_SPLIT_TEST,
    4294967296,
    11,
    12,
    1,
    GAN_RANGE_UNIT,
    GAN_RESIZE_NEAREST,
    false,
    true,
    GAN_LABELS_FOLDERS,
    13,
    0.7,
    "out put",
    14,
    0,
    15,
    {16, false},
    20,
    {17, false},
    18,
    19,
    "ref",
    21,
    GAN_PICTURES_HOST,
    GAN_GRAPH_OFF,
    22,
    23,
    "never",
};

static void every_field_has_a_row(void **state)
{
    (void)state;
    gan_config wanted, other, read;
    /* Zeroed padding, as gan_config_defaults() leaves it. */
    memset(&wanted, 0, sizeof wanted);
    wanted = all_fields;
    gan_config_defaults(&other);
    char a[GAN_TEXT_MAX], b[GAN_TEXT_MAX];
    for (size_t i = 0; i < gan_option_count(); i++) {
        gan_option_value(a, &wanted, i);
        gan_option_value(b, &other, i);
        if (strcmp(gan_option_row_get(i)->key, "train.epochs") != 0)
            assert_string_not_equal(a, b);
    }
    for (int length = 0; length < 2; length++) {
        wanted.steps = length ? 0 : 14;
        wanted.epochs = length ? 22 : 0;
        wanted.checkpoint.seconds = wanted.sample.seconds = length;
        char *text = gan_config_text(&wanted, false);
        assert_non_null(text);
        gan_config_defaults(&read);
        assert_done(gan_config_apply_text(&read, text, "text"));
        free(text);
        assert_memory_equal(&wanted, &read, sizeof read);
    }
}

static void the_defining_rows_are_these(void **state)
{
    (void)state;
    static const char *const free_rows[] = {
        "train.comm",       "train.reduce",        "train.precision",       "train.steps",
        "train.epochs",     "data.path",           "data.max_bad_fraction", "output.dir",
        "output.log_every", "output.sample_every", "output.sample_num",     "output.checkpoint_every",
        "output.keep",      "run.backend",         "run.threads",           "run.pictures",
        "run.graph",        "run.resume",          "run.check_every",       "run.stall_warning",
        "run.stall_timeout"};
    size_t n = 0;
    for (size_t i = 0; i < gan_option_count(); i++) {
        bool is_free = false;
        for (size_t k = 0; k < COUNT(free_rows); k++)
            is_free = is_free || strcmp(free_rows[k], gan_option_get(i).key) == 0;
        assert_int_equal(gan_option_get(i).defines_run, !is_free);
        n += is_free;
    }
    assert_int_equal(n, COUNT(free_rows));
}

static void doubles_print_short_and_exact(void **state)
{
    (void)state;
    static const char *const values[] = {"0.0002", "0.1", "1e-05", "0.3333333333333333",
                                         "0.1234567890123456"};
    gan_config config;
    char value[GAN_TEXT_MAX];
    gan_config_defaults(&config);
    const gan_option_row *row = gan_option_row_find("generator.bn_momentum");
    for (size_t i = 0; i < COUNT(values); i++) {
        assert_done(gan_config_set(&config, row->key, values[i], "test"));
        gan_value_print(value, &config, row);
        assert_string_equal(value, values[i]);
    }
}

/* `|` would end a cell of the table. */
static void append_cell(char *out, size_t size, const char *text, const char *quote)
{
    size_t n = strlen(out);
    n += (size_t)snprintf(out + n, size - n, " %s", text[0] ? quote : "");
    for (; *text && n + 3 < size; text++) {
        if (*text == '|')
            out[n++] = '\\';
        out[n++] = *text;
    }
    out[n] = '\0';
    snprintf(out + n, size - n, "%s |", out[n - 1] == ' ' ? "" : quote);
}

static void the_documentation_has_every_row(void **state)
{
    (void)state;
    FILE *file = fopen(SOURCE_DIR "/docs/formats.md", "r");
    assert_non_null(file);
    static char text[1 << 18];
    size_t n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    fclose(file);
    int missing = 0;
    for (size_t i = 0; i < gan_option_count(); i++) {
        const gan_option_row *row = gan_option_row_get(i);
        char line[1024] = "|", takes[200], option[128] = "";
        gan_option_takes(takes, sizeof takes, row);
        if (row->option)
            snprintf(option, sizeof option, "%s %s", row->option, row->argument);
        append_cell(line, sizeof line, row->key, "`");
        append_cell(line, sizeof line, takes, "");
        append_cell(line, sizeof line, row->fallback, "`");
        append_cell(line, sizeof line, option, "`");
        append_cell(line, sizeof line, row->defines_run ? "yes" : "no", "");
        append_cell(line, sizeof line, row->help, "");
        if (!strstr(text, line)) {
            print_message("%s\n", line);
            missing++;
        }
    }
    if (missing)
        fail_msg("docs/formats.md lacks the %d lines above", missing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_well_formed),
        cmocka_unit_test(defaults_are_accepted_and_canonical),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(whole_numbers_take_digits_only),
        cmocka_unit_test(texts_that_a_file_cannot_hold_are_refused),
        cmocka_unit_test(words_are_brought_to_single_blanks),
        cmocka_unit_test(misspelt_words_name_the_nearest),
        cmocka_unit_test(steps_and_epochs_replace_each_other),
        cmocka_unit_test(every_field_has_a_row),
        cmocka_unit_test(the_defining_rows_are_these),
        cmocka_unit_test(doubles_print_short_and_exact),
        cmocka_unit_test(the_documentation_has_every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
