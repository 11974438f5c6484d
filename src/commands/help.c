#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include "gan_dist/config.h"

/* clang-format off */
static const char usage[] =
    "gan_dist " GAN_VERSION ": trains GANs on one machine or many; start it alone or with mpirun -np N.\n"
    "\n"
    "gan_dist [train] [--preset NAME] [--config FILE] [--data PATH] [--out DIR] [options]\n"
    "    Trains; with no preset and no file, the preset quickstart. Started again in the same folder it goes on.\n"
    "gan_dist generate --checkpoint FILE --out PATH [--mode grid|images] [--num N] [--seed S] [--class K]\n"
    "    Draws pictures with a trained generator.\n"
    "gan_dist presets [NAME]             Lists the presets, or prints one as a configuration file to start from.\n"
    "gan_dist check [--preset NAME]      Prints what this launch gives (ranks, hosts, threads, memory), and what is wrong.\n"
    "gan_dist bench [--preset NAME] [--bench-steps N] [--count]\n"
    "                                    Times N training steps (10) on fixed pictures, or counts operations and bytes.\n"
    "gan_dist info FILE                  Prints what a checkpoint holds.\n"
    "gan_dist pack --data DIR --out FILE Writes a folder of pictures as one file that --data takes without decoding.\n"
    "gan_dist help                       Prints this.\n"
    "\n"
    "Options of train, check and bench; each is also a key of the configuration file. A number in [] is the default where\n"
    "neither preset nor file sets another:\n";
/* clang-format on */

static void print_option(const char *option, const char *argument, const char *help)
{
    char left[64];
    int n = snprintf(left, sizeof left, "%s %s", option, argument);
    printf(n < 28 ? "  %-28s %s" : "  %s\n                               %s", left, help);
}

void gan_command_help(void)
{
    fputs(usage, stdout);
    print_option("--preset", "NAME", "start from a preset, see below\n");
    print_option("--config", "FILE", "read a configuration file (INI); stronger than the preset\n");
    print_option("--set", "section.key=value",
                 "set any key of the configuration file, see docs/formats.md\n");
    gan_config *defaults = malloc(sizeof *defaults);
    if (defaults)
        gan_config_defaults(defaults);
    for (size_t i = 0; i < gan_option_count(); i++) {
        char value[GAN_TEXT_MAX] = "";
        gan_option option = gan_option_get(i);
        if (!option.option)
            continue;
        if (defaults)
            gan_option_value(value, defaults, i);
        print_option(option.option, option.argument, option.help);
        printf(value[0] ? " [%s]\n" : "\n", value);
    }
    free(defaults);
    puts("\nPresets:");
    gan_command_presets(0, NULL);
    puts("\nExit status: 0 done; 1 failed; 2 wrong input (option, configuration, data); "
         "75 stopped on request and saved.");
}
