/* The manual page and the completion: every command, option, key and preset of the tables stands in both. How
 * they are read by man and bash: tests/install/manual.sh. */
#include "checks.h"

#include "commands/commands.h"
#include "commands/manual/manual.h"

static char page[1 << 17], completion[1 << 17];

static void print(char *out, size_t size, void (*writes)(FILE *))
{
    FILE *file = tmpfile();
    assert_non_null(file);
    writes(file);
    rewind(file);
    size_t n = fread(out, 1, size, file);
    assert_true(n > 1000 && n < size);
    out[n] = '\0';
    fclose(file);
}

/* What a reader sees: without the escapes and the changes of font. */
static void read_roff(char *text)
{
    static const char *const pairs[][2] = {{"\\-", "-"}, {"\\e", "\\"}, {"\\ ", " "},   {"\\fI", ""},
                                           {"\\fP", ""}, {"\\&", ""},   {"\\(ti", "~"}, {"\\(ha", "^"}};
    char *to = text;
    for (const char *from = text; *from;) {
        size_t i = 0;
        while (i < COUNT(pairs) && strncmp(from, pairs[i][0], strlen(pairs[i][0])) != 0)
            i++;
        if (i == COUNT(pairs)) {
            *to++ = *from++;
            continue;
        }
        from += strlen(pairs[i][0]);
        for (const char *c = pairs[i][1]; *c; c++)
            *to++ = *c;
    }
    *to = '\0';
}

static int write_both(void **state)
{
    (void)state;
    print(page, sizeof page, gan_manual_page);
    read_roff(page);
    print(completion, sizeof completion, gan_manual_completion);
    return 0;
}

/* A paragraph of a section, or what follows it, that begins with this tag; it ends before the next. */
static char *paragraph(const char *section, const char *tag)
{
    static char out[1 << 13];
    char start[512];
    snprintf(start, sizeof start, "\n.TP\n.B %s\n", tag);
    const char *at = strstr(page, section);
    assert_non_null(at);
    at = strstr(at, start);
    if (!at)
        fail_msg("the page has no paragraph '%s'", tag);
    at += strlen(start);
    const char *next = strstr(at, "\n.TP\n");
    snprintf(out, sizeof out, "%.*s", (int)(next ? next - at : (long)strlen(at)), at);
    return out;
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in: %.300s", part, text);
}

static void the_page_has_every_row(void **state)
{
    (void)state;
    gan_config defaults;
    gan_config_defaults(&defaults);
    for (size_t i = 0; i < gan_option_count(); i++) {
        gan_option option = gan_option_get(i);
        char tag[256], takes[256], value[GAN_TEXT_MAX], shown[GAN_TEXT_MAX + 16];
        snprintf(tag, sizeof tag, option.option ? "%s %s" : "%s = value",
                 option.option ? option.option : option.key, option.argument);
        gan_option_range(takes, sizeof takes, i);
        gan_option_value(value, &defaults, i);
        snprintf(shown, sizeof shown, value[0] ? "; default %s" : "; no default", value);
        const char *text = paragraph("\n.SH OPTIONS\n", tag);
        has(text, option.help);
        has(text, takes);
        has(text, shown);
        if (option.option)
            has(text, option.key);
    }
}

static void the_page_has_every_command_preset_and_status(void **state)
{
    (void)state;
    const gan_command_row *row;
    const gan_exit_row *end;
    for (size_t i = 0; (row = gan_command_get(i)); i++) {
        char usage[512];
        snprintf(usage, sizeof usage, ".B gan_dist\n%s\n", row->usage);
        has(page, usage);
        has(paragraph("\n.SH COMMANDS\n", row->word), row->help);
        for (int k = 0; k < GAN_COMMAND_OPTIONS_MAX && row->options[k].name; k++)
            has(page, row->options[k].help);
    }
    assert_null(gan_command_get(1000));
    for (size_t i = 0; gan_preset_name(i); i++)
        assert_true(strlen(paragraph("\n.SH PRESETS\n", gan_preset_name(i))) > 10);
    for (size_t i = 0; (end = gan_exit_get(i)); i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", end->status);
        has(paragraph("\n.SH EXIT STATUS\n", number), end->meaning);
    }
}

/* The row of the case that answers for a word; NULL where none does. */
static const char *answer(const char *name)
{
    static char out[1 << 13];
    for (const char *line = completion; line && *line;
         line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        size_t n = strcspn(line, ")\n");
        char names[256];
        if (n >= sizeof names || line[n] != ')' || strncmp(line, "        ", 8) != 0)
            continue;
        snprintf(names, sizeof names, " %.*s ", (int)n, line);
        char word[128];
        snprintf(word, sizeof word, " %s ", name);
        if (!strstr(names, word))
            continue;
        snprintf(out, sizeof out, "%.*s", (int)strcspn(line, "\n"), line);
        return out;
    }
    return NULL;
}

static void the_completion_answers_for_every_row(void **state)
{
    (void)state;
    int choices = 0;
    for (size_t i = 0; i < gan_option_count(); i++) {
        gan_option option = gan_option_get(i);
        char key[256];
        snprintf(key, sizeof key, "%s=", option.key);
        has(completion, key);
        if (option.option) {
            assert_non_null(answer(option.option)); /* or the next option would be offered as its value */
            char word[128];
            snprintf(word, sizeof word, " %s", option.option);
            has(answer("train"), word);
            has(answer("bench"), word);
        }
        for (size_t k = 0; option.words && option.words[k]; k++, choices++) {
            has(answer(option.key), option.words[k]);
            if (option.option)
                has(answer(option.option), option.words[k]);
        }
    }
    assert_true(choices >= 20);
    for (size_t i = 0; gan_preset_name(i); i++) {
        has(answer("--preset"), gan_preset_name(i));
        has(answer("presets"), gan_preset_name(i));
    }
    assert_null(answer("--presets"));
}

static void the_completion_knows_files_and_choices(void **state)
{
    (void)state;
    static const char *const files[] = {"--config", "--data", "--out", "--checkpoint", "info"};
    for (size_t i = 0; i < COUNT(files); i++)
        has(answer(files[i]), "_gan_dist_files");
    has(answer("--resume"), "_gan_dist_files \"$2\" \"auto never\"");
    has(answer("--backend"), "auto cpu ref cuda");
    has(answer("--mode"), "grid images");
    has(answer("generate"), "--checkpoint --mode --num --class");
    has(answer("bench"), " --count ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_has_every_row),
        cmocka_unit_test(the_page_has_every_command_preset_and_status),
        cmocka_unit_test(the_completion_answers_for_every_row),
        cmocka_unit_test(the_completion_knows_files_and_choices),
    };
    return cmocka_run_group_tests(tests, write_both, NULL);
}
