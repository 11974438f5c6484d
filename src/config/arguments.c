/* arguments.c: the command line. Every option takes one value, as `--name VALUE` or `--name=VALUE`; of one
 * given several times the last counts. A value that itself begins with "--" needs the second form, so that a
 * forgotten value is noticed. */
#include <stdio.h>
#include <string.h>
#include "gan_dist/base.h"
#include "options.h"

typedef enum word_kind { WORD_PRESET, WORD_CONFIG, WORD_SET, WORD_OPTION, WORD_EXTRA } word_kind;

typedef struct word {
    word_kind kind;
    const gan_option_row *row; /* WORD_OPTION */
    char name[64];
    const char *value;
} word;

/* Is `name` ("--mode") in the list? *flag: it was written "--mode!" there and takes no value. */
static bool is_extra(bool *flag, const char *name, const char *const *extra)
{
    size_t n = strlen(name);
    for (size_t i = 0; extra && extra[i]; i++) {
        *flag = strcmp(extra[i] + strcspn(extra[i], "!"), "!") == 0;
        if (strncmp(extra[i], name, n) == 0 && strlen(extra[i]) == n + *flag)
            return true;
    }
    *flag = false;
    return false;
}

static gan_status unknown_option(const char *name, const char *const *extra)
{
    const char *words[GAN_OPTION_ROWS_MAX] = {"--preset", "--config", "--set"};
    char flags[8][64];
    size_t n = 3, n_flags = 0;
    for (size_t i = 0; i < gan_option_count(); i++)
        if (gan_option_row_get(i)->option)
            words[n++] = gan_option_row_get(i)->option;
    for (size_t i = 0; extra && extra[i] && n < GAN_OPTION_ROWS_MAX; i++) {
        bool flag = strchr(extra[i], '!') != NULL;
        if (flag && n_flags < 8) {
            snprintf(flags[n_flags], sizeof flags[0], "%.*s", (int)strcspn(extra[i], "!"), extra[i]);
            words[n++] = flags[n_flags++];
        } else if (!flag) {
            words[n++] = extra[i];
        }
    }
    const char *nearest = gan_nearest(name, words, n);
    gan_hint synonym = gan_option_synonym(name, extra);
    if (synonym.text[0])
        return gan_error(GAN_BAD_INPUT, "unknown option %s%s", gan_quote(name).text, synonym.text);
    GAN_TRY(gan_option_of_mpirun(name));
    return gan_error(GAN_BAD_INPUT, "unknown option %s%s", gan_quote(name).text,
                     nearest ? gan_hint_for(nearest).text : "; gan_dist help lists them");
}

static gan_status classify(word *out, bool *flag, const char *const *extra)
{
    *flag = false;
    if (is_extra(flag, out->name, extra)) {
        out->kind = WORD_EXTRA;
    } else if (strcmp(out->name, "--preset") == 0) {
        out->kind = WORD_PRESET;
    } else if (strcmp(out->name, "--config") == 0) {
        out->kind = WORD_CONFIG;
    } else if (strcmp(out->name, "--set") == 0) {
        out->kind = WORD_SET;
    } else {
        out->kind = WORD_OPTION;
        out->row = gan_option_row_of_option(out->name);
        if (!out->row)
            return unknown_option(out->name, extra);
    }
    return GAN_OK;
}

/* What a value is called in the message that asks for it. */
static const char *argument_of(const word *w)
{
    switch (w->kind) {
    case WORD_OPTION:
        return w->row->argument;
    case WORD_PRESET:
        return "NAME";
    case WORD_CONFIG:
        return "FILE";
    case WORD_SET:
        return "section.key=value";
    case WORD_EXTRA:
        break;
    }
    return "VALUE";
}

/* What does not begin with "--". */
static gan_status unexpected_word(const char *text, const char *const *extra)
{
    char option[GAN_WORD_MAX];
    snprintf(option, sizeof option, "--%s", text + strspn(text, "-"));
    bool flag, dash = text[0] == '-';
    gan_hint hint = {""};
    if (dash && (gan_option_row_of_option(option) || is_extra(&flag, option, extra)))
        hint = gan_hint_for(option);
    else if (dash)
        hint = gan_option_synonym(option, extra);
    if (dash && !hint.text[0])
        GAN_TRY(gan_option_of_mpirun(text));
    return gan_error(GAN_BAD_INPUT, "unexpected word '%s'%s", gan_quote(text).text,
                     hint.text[0] ? hint.text : "; options begin with --");
}

/* Reads the option at argv[*i] and moves *i past it. */
static gan_status next_option(word *out, int *i, int argc, char **argv, const char *const *extra)
{
    const char *text = argv[(*i)++];
    if (strncmp(text, "--", 2) != 0)
        return unexpected_word(text, extra);
    size_t length = strcspn(text, "=");
    if (length >= sizeof out->name)
        return unknown_option(text, extra);
    snprintf(out->name, sizeof out->name, "%.*s", (int)length, text);
    bool flag;
    GAN_TRY(classify(out, &flag, extra));
    if (flag && text[length] == '=')
        return gan_error(GAN_BAD_INPUT, "%s takes no value", out->name);
    if (flag)
        out->value = "";
    else if (text[length] == '=')
        out->value = text + length + 1;
    else if (*i < argc && strncmp(argv[*i], "--", 2) != 0)
        out->value = argv[(*i)++];
    else
        return gan_error(GAN_BAD_INPUT, "%s needs a value: %s %s", out->name, out->name, argument_of(out));
    return GAN_OK;
}

static gan_status set_one(gan_config *config, const char *assignment)
{
    const char *equals = strchr(assignment, '=');
    if (!equals)
        return gan_error(GAN_BAD_INPUT, "--set %s has no '='; write --set section.key=value",
                         gan_quote(assignment).text);
    char key[GAN_WORD_MAX];
    size_t n = (size_t)(equals - assignment);
    if (n >= sizeof key)
        return gan_option_unknown(assignment, "--set");
    memcpy(key, assignment, n);
    key[n] = '\0';
    return gan_config_set(config, key, equals + 1, "--set");
}

/* --preset and --config say where everything starts, so two of one kind that differ are a contradiction. */
static gan_status choose(const char **chosen, const word *w)
{
    if (!*w->value)
        return gan_error(GAN_BAD_INPUT, "%s is empty; write %s %s%s", w->name, w->name, argument_of(w),
                         w->kind == WORD_PRESET ? ", one of those that gan_dist presets lists" : "");
    if (*chosen && strcmp(*chosen, w->value) != 0)
        return gan_error(GAN_BAD_INPUT, "%s is given twice: %s and %s; give one", w->name,
                         gan_quote(*chosen).text, gan_quote(w->value).text);
    *chosen = w->value;
    return GAN_OK;
}

/* A warning that is asked for here is not one that gan_config_finish() may change. */
static bool gives_warning(const word *w)
{
    static const char key[] = "run.stall_warning";
    return w->kind == WORD_OPTION ? strcmp(w->row->key, key) == 0
                                  : w->kind == WORD_SET && strncmp(w->value, key, sizeof key - 1) == 0;
}

gan_status gan_config_parse(gan_config *config, int argc, char **argv, const char *fallback_preset,
                            const char *const *extra)
{
    const char *preset = NULL, *file = NULL;
    word w;
    bool warning_given = false;
    for (int i = 0; i < argc;) {
        GAN_TRY(next_option(&w, &i, argc, argv, extra));
        if (w.kind == WORD_PRESET)
            GAN_TRY(choose(&preset, &w));
        if (w.kind == WORD_CONFIG)
            GAN_TRY(choose(&file, &w));
    }
    gan_config_defaults(config);
    if (!preset && !file)
        preset = fallback_preset;
    if (preset)
        GAN_TRY(gan_config_apply_preset(config, preset));
    if (file)
        GAN_TRY(gan_config_apply_file(config, file));
    for (int i = 0; i < argc;) {
        GAN_TRY(next_option(&w, &i, argc, argv, extra));
        if (w.kind == WORD_OPTION)
            GAN_TRY(gan_config_set(config, w.row->key, w.value, w.name));
        if (w.kind == WORD_SET)
            GAN_TRY(set_one(config, w.value));
        warning_given |= gives_warning(&w);
    }
    return warning_given ? gan_config_check_stalls(config) : GAN_OK;
}

const char *gan_config_extra(int argc, char **argv, const char *name)
{
    const char *found = NULL;
    size_t n = strcspn(name, "!");
    bool flag = name[n] == '!';
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], name, n) != 0)
            continue;
        if (argv[i][n] == '=' && !flag)
            found = argv[i] + n + 1;
        else if (argv[i][n] == '\0')
            found = !flag && i + 1 < argc ? argv[i + 1] : "";
    }
    return found;
}
