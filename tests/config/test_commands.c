/* `gan_dist presets` and `gan_dist help`: what they print. */
#include "checks.h"

#include <unistd.h>
#include "commands/commands.h"

static char printed[1 << 16];
static gan_status status;

/* Runs a command with its standard output going to `printed`; argc < 0 runs help. */
static void capture(int argc, const char *const *words)
{
    fflush(stdout);
    FILE *file = tmpfile();
    int before = dup(STDOUT_FILENO);
    assert_true(file && before >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0);
    status = GAN_OK;
    if (argc < 0)
        gan_command_help();
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presets_lists_all_in_one_line_each),
        cmocka_unit_test(presets_prints_one_as_it_is),
        cmocka_unit_test(presets_refuses_other_words),
        cmocka_unit_test(help_has_every_command_option_and_preset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
