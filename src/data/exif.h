/* exif.h: which way up a JPEG is. Internal to src/data. */
#ifndef GAN_DATA_EXIF_H
#define GAN_DATA_EXIF_H

#include <stddef.h>
#include <stdint.h>

/* The EXIF orientation (1..8, TIFF 6.0 tag 274) of a JPEG file's bytes;
 * 1, upright, when it says nothing valid. */
int gan_exif_orientation(const uint8_t *bytes, size_t n);

/* out[h][w][c] upright from in[height][width][c]; for orientations 5..8 the upright picture is width high and
 * height wide. */
void gan_exif_turn(uint8_t *out, const uint8_t *in, int height, int width, int channels, int orientation);

#endif
