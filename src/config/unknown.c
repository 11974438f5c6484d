/* unknown.c: what is said about a word that no table knows: the nearest one that it does. */
#include "options.h"

#include <stdio.h>
#include <string.h>
#include "gan_dist/base.h"

gan_quoted gan_quote(const char *text)
{
    gan_quoted out;
    const size_t room = sizeof out.text - sizeof "...";
    size_t n = 0;
    for (; text[n] && n < room; n++) {
        unsigned char c = (unsigned char)text[n];
        out.text[n] = c < 0x20 || c == 0x7f ? '?' : text[n];
    }
    strcpy(out.text + n, text[n] ? "..." : "");
    return out;
}

gan_hint gan_hint_for(const char *nearest)
{
    gan_hint out = {""};
    if (nearest)
        snprintf(out.text, sizeof out.text, " (did you mean %s?)", nearest);
    return out;
}

/* The sections in table order, each once: "generator" ... Returns how many. */
static size_t sections(char names[][32], size_t room)
{
    size_t n = 0;
    for (size_t i = 0; i < gan_option_count(); i++) {
        const char *key = gan_option_row_get(i)->key;
        int length = (int)strcspn(key, ".");
        char name[32];
        snprintf(name, sizeof name, "%.*s", length, key);
        if (n > 0 && strcmp(names[n - 1], name) == 0)
            continue;
        if (n < room)
            strcpy(names[n++], name);
    }
    return n;
}

bool gan_option_section_known(const char *section)
{
    char names[16][32];
    size_t n = sections(names, 16);
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], section) == 0)
            return true;
    return false;
}

gan_status gan_option_section_unknown(const char *section, const char *origin)
{
    char names[16][32], list[128] = "";
    const char *words[16];
    size_t n = sections(names, 16), used = 0;
    for (size_t i = 0; i < n; i++) {
        words[i] = names[i];
        used += (size_t)snprintf(list + used, sizeof list - used, "%s[%s]", i ? " " : "", names[i]);
    }
    const char *nearest = gan_nearest(section, words, n);
    if (nearest)
        return gan_error(GAN_BAD_INPUT, "%s: unknown section [%s] (did you mean [%s]?)", origin,
                         gan_quote(section).text, nearest);
    return gan_error(GAN_BAD_INPUT, "%s: unknown section [%s]; there are %s", origin, gan_quote(section).text,
                     list);
}

gan_status gan_option_unknown(const char *key, const char *origin)
{
    const char *words[GAN_OPTION_ROWS_MAX];
    size_t n = gan_option_count();
    const char *dot = strchr(key, '.');
    const char *nearest = NULL;
    gan_hint synonym = gan_key_synonym(key);
    for (size_t i = 0; i < n; i++) {
        words[i] = gan_option_row_get(i)->key;
        /* The right key in the wrong section is further away in letters than in meaning. */
        if (!nearest && strcmp(strchr(words[i], '.') + 1, dot ? dot + 1 : key) == 0)
            nearest = words[i];
    }
    if (!nearest && synonym.text[0])
        return gan_error(GAN_BAD_INPUT, "%s: unknown key %s%s", origin, gan_quote(key).text, synonym.text);
    if (!nearest)
        nearest = gan_nearest(key, words, n);
    return gan_error(GAN_BAD_INPUT, "%s: unknown key %s%s", origin, gan_quote(key).text,
                     nearest ? gan_hint_for(nearest).text : "; docs/formats.md lists the keys");
}
