/* csv_rows.h: the rows of a log.csv, also after a spreadsheet or an editor has saved it. Internal to
 * src/out. */
#ifndef GAN_OUT_CSV_ROWS_H
#define GAN_OUT_CSV_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GAN_CSV_COLUMNS 11
#define GAN_CSV_HEADER                                                                                       \
    "step,epoch,d_loss,g_loss,d_loss_real,d_loss_fake,d_real,d_fake,images_per_second,seconds,seconds_"      \
    "left\n"

typedef struct gan_csv_rows {
    char *text; /* header and rows as this program writes them; freed by the caller; NULL: no memory */
    size_t n;
    bool ours;         /* the first line is the header, or a row */
    size_t unreadable; /* lines that are no rows */
    size_t extra;      /* rows with more columns, which are left out */
} gan_csv_rows;

/* The rows up to `last_step` of a text of lines that end in LF. Separators: comma, semicolon or tab, as in
 * the first line; numbers with a decimal comma where that is none; quotes around fields; empty lines. */
void gan_csv_rows_read(gan_csv_rows *out, const char *text, size_t n, uint64_t last_step);

#endif
