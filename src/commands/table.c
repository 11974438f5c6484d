/* table.c: a row for each command. The help, the manual page, the completion, the options a command accepts
 * and the hint for a misspelt word all come from here. */
#include "commands.h"

#include <string.h>

static const gan_command_row table[] = {
    {.word = "train",
     .usage = "[train] [--preset NAME] [--config FILE] [--data PATH] [--out DIR] [options]",
     .help = "Trains; with no preset and no file, the preset quickstart. Started again in the same folder it "
             "goes on.",
     .takes = "all"},
    {.word = "generate",
     .usage =
         "generate --checkpoint FILE|FOLDER --out PATH [--mode grid|images] [--num N] [--class K] [options]",
     .help = "Draws pictures with a trained generator.",
     .takes = "--backend --threads --precision",
     .options = {{"--checkpoint", "FILE|FOLDER", "the model; of the folder of a run the newest checkpoint"},
                 {"--mode", "grid|images", "one PNG with all pictures, or a folder with one PNG each [grid]"},
                 {"--num", "N", "how many pictures; at most 65536 in a grid [64]"},
                 {"--class", "K", "all of class K, its name or number; else the classes take turns"},
                 {"--out", "PATH", "the PNG file of the grid, or the folder of the single pictures", true},
                 {"--seed", "S", "start of the random numbers [the run's: the pictures of its grids]",
                  true}}},
    {.word = "presets",
     .usage = "presets [NAME]",
     .help = "Lists the presets, or prints one as a configuration file to start from.",
     .takes = ""},
    {.word = "check",
     .usage = "check [--preset NAME] [options]",
     .help = "Prints what this launch gives (ranks, hosts, threads, memory), and what is wrong.",
     .takes = "all"},
    {.word = "bench",
     .usage = "bench [--preset NAME] [--bench-steps N] [--count] [options]",
     .help = "Times training steps on fixed pictures, or counts operations and bytes.",
     .takes = "all",
     .options = {{"--bench-steps", "N", "how many steps are timed, 1 to 1000000 [10]"},
                 {"--count!", NULL, "counts a step's operations and bytes, and computes nothing"}}},
    {.word = "info", .usage = "info FILE", .help = "Prints what a checkpoint holds.", .takes = ""},
    {.word = "pack",
     .usage = "pack --data DIR --out FILE [--preset NAME] [options]",
     .help = "Writes a folder of pictures as one file that --data takes without decoding.",
     .takes = "all",
     .options = {{"--data", "DIR", "the pictures: a folder, or whatever train takes", true},
                 {"--out", "FILE", "the file to write; it must not be there yet", true}}},
    {.word = "help",
     .usage = "help [COMMAND]",
     .help = "Prints all commands, options and presets, or what one command takes; so does COMMAND --help.",
     .takes = ""},
    {.word = "--version", .usage = "--version", .help = "Prints the version.", .takes = ""},
};

const gan_command_row *gan_command_get(size_t index)
{
    return index < sizeof table / sizeof *table ? &table[index] : NULL;
}

const gan_command_row *gan_command_find(const char *word)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].word, word) == 0)
            return &table[i];
    return NULL;
}

const char *const *gan_command_extra(const char *names[GAN_COMMAND_OPTIONS_MAX + 1], const char *word)
{
    const gan_command_row *row = gan_command_find(word);
    size_t n = 0;
    for (int i = 0; row && i < GAN_COMMAND_OPTIONS_MAX && row->options[i].name; i++)
        if (!row->options[i].of_configuration)
            names[n++] = row->options[i].name;
    names[n] = NULL;
    return names;
}

static const gan_exit_row exits[] = {
    {0, "done"},
    {1, "failed"},
    {2, "wrong input (option, configuration, data)"},
    {75, "stopped on request and saved"},
};

const gan_exit_row *gan_exit_get(size_t index)
{
    return index < sizeof exits / sizeof *exits ? &exits[index] : NULL;
}
