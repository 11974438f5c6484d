#include "decode.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <png.h>

struct gan_png {
    png_structp png;
    png_infop info;
    const uint8_t *bytes;
    size_t n, at;
    bool cut;         /* the file ends inside a chunk */
    bool ended_early; /* the library asked for more than there is */
    bool all_rows;    /* have been read, and their checksums */
    uint8_t *with_alpha;
    png_bytepp rows;
};

static void on_error(png_structp png, png_const_charp message)
{
    (void)message;
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

/* A chunk: a length of four bytes, four letters, the data, four bytes of checksum. */
static bool is_cut(const uint8_t *bytes, size_t n)
{
    size_t at = 8;
    while (at < n) {
        if (n - at < 12)
            return true;
        size_t length = (size_t)bytes[at] << 24 | (size_t)bytes[at + 1] << 16 | (size_t)bytes[at + 2] << 8 |
                        bytes[at + 3];
        if (length > n - at - 12)
            return true;
        if (memcmp(bytes + at + 4, "IEND", 4) == 0)
            return false;
        at += 12 + length;
    }
    return true;
}

/* The library asks for some kilobytes at a time; of a file that is cut it shall see the last byte, too. */
#define NEAR_THE_END 32768

static void on_read(png_structp png, png_bytep out, size_t n)
{
    gan_png *self = png_get_io_ptr(png);
    if (self->cut && self->n - self->at < NEAR_THE_END)
        png_set_compression_buffer_size(png, 1);
    if (n > self->n - self->at) {
        self->ended_early = true;
        png_longjmp(png, 1);
    }
    memcpy(out, self->bytes + self->at, n);
    self->at += n;
}

static gan_bad verdict(const gan_png *self)
{
    return self->ended_early ? GAN_BAD_TRUNCATED : GAN_BAD_DAMAGED;
}

/* Everything becomes 8-bit grey, grey+alpha, RGB or RGBA. */
static void ask_for_bytes(gan_decoder *decoder, png_structp png, png_infop info)
{
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    int channels = png_get_channels(png, info);
    decoder->channels = channels <= 2 ? 1 : 3;
    decoder->height = (int)png_get_image_height(png, info);
    decoder->width = (int)png_get_image_width(png, info);
}

gan_bad gan_png_begin(gan_decoder *decoder, const uint8_t *bytes, size_t n)
{
    gan_png *self = calloc(1, sizeof *self);
    if (!self)
        return GAN_BAD_MEMORY;
    decoder->png = self;
    self->bytes = bytes;
    self->n = n;
    self->cut = is_cut(bytes, n);
    self->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
    self->info = self->png ? png_create_info_struct(self->png) : NULL;
    if (!self->info)
        return GAN_BAD_MEMORY;
    if (setjmp(png_jmpbuf(self->png)))
        return verdict(self);
    png_set_user_limits(self->png, PNG_UINT_31_MAX,
                        PNG_UINT_31_MAX); /* the product is what is limited here */
    png_set_read_fn(self->png, self, on_read);
    png_read_info(self->png, self->info);
    if ((uint64_t)png_get_image_width(self->png, self->info) * png_get_image_height(self->png, self->info) >
        GAN_PICTURE_PIXEL_MAX)
        return GAN_BAD_TOO_LARGE;
    ask_for_bytes(decoder, self->png, self->info);
    return GAN_BAD_NONE;
}

/* What a viewer with a white page shows. `colours` is 1 or 3. */
static void lay_on_white(uint8_t *out, const uint8_t *in, size_t pixels, int colours)
{
    for (size_t i = 0; i < pixels; i++, in += colours + 1, out += colours) {
        int alpha = in[colours];
        for (int c = 0; c < colours; c++)
            out[c] = (uint8_t)((in[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
}

static bool make_rows(gan_png *self, uint8_t *out, size_t h, size_t row, bool alpha)
{
    self->rows = malloc(h * sizeof *self->rows);
    self->with_alpha = alpha ? malloc(h * row) : NULL;
    if (!self->rows || (alpha && !self->with_alpha))
        return false;
    for (size_t y = 0; y < h; y++)
        self->rows[y] = (alpha ? self->with_alpha : out) + y * row;
    return true;
}

/* The library stands behind the last row: what it could not read is no pixel. */
static bool has_last_row(const gan_png *self)
{
    if (png_get_interlace_type(self->png, self->info) != PNG_INTERLACE_NONE)
        return png_get_current_pass_number(self->png) >= PNG_INTERLACE_ADAM7_PASSES;
    return png_get_current_row_number(self->png) >= png_get_image_height(self->png, self->info);
}

/* Alone, because no local variable survives a longjmp for certain. */
static gan_bad read_rows(gan_png *self)
{
    if (setjmp(png_jmpbuf(self->png))) /* a checksum that is cut is borne, one that is wrong is not */
        return self->all_rows || (self->ended_early && has_last_row(self)) ? GAN_BAD_NONE : verdict(self);
    png_read_image(self->png, self->rows);
    self->all_rows = true;
    png_read_end(self->png, NULL);
    return GAN_BAD_NONE;
}

gan_bad gan_png_pixels(gan_decoder *decoder, uint8_t *out)
{
    gan_png *self = decoder->png;
    size_t h = (size_t)decoder->height, w = (size_t)decoder->width;
    size_t channels = png_get_channels(self->png, self->info);
    if (!make_rows(self, out, h, w * channels, channels == 2 || channels == 4))
        return GAN_BAD_MEMORY;
    gan_bad bad = read_rows(self);
    if (bad == GAN_BAD_NONE && self->with_alpha)
        lay_on_white(out, self->with_alpha, h * w, decoder->channels);
    return bad;
}

void gan_png_end(gan_decoder *decoder)
{
    gan_png *self = decoder->png;
    png_destroy_read_struct(&self->png, &self->info, NULL);
    free(self->with_alpha);
    free(self->rows);
    free(self);
}
