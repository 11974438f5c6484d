/* support.h: a temporary folder, and picture files made on the spot, for the tests of src/data. */
#ifndef GAN_TESTS_DATA_SUPPORT_H
#define GAN_TESTS_DATA_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gan_dist/data.h"

/* A folder of this test's own; every path given below is relative to it. The _folder calls are cmocka's group
 * setup and teardown. */
extern char test_folder[64];
int make_folder(void **state);
int remove_folder(void **state);

/* test_folder/name; the text lives until the 8th next call. */
const char *in_folder(const char *name);
void make_subfolder(const char *name);
void write_bytes(const char *name, const void *bytes, size_t n);
void write_gz(const char *name, const void *bytes, size_t n);
/* The whole of a file, for cutting and bending; freed by the caller. */
uint8_t *read_bytes(const char *name, size_t *n);
void clear_folder(void);

/* The pattern of every picture made here: smooth, different for each colour, channel and `variant`. */
uint8_t pattern(int y, int x, int c, int variant);

typedef struct png_kind {
    int colour; /* PNG_COLOR_TYPE_* */
    int depth;
    bool interlaced;
    bool transparency; /* a tRNS chunk */
} png_kind;
/* Samples come from pattern(); alpha from alpha_at(); palette entry i is (i, 255-i, i/2), index = pattern
 * channel 0. */
void write_png(const char *name, int height, int width, png_kind kind, int variant);
uint8_t alpha_at(int y, int x);

/* Where stored row r and column c lie in the upright picture, by the table of the TIFF 6.0 specification (tag
 * 274): which side of the picture the stored row 0 and column 0 are. */
void upright(int *y, int *x, int r, int c, int height, int width, int orientation);

typedef struct jpeg_kind {
    int components; /* 1, 3 or 4 */
    bool progressive;
    bool separate;   /* 3: each in a scan of its own */
    bool adobe;      /* 4: with the marker, and so with inverted inks */
    bool ycck;       /* 4: stored as YCCK */
    int orientation; /* EXIF; 0 = none */
    bool big_endian; /* of the EXIF block */
    bool no_tables;  /* an abbreviated file, which cannot be decoded alone */
} jpeg_kind;
void write_jpeg(const char *name, int height, int width, jpeg_kind kind, int variant);

/* IDX bytes of n pictures pattern(.., i); channels 0 = three dimensions. Freed by the caller. */
uint8_t *idx_pictures(size_t *bytes, int n, int height, int width, int channels);
/* n labels (i * 7) % classes as type 0x08. */
uint8_t *idx_labels(size_t *bytes, int n, int classes);
void write_idx(const char *name, int n, int height, int width, int channels, bool zipped);
void write_idx_labels(const char *name, int n, int classes, bool zipped);

/* A configuration for test_folder/name (or `name` itself for "faces..."), batch 1. */
gan_config config_for(const char *name, int height, int width, int channels);

/* Opens with comm_self; the message of a failure is in gan_error_message(). */
gan_status open_self(gan_data **out, const gan_config *config, const char *bad_files);
void close_self(gan_data *data);

#endif
