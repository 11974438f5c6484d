/* options.h: the table behind config.h. One row per key; everything else in this folder loops over it. */
#ifndef GAN_CONFIG_OPTIONS_H
#define GAN_CONFIG_OPTIONS_H

#include "gan_dist/config.h"

typedef enum gan_option_type {
    GAN_OPTION_INT,
    GAN_OPTION_INT64,
    GAN_OPTION_UINT64,
    GAN_OPTION_DOUBLE,
    GAN_OPTION_BOOL,    /* yes, no, true, false, 1, 0 */
    GAN_OPTION_TEXT,    /* a path: any printable characters */
    GAN_OPTION_WORDS,   /* words with single blanks between them; may go over several lines of a file */
    GAN_OPTION_ENUM,    /* one of `words`; the stored value is its index */
    GAN_OPTION_NOISE,   /* "uniform 100": gan_config.noise and .noise_dim */
    GAN_OPTION_SECONDS, /* "30s" or "30": an int */
    GAN_OPTION_CADENCE, /* "500" or "60s": a gan_cadence */
} gan_option_type;

typedef struct gan_option_row {
    const char *key;
    gan_option_type type;
    size_t offset, size;      /* of the field in gan_config; NOISE: of the first of its two */
    double min, max;          /* inclusive; unused by UINT64 (its whole range), BOOL, ENUM, TEXT and WORDS */
    const char *const *words; /* ENUM: NULL-terminated */
    const char *fallback;     /* the default, as text */
    const char *option, *argument;
    const char *help;
    bool defines_run;
} gan_option_row;

#define GAN_OPTION_ROWS_MAX 128

const gan_option_row *gan_option_row_get(size_t index);
/* The row of a full key ("train.batch") or of an option ("--batch"); NULL for an unknown one. */
const gan_option_row *gan_option_row_find(const char *key);
const gan_option_row *gan_option_row_of_option(const char *option);
/* What a row takes, for messages and tables: "1 to 1048576", "signed, unit". */
void gan_option_takes(char *out, size_t size, const gan_option_row *row);

/* Parses strictly into the row's field(s); the error says what the row takes. `origin` opens the message. */
gan_status gan_value_parse(gan_config *config, const gan_option_row *row, const char *value,
                           const char *origin);
/* The current value as the text that parses back to it; GAN_TEXT_MAX bytes are enough. */
void gan_value_print(char *out, const gan_config *config, const gan_option_row *row);

/* A piece of the user's input made fit for a one-line message:
 * control bytes become '?', a long one is cut. */
typedef struct gan_quoted {
    char text[100];
} gan_quoted;
gan_quoted gan_quote(const char *text);

/* " (did you mean X?)", or "" when there is no near word (NULL). */
typedef struct gan_hint {
    char text[200];
} gan_hint;
gan_hint gan_hint_for(const char *nearest);

/* Words of other trainers (synonyms.c): the hint for an option, of a command whose own are `extra`, or for a
 * key; "" for a word that is none. */
gan_hint gan_option_synonym(const char *option, const char *const *extra);
gan_hint gan_key_synonym(const char *key);
/* GAN_BAD_INPUT saying where it goes when `text` is an option of mpirun, with one dash or two. */
gan_status gan_option_of_mpirun(const char *text);

/* run.stall_warning must not come after run.stall_timeout. */
gan_status gan_config_check_stalls(const gan_config *config);

/* The error for a key that is not in the table, naming the nearest one. */
gan_status gan_option_unknown(const char *key, const char *origin);
bool gan_option_section_known(const char *section);
gan_status gan_option_section_unknown(const char *section, const char *origin);

/* The presets, generated at build time from presets/NAME.ini in alphabetical order; ends with a NULL name. */
typedef struct gan_preset {
    const char *name, *text;
} gan_preset;
extern const gan_preset gan_preset_table[];
#define GAN_PRESETS_MAX 128 /* for the list in messages; more are fine elsewhere */
gan_status gan_preset_unknown(const char *name, const char *origin); /* origin NULL = none to name */

#endif
