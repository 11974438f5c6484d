#include "support.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <jpeglib.h>
#include <png.h>
#include <zlib.h>

char test_folder[64];

/* A test without its files is no test. */
static void need(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "test set-up failed: %s\n", what);
    abort();
}

int make_folder(void **state)
{
    (void)state;
    strcpy(test_folder, "/tmp/gan-test-data-XXXXXX");
    return mkdtemp(test_folder) ? 0 : -1;
}

void clear_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'/*", test_folder);
    need(system(command) == 0, command);
}

int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", test_folder);
    return system(command);
}

const char *in_folder(const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", test_folder, name);
    return path;
}

void make_subfolder(const char *name)
{
    need(mkdir(in_folder(name), 0777) == 0, name);
}

void write_bytes(const char *name, const void *bytes, size_t n)
{
    FILE *file = fopen(in_folder(name), "wb");
    need(file && fwrite(bytes, 1, n, file) == n && fclose(file) == 0, name);
}

void write_gz(const char *name, const void *bytes, size_t n)
{
    gzFile file = gzopen(in_folder(name), "wb");
    need(file && gzwrite(file, bytes, (unsigned)n) == (int)n && gzclose(file) == Z_OK, name);
}

uint8_t *read_bytes(const char *name, size_t *n)
{
    FILE *file = fopen(in_folder(name), "rb");
    need(file && fseek(file, 0, SEEK_END) == 0, name);
    *n = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*n + 1);
    need(bytes && fread(bytes, 1, *n, file) == *n && fclose(file) == 0, name);
    return bytes;
}

uint8_t pattern(int y, int x, int c, int variant)
{
    return (uint8_t)(40 + (y * (c == 0 ? 4 : 1) + x * (c == 1 ? 5 : 2) + c * 30 + variant * 17) % 160);
}

uint8_t alpha_at(int y, int x)
{
    return (uint8_t)((y * 16 + x * 9) % 256);
}

/* One row in the layout of `kind`. */
static void fill_png_row(uint8_t *row, int y, int width, png_kind kind, int variant)
{
    int colours = kind.colour & PNG_COLOR_MASK_COLOR && kind.colour != PNG_COLOR_TYPE_PALETTE ? 3 : 1;
    bool alpha = kind.colour & PNG_COLOR_MASK_ALPHA;
    memset(row, 0, (size_t)width * 8);
    for (int x = 0, at = 0; x < width; x++) {
        if (kind.depth < 8) { /* packed, most significant bits first */
            int value = pattern(y, x, 0, variant) >> (8 - kind.depth), bit = x * kind.depth;
            row[bit / 8] |= (uint8_t)(value << (8 - kind.depth - bit % 8));
            continue;
        }
        for (int c = 0; c < colours + alpha; c++) {
            row[at++] = c < colours ? pattern(y, x, c, variant) : alpha_at(y, x);
            if (kind.depth == 16)
                row[at++] = c < colours ? 0x55 : alpha_at(y, x); /* low bytes that round away; alpha exact */
        }
    }
}

static void set_png_extras(png_structp png, png_infop info, png_kind kind)
{
    if (kind.colour == PNG_COLOR_TYPE_PALETTE) {
        png_color palette[256];
        png_byte clear[256];
        for (int i = 0; i < 256; i++) {
            palette[i] = (png_color){(png_byte)i, (png_byte)(255 - i), (png_byte)(i / 2)};
            clear[i] = (png_byte)(i % 2 ? 255 : 0);
        }
        png_set_PLTE(png, info, palette, 1 << kind.depth);
        if (kind.transparency)
            png_set_tRNS(png, info, clear, 1 << kind.depth, NULL);
    } else if (kind.transparency) {
        png_color_16 colour = {0, pattern(0, 0, 0, 0), pattern(0, 0, 1, 0), pattern(0, 0, 2, 0),
                               pattern(0, 0, 0, 0)};
        png_set_tRNS(png, info, NULL, 0, &colour);
    }
}

void write_png(const char *name, int height, int width, png_kind kind, int variant)
{
    FILE *file = fopen(in_folder(name), "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    need(file && info && !setjmp(png_jmpbuf(png)), name);
    png_init_io(png, file);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, kind.depth, kind.colour,
                 kind.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    set_png_extras(png, info, kind);
    png_write_info(png, info);
    png_bytepp rows = calloc((size_t)height, sizeof *rows);
    for (int y = 0; y < height; y++) {
        rows[y] = malloc((size_t)width * 8);
        fill_png_row(rows[y], y, width, kind, variant);
    }
    png_write_image(png, rows);
    png_write_end(png, NULL);
    for (int y = 0; y < height; y++)
        free(rows[y]);
    free(rows);
    png_destroy_write_struct(&png, &info);
    need(fclose(file) == 0, name);
}

/* An EXIF block with one entry, the orientation. */
static size_t exif_block(uint8_t *out, int orientation, bool big_endian)
{
    static const uint8_t little[] = {'E',  'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0,
                                     0x12, 1,   3,   0,   1, 0, 0,   0,   0,  0, 0, 0, 0, 0, 0, 0};
    static const uint8_t big[] = {'E', 'x',  'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1,
                                  1,   0x12, 0,   3,   0, 0, 0,   1,   0, 0,  0, 0, 0, 0, 0, 0};
    memcpy(out, big_endian ? big : little, sizeof little);
    out[big_endian ? 25 : 24] = (uint8_t)orientation;
    return sizeof little;
}

void upright(int *y, int *x, int r, int c, int height, int width, int orientation)
{
    static const char row0[] = "ttbblrrl", column0[] = "lrrlttbb";
    char row = row0[orientation - 1], column = column0[orientation - 1];
    int *along_row = row == 't' || row == 'b' ? y : x, *along_column = column == 'l' || column == 'r' ? x : y;
    *along_row = row == 't' || row == 'l' ? r : (along_row == y ? height : width) - 1 - r;
    *along_column = column == 't' || column == 'l' ? c : (along_column == y ? height : width) - 1 - c;
}

static void fill_jpeg_row(uint8_t *row, int r, int height, int width, jpeg_kind kind, int variant)
{
    int orientation = kind.orientation ? kind.orientation : 1;
    int stored_width = orientation >= 5 ? height : width;
    for (int c = 0; c < stored_width; c++, row += kind.components) {
        int y, x;
        upright(&y, &x, r, c, height, width, orientation);
        for (int k = 0; k < kind.components; k++)
            row[k] = pattern(y, x, k, variant);
        if (kind.components == 4) {
            row[3] = kind.adobe ? 255 : 0; /* no black */
            for (int k = 0; k < 3 && !kind.adobe; k++)
                row[k] = (uint8_t)(255 - row[k]);
        }
    }
}

static const jpeg_scan_info separate_scans[] = {
    {.comps_in_scan = 1, .component_index = {0}, .Se = 63},
    {.comps_in_scan = 1, .component_index = {1}, .Se = 63},
    {.comps_in_scan = 1, .component_index = {2}, .Se = 63},
};

static void set_jpeg_options(struct jpeg_compress_struct *jpeg, jpeg_kind kind)
{
    jpeg->input_components = kind.components;
    jpeg->in_color_space = kind.components == 1 ? JCS_GRAYSCALE : kind.components == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(jpeg);
    if (kind.components == 4) {
        jpeg_set_colorspace(jpeg, kind.ycck ? JCS_YCCK : JCS_CMYK);
        jpeg->write_Adobe_marker = kind.adobe;
    }
    jpeg_set_quality(jpeg, 98, TRUE);
    for (int c = 0; c < kind.components; c++)
        jpeg->comp_info[c].h_samp_factor = jpeg->comp_info[c].v_samp_factor = 1;
    if (kind.progressive)
        jpeg_simple_progression(jpeg);
    if (kind.separate) {
        jpeg->scan_info = separate_scans;
        jpeg->num_scans = 3;
    }
    if (kind.no_tables)
        jpeg_suppress_tables(jpeg, TRUE);
}

void write_jpeg(const char *name, int height, int width, jpeg_kind kind, int variant)
{
    FILE *file = fopen(in_folder(name), "wb");
    need(file != NULL, name);
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_height = (JDIMENSION)(kind.orientation >= 5 ? width : height);
    jpeg.image_width = (JDIMENSION)(kind.orientation >= 5 ? height : width);
    set_jpeg_options(&jpeg, kind);
    jpeg_start_compress(&jpeg, !kind.no_tables);
    if (kind.orientation) {
        uint8_t exif[64];
        jpeg_write_marker(&jpeg, JPEG_APP0 + 1, exif,
                          (unsigned)exif_block(exif, kind.orientation, kind.big_endian));
    }
    uint8_t *row = malloc((size_t)(height + width) * 4);
    while (jpeg.next_scanline < jpeg.image_height) {
        fill_jpeg_row(row, (int)jpeg.next_scanline, height, width, kind, variant);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    free(row);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    need(fclose(file) == 0, name);
}

static uint8_t *put_32(uint8_t *p, int value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        *p++ = (uint8_t)(value >> shift);
    return p;
}

uint8_t *idx_pictures(size_t *bytes, int n, int height, int width, int channels)
{
    int c = channels ? channels : 1;
    *bytes = (channels ? 20u : 16u) + (size_t)n * (size_t)height * (size_t)width * (size_t)c;
    uint8_t *out = malloc(*bytes), *p = out;
    need(out != NULL, "memory");
    p = put_32(p, channels ? 0x0804 : 0x0803);
    p = put_32(put_32(put_32(p, n), height), width);
    if (channels)
        p = put_32(p, channels);
    for (int i = 0; i < n; i++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                for (int k = 0; k < c; k++)
                    *p++ = pattern(y, x, k, i);
    return out;
}

uint8_t *idx_labels(size_t *bytes, int n, int classes)
{
    *bytes = 8 + (size_t)n;
    uint8_t *out = malloc(*bytes), *p = out;
    need(out != NULL, "memory");
    p = put_32(put_32(p, 0x0801), n);
    for (int i = 0; i < n; i++)
        *p++ = (uint8_t)(i * 7 % classes);
    return out;
}

void write_idx(const char *name, int n, int height, int width, int channels, bool zipped)
{
    size_t bytes;
    uint8_t *content = idx_pictures(&bytes, n, height, width, channels);
    (zipped ? write_gz : write_bytes)(name, content, bytes);
    free(content);
}

void write_idx_labels(const char *name, int n, int classes, bool zipped)
{
    size_t bytes;
    uint8_t *content = idx_labels(&bytes, n, classes);
    (zipped ? write_gz : write_bytes)(name, content, bytes);
    free(content);
}

gan_config config_for(const char *name, int height, int width, int channels)
{
    gan_config config;
    gan_config_defaults(&config);
    snprintf(config.data, sizeof config.data, "%s", strncmp(name, "faces", 5) == 0 ? name : in_folder(name));
    config.height = height;
    config.width = width;
    config.channels = channels;
    config.batch = 1;
    return config;
}

static gan_comm *self;
static int users;

gan_status open_self(gan_data **out, const gan_config *config, const char *bad_files)
{
    if (!self)
        GAN_TRY(gan_comm_open_self(&self));
    gan_status status = gan_data_open(out, config, self, bad_files);
    users += status == GAN_OK;
    if (users == 0) {
        gan_comm_close(self, false, 0);
        self = NULL;
    }
    return status;
}

void close_self(gan_data *data)
{
    gan_data_close(data);
    if (--users == 0) {
        gan_comm_close(self, false, 0);
        self = NULL;
    }
}
