#include "exif.h"

#include <stdbool.h>
#include <string.h>

#define TAG_ORIENTATION 274
#define TYPE_SHORT      3
#define TYPE_LONG       4

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

/* An entry of 12 bytes: tag, type, count, value. What is no orientation leaves the picture as it lies. */
static int entry_orientation(const tiff *t, size_t at)
{
    uint32_t type = tiff_16(t, at + 2), count = tiff_32(t, at + 4);
    uint32_t value = type == TYPE_SHORT ? tiff_16(t, at + 8) : type == TYPE_LONG ? tiff_32(t, at + 8) : 1;
    return count == 1 && value >= 1 && value <= 8 ? (int)value : 1;
}

/* The first directory of a TIFF block: a count, then the entries. */
int gan_exif_block_orientation(const uint8_t *bytes, size_t n)
{
    if (n >= 6 && memcmp(bytes, "Exif\0\0", 6) == 0) {
        bytes += 6;
        n -= 6;
    }
    if (n < 8 || (memcmp(bytes, "II*\0", 4) != 0 && memcmp(bytes, "MM\0*", 4) != 0))
        return 0;
    tiff t = {bytes, n, bytes[0] == 'I'};
    size_t directory = tiff_32(&t, 4);
    if (directory > n - 2)
        return 0;
    uint32_t entries = tiff_16(&t, directory);
    for (size_t i = 0, at = directory + 2; i < entries && at + 12 <= n; i++, at += 12)
        if (tiff_16(&t, at) == TAG_ORIENTATION)
            return entry_orientation(&t, at);
    return 0;
}

/* tiff:Orientation="6" or <tiff:Orientation>6</tiff:Orientation>, with what blanks and quotes XML allows. */
int gan_xmp_orientation(const uint8_t *bytes, size_t n)
{
    static const char name[] = "tiff:Orientation";
    const size_t length = sizeof name - 1;
    for (const uint8_t *p = bytes, *end = bytes + n; (p = memmem(p, (size_t)(end - p), name, length));) {
        p += length;
        const uint8_t *q = p;
        while (q < end && memchr(" \t\r\n=\"'>", *q, 8))
            q++;
        bool alone = q + 1 >= end || q[1] < '0' || q[1] > '9';
        if (q > p && q < end && *q >= '1' && *q <= '8' && alone)
            return *q - '0';
    }
    return 0;
}

#define XMP_HEAD "http://ns.adobe.com/xap/1.0/"

/* Segments up to the start of scan: FF, marker, a big-endian length that counts itself. Cameras write one
 * with EXIF; other programs put segments of their own before it. */
static int jpeg_orientation(const uint8_t *bytes, size_t n)
{
    int by_xmp = 0;
    for (size_t at = 2; at + 4 <= n && bytes[at] == 0xff;) {
        uint8_t marker = bytes[at + 1];
        if (marker == 0xff) { /* a fill byte */
            at++;
            continue;
        }
        size_t length = (size_t)(bytes[at + 2] << 8 | bytes[at + 3]);
        if (marker == 0xda || marker == 0xd9 || length < 2 || length > n - at - 2)
            break;
        const uint8_t *body = bytes + at + 4;
        size_t size = length - 2;
        int by_exif = 0;
        if (marker == 0xe1 && size >= 6 && memcmp(body, "Exif\0\0", 6) == 0)
            by_exif = gan_exif_block_orientation(body, size);
        else if (marker == 0xe1 && by_xmp == 0 && size >= sizeof XMP_HEAD &&
                 memcmp(body, XMP_HEAD, sizeof XMP_HEAD) == 0)
            by_xmp = gan_xmp_orientation(body + sizeof XMP_HEAD, size - sizeof XMP_HEAD);
        if (by_exif)
            return by_exif;
        at += 2 + length;
    }
    return by_xmp;
}

int gan_exif_orientation(const uint8_t *bytes, size_t n)
{
    bool png = n >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0;
    int found = png ? gan_png_orientation(bytes, n) : jpeg_orientation(bytes, n);
    return found ? found : 1;
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
