/* picture.h: one picture brought to the size and channels of the run. Internal to src/data. */
#ifndef GAN_DATA_PICTURE_H
#define GAN_DATA_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "bad.h"
#include "gan_dist/config.h"
#include "resize.h"

typedef struct gan_buffer {
    uint8_t *bytes;
    size_t size;
} gan_buffer;

/* At least `size` bytes, not kept from before. False: no memory. */
bool gan_buffer_need(gan_buffer *buffer, size_t size);

struct gan_idx_stream;

/* What a decoding thread reuses from picture to picture. Zeroed at the start. */
typedef struct gan_scratch {
    gan_buffer file, pixels, turned, grey, small;
    gan_resizer resizer;
    struct gan_idx_stream *stream[2]; /* an open .gz of each of the two IDX files, owned by source_idx.c */
} gan_scratch;

void gan_picture_scratch_free(gan_scratch *scratch);

/* out[height][width][channels] of the configuration from `in` (1 or 3 channels): grey from RGB, centre crop,
 * resize, RGB from grey. Grey is (299 R + 587 G + 114 B) / 1000, rounded. False: no memory. */
bool gan_picture_fit(gan_scratch *scratch, uint8_t *out, const gan_config *config, gan_pixels in);

/* The same from a JPEG or PNG file. On anything but GAN_BAD_NONE `out` holds rubbish. */
gan_bad gan_picture_load(gan_scratch *scratch, uint8_t *out, const gan_config *config, const char *path);

#endif
