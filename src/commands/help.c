#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include "gan_dist/config.h"

static void print_option(const char *option, const char *argument, const char *help)
{
    char left[64];
    int n = snprintf(left, sizeof left, "%s %s", option, argument);
    printf(n < 28 ? "  %-28s %s" : "  %s\n                               %s", left, help);
}

void gan_command_help(void)
{
    const gan_command_row *command;
    const gan_exit_row *row;
    puts("gan_dist " GAN_VERSION
         ": trains GANs on one machine or many; start it alone or with mpirun -np N.\n");
    for (size_t i = 0; (command = gan_command_get(i)); i++)
        printf("gan_dist %s\n    %s\n", command->usage, command->help);
    puts("\nOptions of train, check, bench and pack; each is also a key of the configuration file. A number "
         "in [] is the default where\nneither preset nor file sets another:");
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
    printf("\nExit status:");
    for (size_t i = 0; (row = gan_exit_get(i)); i++)
        printf("%s %d %s", i ? ";" : "", row->status, row->meaning);
    puts(".");
}
