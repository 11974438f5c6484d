/* help.c: what `gan_dist help` and `gan_dist COMMAND --help` print, from the tables. */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gan_dist/base.h"
#include "gan_dist/config.h"

/* `value`: the default; "" prints none. */
static void print_option(const char *option, const char *argument, const char *help, const char *value)
{
    char left[64];
    int n = snprintf(left, sizeof left, "%s%s%s", option, argument ? " " : "", argument ? argument : "");
    printf(n < 28 ? "  %-28s %s" : "  %s\n                               %s", left, help);
    printf(value[0] ? " [%s]\n" : "\n", value);
}

/* Is `name` among the words of `takes`, or is that "all"? */
static bool is_taken(const char *takes, const char *name)
{
    size_t n = strlen(name);
    if (strcmp(takes, "all") == 0)
        return true;
    for (const char *at = takes; (at = strstr(at, name)); at += n)
        if ((at == takes || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
    return false;
}

static bool is_own(const gan_command_row *command, const char *name)
{
    for (int i = 0; command && i < GAN_COMMAND_OPTIONS_MAX && command->options[i].name; i++)
        if (strcmp(command->options[i].name, name) == 0)
            return true;
    return false;
}

/* The options of the configuration in `takes`, but for those that `command` says itself (NULL: none). */
static void print_configuration(const char *takes, const gan_command_row *command)
{
    gan_config *defaults = malloc(sizeof *defaults);
    if (defaults)
        gan_config_defaults(defaults);
    if (strcmp(takes, "all") == 0) {
        print_option("--preset", "NAME", "start from a preset, see below", "");
        print_option("--config", "FILE", "read a configuration file (INI); stronger than the preset", "");
        print_option("--set", "section.key=value",
                     "set any key of the configuration file, see docs/formats.md", "");
    }
    for (size_t i = 0; i < gan_option_count(); i++) {
        char value[GAN_TEXT_MAX] = "";
        gan_option option = gan_option_get(i);
        if (!option.option || !is_taken(takes, option.option) || is_own(command, option.option))
            continue;
        if (defaults)
            gan_option_value(value, defaults, i);
        print_option(option.option, option.argument, option.help, value);
    }
    free(defaults);
}

static void print_presets(void)
{
    puts("\nPresets:");
    gan_command_presets(0, NULL);
}

void gan_command_help(void)
{
    const gan_command_row *command;
    const gan_exit_row *row;
    puts("gan_dist " GAN_VERSION
         ": trains GANs on one machine or many; start it alone or with mpirun -np N.\n");
    for (size_t i = 0; (command = gan_command_get(i)); i++)
        printf("gan_dist %s\n    %s\n", command->usage, command->help);
    puts("\nThe options of one command: gan_dist COMMAND --help.\n\n"
         "Options of train, check, bench and pack; each is also a key of the configuration file. A number "
         "in [] is the default where\nneither preset nor file sets another:");
    print_configuration("all", NULL);
    print_presets();
    printf("\nExit status:");
    for (size_t i = 0; (row = gan_exit_get(i)); i++)
        printf("%s %d %s", i ? ";" : "", row->status, row->meaning);
    puts(".");
}

void gan_command_help_for(const gan_command_row *command)
{
    const gan_command_option *own = command->options;
    printf("gan_dist %s\n    %s\n", command->usage, command->help);
    if (own->name || command->takes[0])
        puts("\nOptions; in [] the default:");
    for (int i = 0; i < GAN_COMMAND_OPTIONS_MAX && own[i].name; i++) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(own[i].name, "!"), own[i].name);
        print_option(name, own[i].argument, own[i].help, "");
    }
    print_configuration(command->takes, command);
    if (strcmp(command->takes, "all") == 0 || strcmp(command->word, "presets") == 0)
        print_presets();
    puts("\nAll commands and options, and what the exit status says: gan_dist help");
}

gan_status gan_command_unknown(const char *word)
{
    const char *words[16];
    size_t n = 0;
    for (const gan_command_row *row; n < 16 && (row = gan_command_get(n)); n++)
        words[n] = row->word;
    const char *nearest = gan_nearest(word, words, n);
    return gan_error(GAN_BAD_INPUT, "unknown command '%s'%s%s%s; see gan_dist --help", word,
                     nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
}

gan_status gan_command_help_words(int argc, char **argv)
{
    if (argc > 1)
        return gan_error(GAN_BAD_INPUT, "help takes one command, found '%.60s' after it", argv[1]);
    if (argc < 1) {
        gan_command_help();
        return GAN_OK;
    }
    const gan_command_row *command = gan_command_find(argv[0]);
    if (!command && argv[0][0] == '-')
        return gan_error(GAN_BAD_INPUT,
                         "help takes a command, found '%.60s'; gan_dist help prints all options", argv[0]);
    if (!command)
        return gan_command_unknown(argv[0]);
    gan_command_help_for(command);
    return GAN_OK;
}
