#include "exif.h"

#include <stdbool.h>
#include <string.h>

#define TAG_ORIENTATION 274
#define TYPE_SHORT      3

typedef struct tiff {
    const uint8_t *bytes;
    size_t n;
    bool little;
} tiff;

static uint32_t tiff_16(const tiff *t, size_t at)
{
    const uint8_t *p = t->bytes + at;
    return t->little ? (uint32_t)(p[0] | p[1] << 8) : (uint32_t)(p[0] << 8 | p[1]);
}

static uint32_t tiff_32(const tiff *t, size_t at)
{
    return t->little ? tiff_16(t, at) | tiff_16(t, at + 2) << 16 : tiff_16(t, at) << 16 | tiff_16(t, at + 2);
}

/* The first directory of a TIFF block: a count, then entries of 12 bytes: tag, type, count, value. */
static int tiff_orientation(const uint8_t *bytes, size_t n)
{
    if (n < 8 || (memcmp(bytes, "II*\0", 4) != 0 && memcmp(bytes, "MM\0*", 4) != 0))
        return 1;
    tiff t = {bytes, n, bytes[0] == 'I'};
    size_t directory = tiff_32(&t, 4);
    if (directory > n - 2)
        return 1;
    uint32_t entries = tiff_16(&t, directory);
    for (size_t i = 0, at = directory + 2; i < entries && at + 12 <= n; i++, at += 12) {
        if (tiff_16(&t, at) != TAG_ORIENTATION)
            continue;
        uint32_t value = tiff_16(&t, at + 8);
        bool valid =
            tiff_16(&t, at + 2) == TYPE_SHORT && tiff_32(&t, at + 4) == 1 && value >= 1 && value <= 8;
        return valid ? (int)value : 1;
    }
    return 1;
}

int gan_exif_orientation(const uint8_t *bytes, size_t n)
{
    /* Segments up to the start of scan: FF, marker, a big-endian length that counts itself. */
    for (size_t at = 2; at + 4 <= n && bytes[at] == 0xff;) {
        uint8_t marker = bytes[at + 1];
        if (marker == 0xff) { /* a fill byte */
            at++;
            continue;
        }
        size_t length = (size_t)(bytes[at + 2] << 8 | bytes[at + 3]);
        if (marker == 0xda || marker == 0xd9 || length < 2 || length > n - at - 2)
            return 1;
        const uint8_t *body = bytes + at + 4;
        if (marker == 0xe1 && length >= 8 && memcmp(body, "Exif\0\0", 6) == 0)
            return tiff_orientation(body + 6, length - 8);
        at += 2 + length;
    }
    return 1;
}

void gan_exif_turn(uint8_t *out, const uint8_t *in, int height, int width, int channels, int orientation)
{
    bool transposed = orientation >= 5;
    /* Flips along the axes of the upright picture; 5..8 are 1..4 with rows and columns exchanged. */
    bool flip_y = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
    bool flip_x = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
    int out_h = transposed ? width : height, out_w = transposed ? height : width;
    size_t c = (size_t)channels;
    for (int y = 0; y < out_h; y++) {
        for (int x = 0; x < out_w; x++, out += c) {
            int from_y = flip_y ? out_h - 1 - y : y, from_x = flip_x ? out_w - 1 - x : x;
            size_t at = transposed ? (size_t)from_x * (size_t)width + (size_t)from_y
                                   : (size_t)from_y * (size_t)width + (size_t)from_x;
            memcpy(out, in + at * c, c);
        }
    }
}
