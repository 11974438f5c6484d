/* csv_rows.c: the rows of a log.csv, also after a spreadsheet or an editor has saved it. */
#include "csv_rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD_MAX 64

typedef struct line_fields {
    char field[GAN_CSV_COLUMNS][FIELD_MAX]; /* without quotes and blanks around them */
    size_t n;                               /* also of those that have no room above */
    bool empty;                             /* nothing in any of them */
    bool extra;                             /* something in those behind the last column */
    bool right;                             /* no field is too long, or has a byte that no number has */
} line_fields;

static bool is_around(char c)
{
    return c == ' ' || c == '"';
}

/* "0,5" with its quotes; 0: they do not close. */
static size_t quoted_length(const char *text, size_t n)
{
    const char *end = memchr(text + 1, '"', n - 1);
    return end ? (size_t)(end + 1 - text) : 0;
}

static void split(line_fields *out, const char *line, size_t n, char separator)
{
    *out = (line_fields){.empty = true, .right = n == 0 || line[0] != ' '};
    for (size_t at = 0;; at++) {
        size_t quoted = at < n && line[at] == '"' ? quoted_length(line + at, n - at) : 0;
        const char *next = at < n ? memchr(line + at + quoted, separator, n - at - quoted) : NULL;
        size_t end = next ? (size_t)(next - line) : n, from = at, to = end;
        while (from < to && is_around(line[from]))
            from++;
        while (from < to && is_around(line[to - 1]))
            to--;
        out->empty = out->empty && from == to;
        if (out->n >= GAN_CSV_COLUMNS)
            out->extra = out->extra || from < to;
        else if (to - from >= FIELD_MAX || memchr(line + from, 0, to - from))
            out->right = false;
        else
            memcpy(out->field[out->n], line + from, to - from);
        out->n++;
        at = end;
        if (!next)
            return;
    }
}

/* 1234 also as 1,234E+03, if nothing is lost. */
static bool is_step(uint64_t *step, const char *text)
{
    char *end;
    errno = 0;
    *step = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || errno != 0)
        return false;
    if (*end == '\0')
        return true;
    double value = strtod(text, &end);
    if (*end != '\0' || !(value >= 0 && value < 9007199254740992.0) || value != (double)(uint64_t)value)
        return false;
    *step = (uint64_t)value;
    return true;
}

/* strtod would also take 0x10, infinity and, by the language of the user, other decimal signs. */
static bool is_number(const char *text)
{
    if (*text == '-' || *text == '+')
        text++;
    if (strcmp(text, "inf") == 0 || strcmp(text, "nan") == 0)
        return true;
    size_t whole = strspn(text, "0123456789"), part = 0;
    text += whole;
    if (*text == '.') {
        part = strspn(++text, "0123456789");
        text += part;
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '-' || *text == '+';
        size_t digits = strspn(text, "0123456789");
        return whole + part > 0 && digits > 0 && text[digits] == '\0';
    }
    return whole + part > 0 && *text == '\0';
}

static bool is_row(uint64_t *step, line_fields *line)
{
    if (!line->right || line->n < GAN_CSV_COLUMNS)
        return false;
    for (size_t c = 0; c < GAN_CSV_COLUMNS; c++) {
        char *comma = strchr(line->field[c], ',');
        if (comma)
            *comma = '.';
        bool last = c + 1 == GAN_CSV_COLUMNS;
        if (c > 0 && !(last && line->field[c][0] == '\0') && !is_number(line->field[c]))
            return false;
    }
    return is_step(step, line->field[0]);
}

static bool is_header(const line_fields *line)
{
    const char *name = GAN_CSV_HEADER;
    for (size_t c = 0; c < GAN_CSV_COLUMNS && line->right; c++) {
        size_t n = strcspn(name, ",\n");
        if (c >= line->n || strlen(line->field[c]) != n || strncmp(line->field[c], name, n) != 0)
            return false;
        name += n + 1;
    }
    return line->right;
}

/* The one that makes a header or a row of the first line. */
static bool find_separator(char *out, const char *line, size_t n)
{
    static const char separators[] = {',', ';', '\t'};
    for (size_t i = 0; i < sizeof separators; i++) {
        line_fields fields;
        uint64_t step;
        split(&fields, line, n, separators[i]);
        *out = separators[i];
        if (is_header(&fields) || is_row(&step, &fields))
            return true;
    }
    return false;
}

static void write_row(FILE *out, uint64_t step, const line_fields *line)
{
    fprintf(out, "%" PRIu64, step);
    for (size_t c = 1; c < GAN_CSV_COLUMNS; c++)
        fprintf(out, ",%s", line->field[c]);
    fputc('\n', out);
}

static void read_lines(gan_csv_rows *out, FILE *to, const char *text, size_t n, uint64_t last_step)
{
    char separator = ',';
    bool first = true;
    for (size_t at = 0; at < n;) {
        const char *newline = memchr(text + at, '\n', n - at);
        size_t end = newline ? (size_t)(newline - text) : n;
        line_fields line;
        uint64_t step;
        if (first)
            first = !(out->ours = find_separator(&separator, text + at, end - at)) && end == at;
        split(&line, text + at, end - at, separator);
        bool torn = !newline && line.n < GAN_CSV_COLUMNS; /* by a crash */
        if (is_row(&step, &line)) {
            out->extra += line.extra;
            if (step <= last_step)
                write_row(to, step, &line);
        } else if (!line.empty && !is_header(&line) && !torn) {
            out->unreadable++;
        }
        at = end + 1;
    }
    out->ours = out->ours || first; /* nothing but empty lines */
}

void gan_csv_rows_read(gan_csv_rows *out, const char *text, size_t n, uint64_t last_step)
{
    *out = (gan_csv_rows){0};
    FILE *to = open_memstream(&out->text, &out->n);
    if (!to)
        return;
    fputs(GAN_CSV_HEADER, to);
    read_lines(out, to, text, n, last_step);
    bool failed = ferror(to);
    if (fclose(to) == 0 && !failed)
        return;
    free(out->text);
    out->text = NULL;
}
