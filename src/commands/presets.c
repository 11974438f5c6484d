#include "commands.h"

#include <stdio.h>
#include <string.h>
#include "gan_dist/config.h"

static gan_status show(const char *name)
{
    const char *text = gan_preset_text(name);
    if (!text) {
        gan_config unused;
        gan_config_defaults(&unused);
        return gan_config_apply_preset(&unused, name);
    }
    fputs(text, stdout);
    return GAN_OK;
}

gan_status gan_command_presets(int argc, char **argv)
{
    if (argc > 1)
        return gan_error(GAN_BAD_INPUT, "presets takes one name, found '%.60s' after it", argv[1]);
    if (argc == 1)
        return show(argv[0]);
    for (size_t i = 0; gan_preset_name(i); i++) {
        /* Its first comment line says what it is. */
        const char *text = gan_preset_text(gan_preset_name(i));
        text += strspn(text, "# ");
        printf("%-15s %.*s\n", gan_preset_name(i), (int)strcspn(text, "\n"), text);
    }
    return GAN_OK;
}
