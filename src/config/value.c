/* One value: text to field and back, strictly. What is printed parses back to the same bits. */
#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gan_dist/base.h"

static const char *const noise_words[] = {"uniform", "normal", NULL};

static gan_status refuse(const gan_option_row *row, const char *value, const char *origin)
{
    char takes[200];
    gan_option_takes(takes, sizeof takes, row);
    return gan_error(GAN_BAD_INPUT, "%s: %s cannot be '%s'; it takes %s", origin, row->key,
                     gan_quote(value).text, takes);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits and nothing else, at most `max`. */
static bool read_unsigned(uint64_t *out, const char *text, size_t length, uint64_t max)
{
    uint64_t n = 0;
    if (length == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!is_digit(text[i]))
            return false;
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (digit > max || n > (max - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *out = n;
    return true;
}

static bool read_whole(uint64_t *out, const char *text, size_t length, const gan_option_row *row)
{
    return read_unsigned(out, text, length, (uint64_t)row->max) && (double)*out >= row->min;
}

/* Decimal notation only: strtod would also take "inf", "nan", hexadecimal and leading blanks. */
static bool read_double(double *out, const char *text, const gan_option_row *row)
{
    if (text[0] == '\0' || strspn(text, "0123456789+-.eE") != strlen(text))
        return false;
    char *end;
    double x = strtod(text, &end);
    if (*end != '\0' || !isfinite(x) || x < row->min || x > row->max)
        return false;
    *out = x;
    return true;
}

static bool read_bool(bool *out, const char *text)
{
    static const char *const words[] = {"no", "yes", "false", "true", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = i % 2 == 1;
            return true;
        }
    }
    return false;
}

static size_t count_words(const char *const *words)
{
    size_t n = 0;
    while (words[n])
        n++;
    return n;
}

static gan_status parse_enum(void *field, const gan_option_row *row, const char *value, const char *origin)
{
    size_t n = count_words(row->words);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(row->words[i], value) == 0) {
            int index = (int)i;
            memcpy(field, &index, sizeof index);
            return GAN_OK;
        }
    }
    char takes[200];
    gan_option_takes(takes, sizeof takes, row);
    return gan_error(GAN_BAD_INPUT, "%s: %s cannot be '%s'%s; it takes %s", origin, row->key,
                     gan_quote(value).text, gan_hint_for(gan_nearest(value, row->words, n)).text, takes);
}

/* A text must survive being written to an INI file and read again:
 * no control bytes, no comment, no blank ends. */
static gan_status parse_text(char *field, const gan_option_row *row, const char *value, const char *origin)
{
    size_t n = strlen(value);
    if (n >= row->size)
        return gan_error(GAN_BAD_INPUT, "%s: %s has %zu bytes; at most %zu are allowed", origin, row->key, n,
                         row->size - 1);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)value[i];
        if (c < 0x20 || c == 0x7f)
            return gan_error(GAN_BAD_INPUT, "%s: %s has the control byte 0x%02x at position %zu; remove it",
                             origin, row->key, c, i + 1);
        if ((c == ';' || c == '#') && (i == 0 || is_blank(value[i - 1])))
            return gan_error(GAN_BAD_INPUT,
                             "%s: %s '%s': '%c' after a blank starts a comment; remove the blank", origin,
                             row->key, gan_quote(value).text, c);
    }
    if (n > 0 && (is_blank(value[0]) || is_blank(value[n - 1])))
        return gan_error(GAN_BAD_INPUT, "%s: %s '%s' begins or ends with a blank; remove it", origin,
                         row->key, gan_quote(value).text);
    memset(field, 0, row->size);
    memcpy(field, value, n);
    return GAN_OK;
}

/* Words with single blanks between them, however they were spaced. */
static gan_status parse_words(char *field, const gan_option_row *row, const char *value, const char *origin)
{
    char *words = malloc(strlen(value) + 1);
    if (!words)
        return gan_error(GAN_FAILED, "%s: out of memory", origin);
    size_t n = 0;
    for (const char *p = value; *p; p++) {
        if (!is_blank(*p))
            words[n++] = *p;
        else if (n > 0 && words[n - 1] != ' ')
            words[n++] = ' ';
    }
    if (n > 0 && words[n - 1] == ' ')
        n--;
    words[n] = '\0';
    gan_status status = parse_text(field, row, words, origin);
    free(words);
    return status;
}

static gan_status parse_noise(gan_config *config, const gan_option_row *row, const char *value,
                              const char *origin)
{
    size_t length = strcspn(value, " \t");
    size_t gap = strspn(value + length, " \t");
    uint64_t dim;
    for (int kind = 0; noise_words[kind]; kind++) {
        const char *number = value + length + gap;
        if (gap == 0 || strlen(noise_words[kind]) != length ||
            strncmp(value, noise_words[kind], length) != 0 || !read_whole(&dim, number, strlen(number), row))
            continue;
        config->noise = (gan_noise)kind;
        config->noise_dim = (int)dim;
        return GAN_OK;
    }
    return refuse(row, value, origin);
}

static gan_status parse_cadence(gan_cadence *field, const gan_option_row *row, const char *value,
                                const char *origin)
{
    size_t length = strlen(value);
    bool seconds = length > 0 && value[length - 1] == 's';
    uint64_t n;
    if (!read_whole(&n, value, length - seconds, row))
        return refuse(row, value, origin);
    *field = (gan_cadence){.every = (int)n, .seconds = seconds};
    return GAN_OK;
}

static gan_status parse_seconds(int *field, const gan_option_row *row, const char *value, const char *origin)
{
    size_t length = strlen(value);
    uint64_t n;
    if (!read_whole(&n, value, length - (length > 0 && value[length - 1] == 's'), row))
        return refuse(row, value, origin);
    *field = (int)n;
    return GAN_OK;
}

static gan_status parse_number(void *field, const gan_option_row *row, const char *value, const char *origin)
{
    uint64_t n;
    if (row->type == GAN_OPTION_UINT64) {
        if (!read_unsigned(field, value, strlen(value), UINT64_MAX))
            return refuse(row, value, origin);
        return GAN_OK;
    }
    if (row->type == GAN_OPTION_DOUBLE)
        return read_double(field, value, row) ? GAN_OK : refuse(row, value, origin);
    if (!read_whole(&n, value, strlen(value), row))
        return refuse(row, value, origin);
    if (row->type == GAN_OPTION_INT)
        *(int *)field = (int)n;
    else
        *(int64_t *)field = (int64_t)n;
    return GAN_OK;
}

gan_status gan_value_parse(gan_config *config, const gan_option_row *row, const char *value,
                           const char *origin)
{
    void *field = (char *)config + row->offset;
    switch (row->type) {
    case GAN_OPTION_INT:
    case GAN_OPTION_INT64:
    case GAN_OPTION_UINT64:
    case GAN_OPTION_DOUBLE:
        return parse_number(field, row, value, origin);
    case GAN_OPTION_BOOL:
        return read_bool(field, value) ? GAN_OK : refuse(row, value, origin);
    case GAN_OPTION_TEXT:
        return parse_text(field, row, value, origin);
    case GAN_OPTION_WORDS:
        return parse_words(field, row, value, origin);
    case GAN_OPTION_ENUM:
        return parse_enum(field, row, value, origin);
    case GAN_OPTION_NOISE:
        return parse_noise(config, row, value, origin);
    case GAN_OPTION_SECONDS:
        return parse_seconds(field, row, value, origin);
    case GAN_OPTION_CADENCE:
        return parse_cadence(field, row, value, origin);
    }
    return gan_error(GAN_FAILED, "%s: %s has a type that no code handles", origin, row->key);
}

/* The shortest decimal that reads back to the same double. */
static void print_double(char *out, double x)
{
    char text[GAN_WORD_MAX];
    int digits = 1;
    do
        snprintf(text, sizeof text, "%.*g", digits, x);
    while (strtod(text, NULL) != x && digits++ < 17);
    strcpy(out, text);
}

void gan_value_print(char *out, const gan_config *config, const gan_option_row *row)
{
    const void *field = (const char *)config + row->offset;
    int index;
    switch (row->type) {
    case GAN_OPTION_INT:
        snprintf(out, GAN_WORD_MAX, "%d", *(const int *)field);
        break;
    case GAN_OPTION_INT64:
        snprintf(out, GAN_WORD_MAX, "%lld", (long long)*(const int64_t *)field);
        break;
    case GAN_OPTION_UINT64:
        snprintf(out, GAN_WORD_MAX, "%llu", (unsigned long long)*(const uint64_t *)field);
        break;
    case GAN_OPTION_DOUBLE:
        print_double(out, *(const double *)field);
        break;
    case GAN_OPTION_BOOL:
        strcpy(out, *(const bool *)field ? "yes" : "no");
        break;
    case GAN_OPTION_TEXT:
    case GAN_OPTION_WORDS:
        snprintf(out, GAN_TEXT_MAX, "%.*s", (int)row->size - 1, (const char *)field);
        break;
    case GAN_OPTION_ENUM:
        memcpy(&index, field, sizeof index);
        strcpy(out, row->words[index]);
        break;
    case GAN_OPTION_NOISE:
        snprintf(out, GAN_WORD_MAX, "%s %d", noise_words[config->noise], config->noise_dim);
        break;
    case GAN_OPTION_SECONDS:
        snprintf(out, GAN_WORD_MAX, "%ds", *(const int *)field);
        break;
    case GAN_OPTION_CADENCE:
        snprintf(out, GAN_WORD_MAX, "%d%s", ((const gan_cadence *)field)->every,
                 ((const gan_cadence *)field)->seconds ? "s" : "");
        break;
    }
}
