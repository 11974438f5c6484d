/* decode.h: the pixels of one JPEG or PNG in memory. Internal to src/data.
 *
 * A decoder is begun on a file's bytes, which must stay until its end; it then knows the size; `pixels`
 * writes [height][width][channels] uint8 (1 = grey, 3 = RGB). Nothing is printed and the process never ends,
 * whatever the bytes. Always call end. One decoder belongs to one thread. */
#ifndef GAN_DATA_DECODE_H
#define GAN_DATA_DECODE_H

#include <stddef.h>
#include <stdint.h>
#include "bad.h"

typedef struct gan_jpeg gan_jpeg;
typedef struct gan_png gan_png;

typedef struct gan_decoder {
    int height, width, channels;
    gan_jpeg *jpeg; /* exactly one of the two is set between begin and end */
    gan_png *png;
} gan_decoder;

/* Picks the kind by the first bytes, never by a name. */
gan_bad gan_decode_begin(gan_decoder *decoder, const uint8_t *bytes, size_t n);
gan_bad gan_decode_pixels(gan_decoder *decoder, uint8_t *out);
void gan_decode_end(gan_decoder *decoder);

/* The two kinds behind it. CMYK becomes RGB; alpha is laid on white;
 * 16 bits become 8; palettes become RGB. */
gan_bad gan_jpeg_begin(gan_decoder *decoder, const uint8_t *bytes, size_t n);
gan_bad gan_jpeg_pixels(gan_decoder *decoder, uint8_t *out);
void gan_jpeg_end(gan_decoder *decoder);
gan_bad gan_png_begin(gan_decoder *decoder, const uint8_t *bytes, size_t n);
gan_bad gan_png_pixels(gan_decoder *decoder, uint8_t *out);
void gan_png_end(gan_decoder *decoder);

#endif
