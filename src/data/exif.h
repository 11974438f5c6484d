/* exif.h: which way up a picture is. Internal to src/data. */
#ifndef GAN_DATA_EXIF_H
#define GAN_DATA_EXIF_H

#include <stddef.h>
#include <stdint.h>

/* The orientation (1..8, TIFF 6.0 tag 274) that a JPEG or PNG file's bytes give, in EXIF or, where that says
 * nothing, in XMP; 1, upright, when neither says anything valid. */
int gan_exif_orientation(const uint8_t *bytes, size_t n);

/* The parts of it; 0: nothing is said. An EXIF block, with or without its head "Exif"; an XMP packet; the
 * chunks of a PNG file. */
int gan_exif_block_orientation(const uint8_t *bytes, size_t n);
int gan_xmp_orientation(const uint8_t *bytes, size_t n);
int gan_png_orientation(const uint8_t *bytes, size_t n);

/* out[h][w][c] upright from in[height][width][c]; for orientations 5..8 the upright picture is width high and
 * height wide. */
void gan_exif_turn(uint8_t *out, const uint8_t *in, int height, int width, int channels, int orientation);

#endif
