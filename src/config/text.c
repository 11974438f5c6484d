/* The configuration as a text, and the difference between two of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "options.h"

#define LINE_WIDTH 100
#define SHOWN_MAX  6  /* differences told with both values; of the others the key alone, so that all fit */
#define SHOWN_ROOM 48 /* bytes of a value */

static const char *const section_comments[][2] = {
    {"generator", "The network that draws."}, {"discriminator", "The network that judges."},
    {"train", "One step and how often."},     {"data", "The pictures."},
    {"output", "What is written, and when."}, {"run", "How it is computed; changes nothing in the result."},
};

static void write_heading(FILE *out, const char *section)
{
    for (size_t i = 0; i < sizeof section_comments / sizeof section_comments[0]; i++)
        if (strcmp(section_comments[i][0], section) == 0)
            fprintf(out, "\n# %s", section_comments[i][1]);
    fprintf(out, "\n[%s]\n", section);
}

/* A long network goes on in indented lines, one for each stage or few. */
static void write_words(FILE *out, const char *name, const char *value)
{
    int column = fprintf(out, "%s =", name);
    int indent = column + 1;
    for (const char *p = value; *p;) {
        const char *bar = strstr(p + 1, " | ");
        int length = bar ? (int)(bar - p) : (int)strlen(p);
        if (p > value && column + length > LINE_WIDTH) {
            fprintf(out, "\n%*s%.*s", indent, "", length - 1, p + 1);
            column = indent + length - 1;
        } else {
            column += fprintf(out, "%s%.*s", p == value ? " " : "", length, p);
        }
        p += length;
    }
    fputc('\n', out);
}

char *gan_config_text(const gan_config *config, bool only_defining)
{
    char *text = NULL, value[GAN_TEXT_MAX], section[32] = "";
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    if (!only_defining) {
        fputs("# The whole configuration of a run; gan_dist --config THIS_FILE takes it.\n", out);
        if (config->preset[0])
            fprintf(out, "preset = %s\n", config->preset);
    }
    for (size_t i = 0; i < gan_option_count(); i++) {
        const gan_option_row *row = gan_option_row_get(i);
        if (only_defining && !row->defines_run)
            continue;
        const char *dot = strchr(row->key, '.');
        size_t length = (size_t)(dot - row->key);
        if (strncmp(section, row->key, length) != 0 || section[length]) {
            snprintf(section, sizeof section, "%.*s", (int)length, row->key);
            write_heading(out, section);
        }
        gan_value_print(value, config, row);
        if (row->type == GAN_OPTION_WORDS)
            write_words(out, dot + 1, value);
        else
            fprintf(out, "%s =%s%s\n", dot + 1, value[0] ? " " : "", value);
    }
    bool failed = ferror(out);
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}

/* Part of a value for a message, from a little before the place where two values differ. */
static void write_part(FILE *out, const char *value, size_t same)
{
    size_t from = strlen(value) > SHOWN_ROOM && same > SHOWN_ROOM / 2 ? same - SHOWN_ROOM / 4 : 0;
    if (from > strlen(value))
        from = strlen(value);
    bool cut = strlen(value + from) > SHOWN_ROOM;
    fprintf(out, "%s%.*s%s", from ? "..." : "", SHOWN_ROOM, value + from, cut ? "..." : "");
}

static size_t same_length(const char *a, const char *b)
{
    size_t n = 0;
    while (a[n] && a[n] == b[n])
        n++;
    return n;
}

/* Shards that a device's run has left open are one a rank, and may be others at every start. */
static bool left_open(const gan_config *before, const gan_config *now, const gan_option_row *row)
{
    return strcmp(row->key, "train.shards") == 0 && (before->shards == 0 || now->shards == 0);
}

/* Writes "key was A, is B; ..." for all rows that differ and returns how many do. */
static int write_differences(FILE *out, const gan_config *before, const gan_config *now)
{
    char old_value[GAN_TEXT_MAX], new_value[GAN_TEXT_MAX];
    int n = 0;
    for (size_t i = 0; i < gan_option_count(); i++) {
        const gan_option_row *row = gan_option_row_get(i);
        gan_value_print(old_value, before, row);
        gan_value_print(new_value, now, row);
        if (!row->defines_run || strcmp(old_value, new_value) == 0 || left_open(before, now, row))
            continue;
        fprintf(out, "%s%s", n == 0 ? "" : n <= SHOWN_MAX ? "; " : ", ", row->key);
        if (n++ < SHOWN_MAX) {
            size_t same = same_length(old_value, new_value);
            fputs(" was '", out);
            write_part(out, old_value, same);
            fputs("', is '", out);
            write_part(out, new_value, same);
            fputs("'", out);
        }
    }
    return n;
}

gan_status gan_config_compare(const char *old_text, const char *new_text, const char *origin)
{
    gan_status status = GAN_OK;
    char *list = NULL;
    size_t size;
    FILE *out = NULL;
    gan_config *both = calloc(2, sizeof *both);
    if (both)
        out = open_memstream(&list, &size);
    if (!both || !out) {
        status = gan_error(GAN_FAILED, "%s: out of memory", origin);
        goto out;
    }
    gan_config_defaults(&both[0]);
    gan_config_defaults(&both[1]);
    GAN_TRY_OUT(status, gan_config_apply_text(&both[0], old_text, origin));
    GAN_TRY_OUT(status, gan_config_apply_text(&both[1], new_text, "this run"));
    int n = write_differences(out, &both[0], &both[1]);
    fflush(out);
    if (n > 0)
        status = gan_error(GAN_BAD_INPUT,
                           "%s: this run is another one: %s; undo %s, or start in another folder (--out)",
                           origin, list, n == 1 ? "it" : "them");
out:
    if (out)
        fclose(out);
    free(list);
    free(both);
    return status;
}
