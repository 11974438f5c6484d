/* `gan_dist presets` and `gan_dist help`: what they print. */
#include "checks.h"

#include <unistd.h>
#include "commands/commands.h"

static char printed[1 << 16];
static gan_status status;

/* Runs `presets` with its standard output going to `printed`; argc < 0: `help` with -argc - 1 words. */
static void capture(int argc, const char *const *words)
{
    fflush(stdout);
    FILE *file = tmpfile();
    int before = dup(STDOUT_FILENO);
    assert_true(file && before >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0);
    status = GAN_OK;
    if (argc < 0)
        status = gan_command_help_words(-argc - 1, (char **)words);
    else
        status = gan_command_presets(argc, (char **)words);
    fflush(stdout);
    assert_true(dup2(before, STDOUT_FILENO) >= 0);
    close(before);
    rewind(file);
    printed[fread(printed, 1, sizeof printed - 1, file)] = '\0';
    fclose(file);
}

static void presets_lists_all_in_one_line_each(void **state)
{
    (void)state;
    capture(0, NULL);
    assert_done(status);
    char *line = printed;
    for (size_t i = 0; gan_preset_name(i); i++) {
        const char *name = gan_preset_name(i);
        assert_memory_equal(line, name, strlen(name));
        assert_int_equal(line[strlen(name)], ' ');
        assert_true(strcspn(line, "\n") > strlen(name) + 10);
        line = strchr(line, '\n');
        assert_non_null(line++);
    }
    assert_string_equal(line, "");
}

static void presets_prints_one_as_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; gan_preset_name(i); i++) {
        const char *name = gan_preset_name(i);
        capture(1, &name);
        assert_done(status);
        assert_string_equal(printed, gan_preset_text(name));
    }
}

static void presets_refuses_other_words(void **state)
{
    (void)state;
    const char *words[] = {"gan-minst", "dcgan64"};
    capture(1, words);
    assert_refused(status, "unknown preset gan-minst (did you mean gan-mnist?)");
    assert_string_equal(printed, "");
    capture(2, words);
    assert_refused(status, "dcgan64");
}

static void help_has_every_command_option_and_preset(void **state)
{
    (void)state;
    static const char *const commands[] = {"[train]", "generate", "presets", "check",
                                           "bench",   "info",     "pack"};
    capture(-1, NULL);
    for (size_t i = 0; i < COUNT(commands); i++) {
        char word[64];
        snprintf(word, sizeof word, "\ngan_dist %s", commands[i]);
        assert_non_null(strstr(printed, word));
    }
    for (size_t i = 0; i < gan_option_count(); i++) {
        gan_option option = gan_option_get(i);
        char word[128];
        if (!option.option)
            continue;
        snprintf(word, sizeof word, "\n  %s %s ", option.option, option.argument);
        assert_non_null(strstr(printed, word));
        assert_non_null(strstr(printed, option.help));
    }
    for (size_t i = 0; gan_preset_name(i); i++)
        assert_non_null(strstr(printed, gan_preset_name(i)));
}

/* Every option in `printed` stands in a line of its own, once. */
static void assert_listed(const char *option, bool listed)
{
    char line[128];
    snprintf(line, sizeof line, "\n  %s", option);
    size_t n = strlen(line);
    int found = 0;
    for (const char *at = printed; (at = strstr(at, line)); at += n)
        found += at[n] == ' ' || at[n] == '\n';
    if (found != listed)
        fail_msg("%s stands there %d times, not %d, in: %s", option, found, listed, printed);
}

static void help_of_a_command_has_all_that_it_takes(void **state)
{
    (void)state;
    static const char *const of_generate[] = {"--checkpoint", "--mode",    "--num",     "--class",    "--out",
                                              "--seed",       "--backend", "--threads", "--precision"};
    const gan_command_row *row;
    for (size_t c = 0; (row = gan_command_get(c)); c++) {
        capture(-2, &row->word);
        assert_done(status);
        assert_memory_equal(printed, "gan_dist ", 9);
        assert_non_null(strstr(printed, row->usage));
        assert_non_null(strstr(printed, row->help));
        bool all = strcmp(row->takes, "all") == 0;
        for (size_t i = 0; all && i < gan_option_count(); i++)
            if (gan_option_get(i).option)
                assert_listed(gan_option_get(i).option, true);
        assert_listed("--preset", all);
        assert_listed("--count", strcmp(row->word, "bench") == 0);
        for (size_t i = 0; i < COUNT(of_generate) && !all; i++)
            assert_listed(of_generate[i], strcmp(row->word, "generate") == 0);
    }
    const char *words[] = {"generate"};
    capture(-2, words);
    assert_listed("--batch", false);
    assert_non_null(strstr(printed, "  --threads T "));
    assert_null(strstr(printed, "runs/PRESET")); /* that is what --out means to train */
}

static void help_refuses_other_words(void **state)
{
    (void)state;
    const char *words[] = {"generat", "x"};
    capture(-2, words);
    assert_refused(status, "unknown command 'generat' (did you mean 'generate'?)");
    assert_string_equal(printed, "");
    const char *option = "--batch";
    capture(-2, &option);
    assert_refused(status, "help takes a command, found '--batch'; gan_dist help prints all options");
    capture(-3, words);
    assert_refused(status, "help takes one command, found 'x'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presets_lists_all_in_one_line_each),
        cmocka_unit_test(presets_prints_one_as_it_is),
        cmocka_unit_test(presets_refuses_other_words),
        cmocka_unit_test(help_has_every_command_option_and_preset),
        cmocka_unit_test(help_of_a_command_has_all_that_it_takes),
        cmocka_unit_test(help_refuses_other_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
