/* csv.c: log.csv, a row for each logged step. */
#include "gan_dist/out.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "gan_dist/base.h"
#include "gan_dist/log.h"
#include "csv_rows.h"

#define FILE_LIMIT ((size_t)1 << 32)
#define COPIES_MAX 1000

struct gan_csv {
    int file;
    char *path;
    locale_t c_locale; /* a decimal point whatever the user's language */
    char *waiting;     /* rows that could not be written yet */
    size_t n_waiting;
};

/* A copy of a log that somebody has changed, under a name of its own: PATH.changed, PATH.changed-2 ... */
static gan_status set_aside(char *copy, size_t room, const char *path, const void *bytes, size_t n)
{
    for (int i = 1; i <= COPIES_MAX; i++) {
        char number[16] = "";
        if (i > 1)
            snprintf(number, sizeof number, "-%d", i);
        if (snprintf(copy, room, "%s.changed%s", path, number) >= (int)room)
            break;
        if (access(copy, F_OK) != 0 && errno == ENOENT)
            return gan_file_replace(copy, bytes, n);
    }
    return gan_error(GAN_BAD_INPUT, "%s: cannot be set aside: move it away", path);
}

/* Says what was changed, and keeps what would be lost. */
static gan_status tell_changes(const gan_csv_rows *rows, const char *path, const void *bytes, size_t n,
                               bool resaved)
{
    char copy[PATH_MAX];
    if (rows->unreadable == 0 && rows->extra == 0) {
        if (resaved)
            gan_log0("%s: another program has saved it; its rows are kept, as this program writes them",
                     path);
        return GAN_OK;
    }
    GAN_TRY(set_aside(copy, sizeof copy, path, bytes, n));
    if (rows->unreadable)
        gan_warn0("%s: %zu lines that are no rows of this log were dropped; as it was, it is %s", path,
                  rows->unreadable, copy);
    else
        gan_warn0("%s: %zu rows have more columns than this log, which were dropped; as it was, it is %s",
                  path, rows->extra, copy);
    return GAN_OK;
}

static gan_status judge_rows(const gan_csv_rows *rows, const char *path)
{
    if (!rows->text)
        return gan_error(GAN_FAILED, "%s: out of memory", path);
    if (!rows->ours)
        return gan_error(GAN_BAD_INPUT,
                         "%s: not a log of this program (its first line differs): move it away", path);
    return GAN_OK;
}

/* The rows that stay, in place of the file. A file that has them at its beginning is cut, which needs no
 * room on a full disk. */
static gan_status keep_rows(const gan_csv_rows *rows, const char *path, const char *bytes, size_t n)
{
    bool cut = rows->n <= n && memcmp(bytes, rows->text, rows->n) == 0;
    bool resaved = n >= sizeof GAN_CSV_HEADER - 1 &&
                   (memcmp(bytes, GAN_CSV_HEADER, sizeof GAN_CSV_HEADER - 1) != 0 || memchr(bytes, '\r', n));
    GAN_TRY(tell_changes(rows, path, bytes, n, resaved));
    if (!cut)
        return gan_file_replace(path, rows->text, rows->n);
    if (rows->n != n && truncate(path, (off_t)rows->n) != 0)
        return gan_error(GAN_FAILED, "%s: cannot cut: %s", path, strerror(errno));
    return GAN_OK;
}

static bool is_missing(const char *path)
{
    return access(path, F_OK) != 0 && errno == ENOENT;
}

/* The rows up to `step`; with `keep` the file is left with them alone. */
static gan_status read_rows(const char *path, uint64_t step, bool keep)
{
    void *bytes = NULL;
    size_t n = 0, n_plain;
    GAN_TRY(gan_file_read(&bytes, &n, path, FILE_LIMIT));
    gan_status status = GAN_OK;
    gan_csv_rows rows = {0};
    char *plain = malloc(n + 1);
    if (!plain) {
        status = gan_error(GAN_FAILED, "%s: out of memory", path);
        goto out;
    }
    memcpy(plain, bytes, n + 1);
    n_plain = n;
    GAN_TRY_OUT(status, gan_text_plain(&plain, &n_plain, path));
    gan_csv_rows_read(&rows, plain, n_plain, step);
    GAN_TRY_OUT(status, judge_rows(&rows, path));
    if (keep)
        status = keep_rows(&rows, path, bytes, n);
out:
    free(rows.text);
    free(plain);
    free(bytes);
    return status;
}

gan_status gan_csv_look(const char *path)
{
    return is_missing(path) ? GAN_OK : read_rows(path, UINT64_MAX, false);
}

gan_status gan_csv_open(gan_csv **out, const char *path, uint64_t step)
{
    gan_status status = GAN_OK;
    GAN_TRY(is_missing(path) ? gan_file_replace(path, GAN_CSV_HEADER, sizeof GAN_CSV_HEADER - 1)
                             : read_rows(path, step, true));
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
    ssize_t written = write(csv->file, csv->waiting, csv->n_waiting), more = 1;
    /* Why the rest was not written, only another write tells. */
    while (written > 0 && more > 0 && (size_t)written < csv->n_waiting) {
        more = write(csv->file, csv->waiting + written, csv->n_waiting - (size_t)written);
        written += more > 0 ? more : 0;
    }
    if (written == (ssize_t)csv->n_waiting) {
        csv->n_waiting = 0;
        return GAN_OK;
    }
    int reason = errno;
    if (written > 0 && ftruncate(csv->file, before.st_size) != 0)
        reason = errno;
    return gan_error(GAN_FAILED, "%s: cannot write: %s", csv->path, strerror(reason));
}

gan_status gan_csv_append(gan_csv *csv, const gan_log_row *row)
{
    char line[32 *
              (GAN_CSV_COLUMNS + 1)]; /* the longest number, -1.23456789e-308, has 15 characters; a step 20 */
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
