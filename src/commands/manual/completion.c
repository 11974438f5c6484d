/* completion.c: bash's completion: commands, their options, and the values of those that have few: choices,
 * presets, files, keys of the configuration. */
#include "manual.h"

#include <string.h>
#include "commands/commands.h"

static const char opening[] =
    "# shellcheck shell=bash\n"
    "# Completion of gan_dist for bash. Made by the build from the program's tables.\n"
    "\n"
    "# _gan_dist_words WORD LIST: the words of LIST that begin with WORD.\n"
    "_gan_dist_words()\n"
    "{\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$2\" -- \"$1\")\n"
    "}\n"
    "\n"
    "# _gan_dist_files WORD [LIST]: files, and words of LIST.\n"
    "_gan_dist_files()\n"
    "{\n"
    "    local word=${1//\\\\/}\n"
    "    compopt -o filenames 2>/dev/null || :\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"${2:-}\" -- \"$1\" || :; compgen -f -- "
    "\"${word#[\\\"\\']}\")\n"
    "}\n"
    "\n"
    "# _gan_dist_value OPTION WORD: what may stand behind it; fails for a word that takes no value.\n"
    "_gan_dist_value()\n"
    "{\n"
    "    case $1 in\n";

static const char middle[] = "        *) return 1 ;;\n"
                             "    esac\n"
                             "}\n"
                             "\n"
                             "# _gan_dist_options COMMAND WORD: what else may follow a command.\n"
                             "_gan_dist_options()\n"
                             "{\n"
                             "    case $1 in\n";

/* bash hands "--name=value" over as three words. */
static const char closing[] =
    "        *) COMPREPLY=() ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "_gan_dist()\n"
    "{\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    local command=train\n"
    "    COMPREPLY=()\n"
    "    if [ \"$word\" = = ]; then\n"
    "        word=\n"
    "    elif [ \"$before\" = = ] && [ \"$COMP_CWORD\" -gt 2 ]; then\n"
    "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    [[ ${COMP_WORDS[1]} == -* ]] || command=${COMP_WORDS[1]}\n"
    "    if [ \"$COMP_CWORD\" -gt 1 ]; then\n"
    "        _gan_dist_value \"$before\" \"$word\" || _gan_dist_options \"$command\" \"$word\"\n"
    "    elif [[ $word == -* ]]; then\n"
    "        _gan_dist_options train \"$word\"\n"
    "        [[ --version != \"$word\"* ]] || COMPREPLY+=(--version)\n"
    "    else\n";

static const char end[] = "    fi\n"
                          "}\n"
                          "complete -F _gan_dist gan_dist\n";

/* One value of an argument such as "auto|never|FILE": lower case is the word itself,
 * capitals stand for one. */
static bool is_word(const char *part, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (part[i] >= 'A' && part[i] <= 'Z')
            return false;
    return n > 0;
}

static bool names_file(const char *argument)
{
    return strstr(argument, "FILE") || strstr(argument, "PATH") || strstr(argument, "DIR");
}

/* The line of the case that answers for one option or key. */
static void print_value(FILE *out, const char *name, const char *argument, const char *const *words)
{
    char list[512] = "";
    size_t used = 0;
    for (size_t i = 0; words && words[i] && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? " " : "", words[i]);
    for (const char *part = argument; !words && *part && strchr(argument, '|') && used < sizeof list;) {
        size_t n = strcspn(part, "|");
        if (is_word(part, n))
            used +=
                (size_t)snprintf(list + used, sizeof list - used, "%s%.*s", used ? " " : "", (int)n, part);
        part += n + (part[n] == '|');
    }
    if (names_file(argument))
        fprintf(out, "        %s) _gan_dist_files \"$2\" \"%s\" ;;\n", name, list);
    else if (*list)
        fprintf(out, "        %s) _gan_dist_words \"$2\" \"%s\" ;;\n", name, list);
    else if (name[0] == '-') /* a number: nothing to offer, and no other option either */
        fprintf(out, "        %.*s) ;;\n", (int)strcspn(name, " "), name);
}

static void print_presets(FILE *out)
{
    for (size_t i = 0; gan_preset_name(i); i++)
        fprintf(out, "%s%s", i ? " " : "", gan_preset_name(i));
}

static void print_values(FILE *out)
{
    const gan_command_row *row;
    fputs("        --preset) _gan_dist_words \"$2\" \"", out);
    print_presets(out);
    fputs("\" ;;\n        --config) _gan_dist_files \"$2\" ;;\n        --set)\n"
          "            _gan_dist_words \"$2\" \"",
          out);
    for (size_t i = 0; i < gan_option_count(); i++)
        fprintf(out, "%s%s=", i ? " " : "", gan_option_get(i).key);
    fputs("\"\n            compopt -o nospace 2>/dev/null || :\n            ;;\n", out);
    for (size_t i = 0; (row = gan_command_get(i)); i++)
        for (int k = 0; k < GAN_COMMAND_OPTIONS_MAX && row->options[k].name; k++)
            if (row->options[k].argument && !row->options[k].of_configuration)
                print_value(out, row->options[k].name, row->options[k].argument, NULL);
    for (size_t i = 0; i < gan_option_count(); i++) {
        char names[256];
        gan_option option = gan_option_get(i);
        snprintf(names, sizeof names, "%s%s%s", option.option ? option.option : "",
                 option.option ? " | " : "", option.key);
        print_value(out, names, option.argument ? option.argument : "", option.words);
    }
}

static void print_commands(FILE *out)
{
    const gan_command_row *row;
    for (size_t i = 0; (row = gan_command_get(i)); i++)
        fprintf(out, "%s%s", i ? " " : "", row->word);
}

static void print_options(FILE *out)
{
    const gan_command_row *row;
    for (size_t i = 0; (row = gan_command_get(i)); i++) {
        bool all = strcmp(row->takes, "all") == 0;
        if (!*row->takes)
            continue;
        fprintf(out, "        %s) _gan_dist_words \"$2\" \"%s", row->word,
                all ? "--help --preset --config --set" : "--help");
        if (!all)
            fprintf(out, " %s", row->takes);
        for (int k = 0; k < GAN_COMMAND_OPTIONS_MAX && row->options[k].name; k++)
            if (!all || !row->options[k].of_configuration)
                fprintf(out, " %.*s", (int)strcspn(row->options[k].name, "!"), row->options[k].name);
        for (size_t n = 0; all && n < gan_option_count(); n++)
            if (gan_option_get(n).option)
                fprintf(out, " %s", gan_option_get(n).option);
        fputs("\" ;;\n", out);
    }
    fputs("        help) _gan_dist_words \"$2\" \"", out);
    print_commands(out);
    fputs("\" ;;\n        presets) _gan_dist_words \"$2\" \"", out);
    print_presets(out);
    fputs("\" ;;\n        info) _gan_dist_files \"$2\" ;;\n", out);
}

void gan_manual_completion(FILE *out)
{
    fputs(opening, out);
    print_values(out);
    fputs(middle, out);
    print_options(out);
    fputs(closing, out);
    fputs("        _gan_dist_words \"$word\" \"", out);
    print_commands(out);
    fputs("\"\n", out);
    fputs(end, out);
}
