#include "gan_dist/out.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "gan_dist/base.h"
#include "gan_dist/log.h"

#define HEADER                                                                                               \
    "step,epoch,d_loss,g_loss,d_loss_real,d_loss_fake,d_real,d_fake,images_per_second,seconds,seconds_"      \
    "left\n"
#define COLUMNS    11
#define FILE_LIMIT ((size_t)1 << 32)

struct gan_csv {
    int file;
    char *path;
    locale_t c_locale; /* a decimal point whatever the user's language */
    char *waiting;     /* rows that could not be written yet */
    size_t n_waiting;
};

/* A whole row: a step, COLUMNS fields, the end of the line. */
static bool is_row(uint64_t *step, const char *line, size_t n)
{
    size_t commas = 0;
    for (size_t i = 0; i < n; i++)
        commas += line[i] == ',';
    char *end;
    errno = 0;
    *step = strtoull(line, &end, 10);
    return commas == COLUMNS - 1 && line[0] >= '0' && line[0] <= '9' && *end == ',' && errno == 0;
}

/* Moves the rows to keep to the front of `text` and returns their length.
 * `moved`: some did not stand there already. */
static size_t keep_rows(char *text, size_t n, uint64_t last_step, size_t *unreadable, bool *moved)
{
    size_t kept = sizeof HEADER - 1;
    *unreadable = 0;
    *moved = false;
    for (size_t at = kept; at < n;) {
        const char *newline = memchr(text + at, '\n', n - at);
        if (!newline)
            break; /* torn by a crash */
        size_t length = (size_t)(newline - (text + at)) + 1;
        uint64_t step;
        if (!is_row(&step, text + at, length)) {
            ++*unreadable;
        } else if (step <= last_step) {
            *moved = *moved || kept != at;
            memmove(text + kept, text + at, length);
            kept += length;
        }
        at += length;
    }
    return kept;
}

static gan_status trim(const char *path, uint64_t step)
{
    gan_status status = GAN_OK;
    void *bytes = NULL;
    size_t n = 0, unreadable;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return gan_file_replace(path, HEADER, sizeof HEADER - 1);
    GAN_TRY(gan_file_read(&bytes, &n, path, FILE_LIMIT));
    if (n == 0) {
        status = gan_file_replace(path, HEADER, sizeof HEADER - 1);
    } else if (n < sizeof HEADER - 1 || memcmp(bytes, HEADER, sizeof HEADER - 1) != 0) {
        status = gan_error(GAN_BAD_INPUT,
                           "%s: not a log of this program (its first line differs): move it away", path);
    } else {
        bool moved;
        size_t kept = keep_rows(bytes, n, step, &unreadable, &moved);
        if (unreadable)
            gan_warn0("%s: %zu lines that are no rows of this log were dropped", path, unreadable);
        if (moved)
            status = gan_file_replace(path, bytes, kept);
        else if (kept != n && truncate(path, (off_t)kept) != 0) /* needs no room on a full disk */
            status = gan_error(GAN_FAILED, "%s: cannot cut: %s", path, strerror(errno));
    }
    free(bytes);
    return status;
}

gan_status gan_csv_open(gan_csv **out, const char *path, uint64_t step)
{
    gan_status status = GAN_OK;
    GAN_TRY(trim(path, step));
    gan_csv *csv = calloc(1, sizeof *csv);
    if (!csv)
        return gan_error(GAN_FAILED, "%s: out of memory", path);
    csv->file = -1;
    csv->path = strdup(path);
    csv->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!csv->path || csv->c_locale == (locale_t)0) {
        status = gan_error(GAN_FAILED, "%s: out of memory", path);
        goto out;
    }
    csv->file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (csv->file < 0) {
        status = gan_error(GAN_FAILED, "%s: cannot open: %s", path, strerror(errno));
        goto out;
    }
    *out = csv;
    csv = NULL;
out:
    gan_csv_close(csv);
    return status;
}

/* The sign of a NaN says nothing, and printf would print it. */
static int print_number(char *out, size_t room, double value)
{
    return isnan(value) ? snprintf(out, room, ",nan") : snprintf(out, room, ",%.9g", value);
}

static int print_row(char *out, size_t room, const gan_log_row *row)
{
    const double values[] = {row->epoch,       row->d_loss, row->g_loss, row->d_loss_real,
                             row->d_loss_fake, row->d_real, row->d_fake, row->images_per_second,
                             row->seconds};
    size_t used = (size_t)snprintf(out, room, "%" PRIu64, row->step);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        used += (size_t)print_number(out + used, room - used, values[i]);
    if (isnan(row->seconds_left))
        used += (size_t)snprintf(out + used, room - used, ",\n");
    else
        used += (size_t)snprintf(out + used, room - used, ",%.9g\n", row->seconds_left);
    return (int)used;
}

/* All of them or none: half a row would spoil the next one. */
static gan_status write_waiting(gan_csv *csv)
{
    struct stat before;
    if (fstat(csv->file, &before) != 0)
        return gan_error(GAN_FAILED, "%s: cannot write: %s", csv->path, strerror(errno));
    ssize_t written = write(csv->file, csv->waiting, csv->n_waiting);
    if (written == (ssize_t)csv->n_waiting) {
        csv->n_waiting = 0;
        return GAN_OK;
    }
    int reason = written < 0 ? errno : ENOSPC;
    if (written > 0 && ftruncate(csv->file, before.st_size) != 0)
        reason = errno;
    return gan_error(GAN_FAILED, "%s: cannot write: %s", csv->path, strerror(reason));
}

gan_status gan_csv_append(gan_csv *csv, const gan_log_row *row)
{
    char line[32 * (COLUMNS + 1)]; /* the longest number, -1.23456789e-308, has 15 characters; a step 20 */
    locale_t previous = uselocale(csv->c_locale);
    size_t n = (size_t)print_row(line, sizeof line, row);
    uselocale(previous);
    char *larger = realloc(csv->waiting, csv->n_waiting + n);
    if (!larger)
        return gan_error(GAN_FAILED, "%s: out of memory", csv->path);
    csv->waiting = larger;
    memcpy(csv->waiting + csv->n_waiting, line, n);
    csv->n_waiting += n;
    return write_waiting(csv);
}

void gan_csv_close(gan_csv *csv)
{
    if (!csv)
        return;
    if (csv->n_waiting > 0 && write_waiting(csv) != GAN_OK)
        gan_warn0("%s; its last rows are lost", gan_error_message());
    if (csv->file >= 0)
        close(csv->file);
    if (csv->c_locale != (locale_t)0)
        freelocale(csv->c_locale);
    free(csv->waiting);
    free(csv->path);
    free(csv);
}
