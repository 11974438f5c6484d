#include "decode.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <jpeglib.h>
#include <jerror.h>

/* Honest progressive files have about ten scans; one with thousands is made to keep a decoder busy. */
#define SCANS_MAX 500

/* How much of the picture its scans have brought. Asked for before the library forgets it, at its end. */
typedef enum coverage {
    LACKS_COMPONENT, /* a colour that no scan brought: the library would put grey in its place */
    LACKS_SCANS,     /* or may lack: coefficients without their last bits, or bits whose end nothing tells */
    COMPLETE
} coverage;

struct gan_jpeg {
    struct jpeg_decompress_struct decompress;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    bool created;
    bool ended_early; /* the library ran past the last byte */
    bool damaged;     /* it patched over bad data */
    bool no_memory;
    bool all_rows; /* have been read */
    coverage covered;
    uint8_t *cmyk; /* one row */
};

static gan_jpeg *owner(j_common_ptr common)
{
    return common->client_data;
}

static void on_error(j_common_ptr common)
{
    gan_jpeg *jpeg = owner(common);
    jpeg->no_memory = common->err->msg_code == JERR_OUT_OF_MEMORY;
    longjmp(jpeg->escape, 1);
}

static void on_message(j_common_ptr common, int level)
{
    if (level >= 0)
        return;
    gan_jpeg *jpeg = owner(common);
    switch (common->err->msg_code) {
    case JWRN_JPEG_EOF:
        jpeg->ended_early = true;
        break;
    case JWRN_ADOBE_XFORM: /* these three lose no pixels: odd or superfluous bytes between segments */
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
        break;
    default:
        jpeg->damaged = true;
    }
}

static void print_nothing(j_common_ptr common)
{
    (void)common;
}

static void on_progress(j_common_ptr common)
{
    if (((j_decompress_ptr)common)->input_scan_number > SCANS_MAX)
        on_error(common);
}

static gan_bad verdict(const gan_jpeg *jpeg, bool failed)
{
    if (jpeg->no_memory)
        return GAN_BAD_MEMORY;
    if (jpeg->ended_early)
        return GAN_BAD_TRUNCATED;
    return failed || jpeg->damaged ? GAN_BAD_DAMAGED : GAN_BAD_NONE;
}

/* What to ask the library for: grey and RGB directly; CMYK (and YCCK) as CMYK,
 * which it cannot turn into RGB. */
static void choose_colours(gan_decoder *decoder, struct jpeg_decompress_struct *d)
{
    bool inks = d->jpeg_color_space == JCS_CMYK || d->jpeg_color_space == JCS_YCCK;
    bool grey = d->jpeg_color_space == JCS_GRAYSCALE;
    d->out_color_space = inks ? JCS_CMYK : grey ? JCS_GRAYSCALE : JCS_RGB;
    decoder->channels = grey ? 1 : 3;
    decoder->height = (int)d->image_height;
    decoder->width = (int)d->image_width;
}

gan_bad gan_jpeg_begin(gan_decoder *decoder, const uint8_t *bytes, size_t n)
{
    /* A fresh decompressor for each file: a reused one keeps the tables of the last file and would decode one
     * that lacks them, with colours that depend on which file came before. */
    gan_jpeg *jpeg = calloc(1, sizeof *jpeg);
    if (!jpeg)
        return GAN_BAD_MEMORY;
    decoder->jpeg = jpeg;
    struct jpeg_decompress_struct *d = &jpeg->decompress;
    d->err = jpeg_std_error(&jpeg->errors);
    d->client_data = jpeg;
    jpeg->errors.error_exit = on_error;
    jpeg->errors.emit_message = on_message;
    jpeg->errors.output_message = print_nothing;
    jpeg->progress.progress_monitor = on_progress;
    if (setjmp(jpeg->escape))
        return verdict(jpeg, true);
    jpeg_create_decompress(d);
    jpeg->created = true;
    d->progress = &jpeg->progress;
    jpeg_mem_src(d, bytes, (unsigned long)n);
    jpeg_read_header(d, TRUE);
    choose_colours(decoder, d);
    return GAN_BAD_NONE;
}

/* Adobe writes inks inverted (255 = none), everybody else plainly. */
static void inks_to_rgb(uint8_t *rgb, const uint8_t *inks, int width, bool inverted)
{
    for (int x = 0; x < width; x++, rgb += 3, inks += 4)
        for (int c = 0; c < 3; c++) {
            int light = inverted ? inks[c] : 255 - inks[c], white = inverted ? inks[3] : 255 - inks[3];
            rgb[c] = (uint8_t)((light * white + 127) / 255);
        }
}

static bool read_inks(gan_jpeg *jpeg, uint8_t *out, size_t row)
{
    struct jpeg_decompress_struct *d = &jpeg->decompress;
    jpeg->cmyk = malloc((size_t)d->output_width * 4);
    if (!jpeg->cmyk)
        return false;
    JSAMPROW line = jpeg->cmyk;
    while (d->output_scanline < d->output_height) {
        uint8_t *to = out + (size_t)d->output_scanline * row;
        jpeg_read_scanlines(d, &line, 1);
        inks_to_rgb(to, line, (int)d->output_width, d->saw_Adobe_marker);
    }
    return true;
}

static void read_rows(struct jpeg_decompress_struct *d, uint8_t *out, size_t row)
{
    enum { ROWS = 16 };
    while (d->output_scanline < d->output_height) {
        JSAMPROW lines[ROWS];
        JDIMENSION left = d->output_height - d->output_scanline, n = left < ROWS ? left : ROWS;
        for (JDIMENSION i = 0; i < n; i++)
            lines[i] = out + (size_t)(d->output_scanline + i) * row;
        jpeg_read_scanlines(d, lines, n);
    }
}

/* The library tells of missing bits of Huffman codes, as damage; it does not tell of missing scans, nor of
 * missing bits of arithmetic codes, whose encoders leave out zeros at the end. */
static coverage cover(const struct jpeg_decompress_struct *d)
{
    coverage least = d->arith_code ? LACKS_SCANS : COMPLETE;
    for (int c = 0; c < d->num_components; c++) {
        if (!d->comp_info[c].quant_table) /* kept at the start of its first scan */
            return LACKS_COMPONENT;
        if (!d->progressive_mode || !d->coef_bits)
            continue;
        if (d->coef_bits[c][0] < 0)
            return LACKS_COMPONENT;
        for (int k = 0; k < DCTSIZE2; k++)
            least = d->coef_bits[c][k] == 0 ? least : LACKS_SCANS;
    }
    return least;
}

/* Without its end marker, or with rubbish in its place, a picture is taken if every bit of every pixel was
 * there before it. */
static gan_bad verdict_on_rows(const gan_jpeg *jpeg, bool failed)
{
    if (jpeg->covered == COMPLETE && !jpeg->damaged)
        return GAN_BAD_NONE;
    return verdict(jpeg, failed || jpeg->covered == LACKS_COMPONENT);
}

gan_bad gan_jpeg_pixels(gan_decoder *decoder, uint8_t *out)
{
    gan_jpeg *jpeg = decoder->jpeg;
    struct jpeg_decompress_struct *d = &jpeg->decompress;
    size_t row = (size_t)decoder->width * (size_t)decoder->channels;
    if (setjmp(jpeg->escape))
        return jpeg->all_rows ? verdict_on_rows(jpeg, true) : verdict(jpeg, true);
    jpeg_start_decompress(d);
    if (d->out_color_space == JCS_CMYK) {
        if (!read_inks(jpeg, out, row))
            return GAN_BAD_MEMORY;
    } else {
        read_rows(d, out, row);
    }
    jpeg->covered = cover(d);
    jpeg->all_rows = true;
    jpeg_finish_decompress(d); /* reads on to the end marker, so a missing end is noticed */
    return verdict_on_rows(jpeg, false);
}

void gan_jpeg_end(gan_decoder *decoder)
{
    gan_jpeg *jpeg = decoder->jpeg;
    if (jpeg->created)
        jpeg_destroy_decompress(&jpeg->decompress);
    free(jpeg->cmyk);
    free(jpeg);
}
