#include "gan_dist/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gan_dist/base.h"
#include "reader.h"
#include "options.h"

#define FILE_LIMIT ((size_t)1 << 20)

void gan_config_defaults(gan_config *config)
{
    /* Zeroed padding, so that two equal configurations are equal bytes. */
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < gan_option_count(); i++) {
        const gan_option_row *row = gan_option_row_get(i);
        gan_value_parse(config, row, row->fallback, "default");
    }
}

static gan_status set_row(gan_config *config, const gan_option_row *row, const char *value,
                          const char *origin)
{
    GAN_TRY(gan_value_parse(config, row, value, origin));
    /* The length of a run is given once: the newer word replaces the other. */
    if (strcmp(row->key, "train.steps") == 0 && config->steps > 0)
        config->epochs = 0;
    if (strcmp(row->key, "train.epochs") == 0 && config->epochs > 0)
        config->steps = 0;
    return GAN_OK;
}

gan_status gan_config_set(gan_config *config, const char *key, const char *value, const char *origin)
{
    const gan_option_row *row = gan_option_row_find(key);
    return row ? set_row(config, row, value, origin) : gan_option_unknown(key, origin);
}

typedef struct reading {
    gan_config *config;
    const char *origin;
    bool is_preset;
    int preset_line;
    int line_of[GAN_OPTION_ROWS_MAX]; /* of each key seen; 0 = not yet */
} reading;

static gan_status read_preset_line(reading *r, const gan_ini_entry *entry, const char *where)
{
    if (strcmp(entry->name, "preset") != 0)
        return gan_error(GAN_BAD_INPUT, "%s: '%s' stands before any [section]; only preset = NAME may", where,
                         gan_quote(entry->name).text);
    if (r->is_preset)
        return gan_error(GAN_BAD_INPUT, "%s: a preset cannot start from another preset", where);
    if (r->preset_line)
        return gan_error(GAN_BAD_INPUT, "%s: preset is already set in line %d", where, r->preset_line);
    r->preset_line = entry->line;
    if (r->config->preset[0] && strcmp(r->config->preset, entry->value) != 0)
        return gan_error(GAN_BAD_INPUT, "%s: preset = %s, but preset %s is already chosen; give only one",
                         where, gan_quote(entry->value).text, r->config->preset);
    if (!gan_preset_text(entry->value))
        return gan_preset_unknown(entry->value, where);
    return gan_config_apply_preset(r->config, entry->value);
}

static gan_status read_entry(void *context, const gan_ini_entry *entry)
{
    reading *r = context;
    char where[GAN_TEXT_MAX + 32], key[160];
    snprintf(where, sizeof where, "%s:%d", r->origin, entry->line);
    if (entry->section[0] == '\0')
        return read_preset_line(r, entry, where);
    snprintf(key, sizeof key, "%s.%s", entry->section, entry->name);
    const gan_option_row *row = gan_option_row_find(key);
    if (!row)
        return gan_option_unknown(key, where);
    int *line = &r->line_of[row - gan_option_row_get(0)];
    if (*line)
        return gan_error(GAN_BAD_INPUT, "%s: %s is already set in line %d", where, key, *line);
    *line = entry->line;
    if (entry->continued && row->type != GAN_OPTION_WORDS)
        return gan_error(GAN_BAD_INPUT,
                         "%s: the indented line below continues %s, which takes one line; do not indent keys",
                         where, key);
    return set_row(r->config, row, entry->value, where);
}

static gan_status apply(gan_config *config, const char *text, const char *origin, bool is_preset)
{
    reading r = {.config = config, .origin = origin, .is_preset = is_preset};
    return gan_ini_read(text, origin, read_entry, &r);
}

gan_status gan_config_apply_text(gan_config *config, const char *text, const char *origin)
{
    return apply(config, text, origin, false);
}

gan_status gan_config_apply_file(gan_config *config, const char *path)
{
    void *bytes;
    size_t n;
    if (gan_file_read(&bytes, &n, path, FILE_LIMIT) != GAN_OK)
        return gan_error(GAN_BAD_INPUT, "configuration %s", gan_error_message());
    char *text = bytes;
    gan_status status = gan_text_plain(&text, &n, path);
    if (status == GAN_OK && strlen(text) != n)
        status = gan_error(GAN_BAD_INPUT, "%s: a zero byte in the text; is this an INI file?", path);
    if (status == GAN_OK)
        status = gan_config_apply_text(config, text, path);
    free(text);
    return status;
}

gan_status gan_config_apply_preset(gan_config *config, const char *name)
{
    const char *text = gan_preset_text(name);
    if (!text)
        return gan_preset_unknown(name, NULL);
    char origin[GAN_WORD_MAX + 16];
    snprintf(origin, sizeof origin, "preset %s", name);
    GAN_TRY(apply(config, text, origin, true));
    memset(config->preset, 0, sizeof config->preset);
    snprintf(config->preset, sizeof config->preset, "%s", name);
    return GAN_OK;
}
