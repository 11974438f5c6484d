/* exif_png.c: the chunks of a PNG file that say which way up it is: eXIf; the hexadecimal text in which
 * ImageMagick and others kept EXIF before there was such a chunk; XMP. A chunk: a length of four bytes,
 * four letters, the data, a checksum of letters and data. */
#include "exif.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* A profile that is larger as text is not looked into: EXIF of a JPEG has 64 KiB, and so twice that as
 * digits. */
#define TEXT_MAX   262144
#define CHUNKS_MAX 64 /* looked into; a file with thousands is made to keep a reader busy */

typedef struct text {
    const uint8_t *bytes;
    size_t n;
} text;

static uint32_t big_endian_32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Behind the next zero byte; false: there is none. */
static bool skip_word(text *t)
{
    const uint8_t *zero = memchr(t->bytes, 0, t->n);
    if (!zero)
        return false;
    t->n -= (size_t)(zero + 1 - t->bytes);
    t->bytes = zero + 1;
    return true;
}

/* What is unzipped, freed by the caller; as much as there is room for. */
static uint8_t *unzip(text *t)
{
    uint8_t *out = malloc(TEXT_MAX);
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)t->bytes,
                       .avail_in = (uInt)t->n,
                       .next_out = out,
                       .avail_out = TEXT_MAX};
    if (!out || inflateInit(&stream) != Z_OK) {
        free(out);
        return NULL;
    }
    inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    *t = (text){out, TEXT_MAX - stream.avail_out};
    return out;
}

static int digit(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* "\nexif\n      40\n" and the bytes as hexadecimal digits, in lines. */
static int raw_profile(text t)
{
    for (int line = 0; line < 3; line++) {
        const uint8_t *end = t.n ? memchr(t.bytes, '\n', t.n) : NULL;
        if (!end)
            return 0;
        t.n -= (size_t)(end + 1 - t.bytes);
        t.bytes = end + 1;
    }
    uint8_t *bytes = malloc(t.n / 2 + 1);
    if (!bytes)
        return 0;
    size_t n = 0;
    bool half = false;
    for (size_t i = 0; i < t.n; i++) {
        int value = digit(t.bytes[i]);
        if (value < 0 && !isspace(t.bytes[i]))
            break;
        if (value < 0)
            continue;
        if (half)
            bytes[n++] |= (uint8_t)value;
        else
            bytes[n] = (uint8_t)(value << 4);
        half = !half;
    }
    int found = gan_exif_block_orientation(bytes, n);
    if (!found)
        found = gan_xmp_orientation(bytes, n);
    free(bytes);
    return found;
}

/* Keyword, 0, then by kind of chunk: tEXt: the text. zTXt: a byte for the method, the text zipped. iTXt: a
 * byte whether it is zipped, one for the method, language, 0, keyword in that language, 0, the text. */
static int text_chunk(const uint8_t *kind, text t, bool *xmp)
{
    const char *keyword = (const char *)t.bytes;
    if (!skip_word(&t))
        return 0;
    bool raw = strcmp(keyword, "Raw profile type exif") == 0 || strcmp(keyword, "Raw profile type APP1") == 0;
    *xmp = strcmp(keyword, "XML:com.adobe.xmp") == 0 || strcmp(keyword, "Raw profile type xmp") == 0;
    bool international = kind[0] == 'i', zipped = kind[0] == 'z';
    if ((!raw && !*xmp) || (kind[0] != 't' && t.n < 2))
        return 0;
    if (international) {
        zipped = t.bytes[0] != 0;
        t = (text){t.bytes + 2, t.n - 2};
        if (!skip_word(&t) || !skip_word(&t))
            return 0;
    } else if (zipped) {
        t = (text){t.bytes + 1, t.n - 1};
    }
    uint8_t *unzipped = zipped ? unzip(&t) : NULL;
    int found = 0;
    if (!zipped || unzipped)
        found = keyword[0] == 'R' ? raw_profile(t) : gan_xmp_orientation(t.bytes, t.n);
    free(unzipped);
    return found;
}

static bool is_one_of(const uint8_t *kind, const char *const *kinds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(kind, kinds[i], 4) == 0)
            return true;
    return false;
}

int gan_png_orientation(const uint8_t *bytes, size_t n)
{
    static const char *const kinds[] = {"eXIf", "tEXt", "zTXt", "iTXt"};
    int by_chunk = 0, by_profile = 0, by_xmp = 0, looked_into = 0;
    for (size_t at = 8; at < n && n - at >= 12;) {
        const uint8_t *kind = bytes + at + 4, *data = bytes + at + 8;
        size_t length = big_endian_32(bytes + at);
        if (length > n - at - 12 || memcmp(kind, "IEND", 4) == 0)
            break;
        at += 12 + length;
        if (!is_one_of(kind, kinds, 4) || length > TEXT_MAX || looked_into++ >= CHUNKS_MAX ||
            crc32(0, kind, (uInt)length + 4) != big_endian_32(data + length))
            continue;
        bool xmp = false, chunk = kind[0] == 'e';
        int found =
            chunk ? gan_exif_block_orientation(data, length) : text_chunk(kind, (text){data, length}, &xmp);
        int *place = chunk ? &by_chunk : xmp ? &by_xmp : &by_profile;
        *place = *place ? *place : found;
    }
    return by_chunk ? by_chunk : by_profile ? by_profile : by_xmp;
}
