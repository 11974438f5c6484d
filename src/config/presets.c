#include <stdio.h>
#include <string.h>
#include "gan_dist/base.h"
#include "options.h"

const char *gan_preset_name(size_t index)
{
    for (size_t i = 0; i <= index; i++)
        if (!gan_preset_table[i].name)
            return NULL;
    return gan_preset_table[index].name;
}

const char *gan_preset_text(const char *name)
{
    for (const gan_preset *preset = gan_preset_table; preset->name; preset++)
        if (strcmp(preset->name, name) == 0)
            return preset->text;
    return NULL;
}

gan_status gan_preset_unknown(const char *name, const char *origin)
{
    const char *words[GAN_PRESETS_MAX];
    char list[1024] = "";
    size_t n = 0, used = 0;
    for (const char *word; n < GAN_PRESETS_MAX && (word = gan_preset_name(n)); n++) {
        words[n] = word;
        if (used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", n ? ", " : "", word);
    }
    return gan_error(GAN_BAD_INPUT, "%s%sunknown preset %s%s; there are %s", origin ? origin : "",
                     origin ? ": " : "", gan_quote(name).text, gan_hint_for(gan_nearest(name, words, n)).text,
                     list);
}
