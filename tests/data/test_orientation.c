/* test_orientation.c: which way up a picture is, wherever its file says it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <cmocka.h>
#include "support.h"

#define H 6
#define W 10

#define JPEG_H         24 /* whole blocks either way, so that a lossy picture stays near the pattern */
#define JPEG_W         40
#define JPEG_TOLERANCE 12

#define XMP_ATTRIBUTE                                                                                        \
    "<x:xmpmeta><rdf:Description tiff:Orientation=\"%d\" tiff:XResolution=\"72/1\"/></x:xmpmeta>"
#define XMP_ELEMENT "<rdf:Description>\n <tiff:Orientation>%d</tiff:Orientation>\n</rdf:Description>"

/* --- bytes ------------------------------------------------------------------------------------- */

typedef struct bytes {
    uint8_t at[8192];
    size_t n;
} bytes;

static void put(bytes *b, const void *from, size_t n)
{
    assert_true(b->n + n <= sizeof b->at);
    memcpy(b->at + b->n, from, n);
    b->n += n;
}

static void put_text(bytes *b, const char *text)
{
    put(b, text, strlen(text));
}

static void put_32(bytes *b, uint32_t value)
{
    uint8_t four[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    put(b, four, 4);
}

static void put_chunk(bytes *b, const char *kind, const bytes *data)
{
    put_32(b, (uint32_t)data->n);
    size_t start = b->n;
    put(b, kind, 4);
    put(b, data->at, data->n);
    put_32(b, (uint32_t)crc32(0, b->at + start, (unsigned)(b->n - start)));
}

static bytes zipped(const bytes *plain)
{
    bytes out = {0};
    uLongf n = sizeof out.at;
    assert_int_equal(compress(out.at, &n, plain->at, plain->n), Z_OK);
    out.n = n;
    return out;
}

/* A TIFF block whose directory has an entry before the orientation. */
static bytes tiff(int orientation, bool big)
{
    static const uint8_t little_end[] = {'I', 'I', 42, 0,   8, 0, 0, 0,    2, 0, 0x0f, 1, 2, 0, 1,
                                         0,   0,   0,  'x', 0, 0, 0, 0x12, 1, 3, 0,    1, 0, 0, 0};
    static const uint8_t big_end[] = {'M', 'M', 0, 42,  0, 0, 0, 8, 0,    2, 1, 0x0f, 0, 2, 0,
                                      0,   0,   1, 'x', 0, 0, 0, 1, 0x12, 0, 3, 0,    0, 0, 1};
    bytes b = {0};
    put(&b, big ? big_end : little_end, sizeof little_end);
    uint8_t value[] = {0, 0, 0, 0, 0, 0, 0, 0};
    value[big ? 1 : 0] = (uint8_t)orientation;
    put(&b, value, sizeof value);
    return b;
}

/* The text that ImageMagick makes of a profile. */
static bytes raw_profile(const char *name, const bytes *profile)
{
    bytes b = {0};
    char line[64];
    snprintf(line, sizeof line, "\n%s\n%8zu", name, profile->n);
    put_text(&b, line);
    for (size_t i = 0; i < profile->n; i++) {
        snprintf(line, sizeof line, "%s%02x", i % 36 == 0 ? "\n" : "", profile->at[i]);
        put_text(&b, line);
    }
    put_text(&b, "\n");
    return b;
}

static bytes exif(int orientation, bool big)
{
    bytes b = {0}, block = tiff(orientation, big);
    put(&b, "Exif\0\0", 6);
    put(&b, block.at, block.n);
    return b;
}

static bytes xmp(const char *format, int orientation)
{
    bytes b = {0};
    char line[256];
    snprintf(line, sizeof line, format, orientation);
    put_text(&b, line);
    return b;
}

/* --- PNG --------------------------------------------------------------------------------------- */

typedef enum carrier {
    EXIF_CHUNK,
    EXIF_CHUNK_WITH_HEAD,
    EXIF_CHUNK_AT_THE_END,
    PROFILE_EXIF,
    PROFILE_APP1_ZIPPED,
    PROFILE_XMP,
    XMP,
    XMP_ZIPPED,
    CARRIERS
} carrier;

static void put_carrier(bytes *b, carrier which, int orientation, bool big)
{
    bytes data = {0}, block = exif(orientation, big),
          packet = xmp(big ? XMP_ATTRIBUTE : XMP_ELEMENT, orientation);
    bytes profile;
    switch (which) {
    case EXIF_CHUNK:
    case EXIF_CHUNK_AT_THE_END:
        block = tiff(orientation, big);
        put_chunk(b, "eXIf", &block);
        return;
    case EXIF_CHUNK_WITH_HEAD:
        put_chunk(b, "eXIf", &block);
        return;
    case PROFILE_EXIF:
        put(&data, "Raw profile type exif", 22);
        profile = raw_profile("exif", &block);
        put(&data, profile.at, profile.n);
        put_chunk(b, "tEXt", &data);
        return;
    case PROFILE_APP1_ZIPPED:
        put(&data, "Raw profile type APP1\0", 23);
        profile = raw_profile("generic profile", &block);
        profile = zipped(&profile);
        put(&data, profile.at, profile.n);
        put_chunk(b, "zTXt", &data);
        return;
    case PROFILE_XMP:
        put(&data, "Raw profile type xmp", 21);
        profile = raw_profile("xmp", &packet);
        put(&data, profile.at, profile.n);
        put_chunk(b, "tEXt", &data);
        return;
    default:
        put(&data, "XML:com.adobe.xmp", 18);
        put(&data, which == XMP ? "\0\0" : "\1\0", 2);
        put(&data, "en\0key", 7);
        packet = which == XMP ? packet : zipped(&packet);
        put(&data, packet.at, packet.n);
        put_chunk(b, "iTXt", &data);
    }
}

static void put_pixels(bytes *b, int orientation)
{
    int h = orientation >= 5 ? W : H, w = orientation >= 5 ? H : W, y, x;
    bytes rows = {0};
    for (int r = 0; r < h; r++) {
        put(&rows, "", 1);
        for (int c = 0; c < w; c++) {
            upright(&y, &x, r, c, H, W, orientation);
            uint8_t pixel[] = {pattern(y, x, 0, 0), pattern(y, x, 1, 0), pattern(y, x, 2, 0)};
            put(&rows, pixel, 3);
        }
    }
    rows = zipped(&rows);
    put_chunk(b, "IDAT", &rows);
}

static void put_png_head(bytes *b, int orientation)
{
    bytes head = {0};
    put(b, "\x89PNG\r\n\x1a\n", 8);
    put_32(&head, orientation >= 5 ? W : H); /* width after height below */
    bytes size = {0};
    put_32(&size, orientation >= 5 ? H : W);
    put(&size, head.at, 4);
    put(&size, "\x08\x02\0\0\0", 5);
    put_chunk(b, "IHDR", &size);
}

/* The picture in the folder is the pattern, upright. */
static void check_upright(int h, int w, int tolerance, const char *what, int orientation)
{
    gan_config config = config_for("", h, w, 3);
    gan_data *data = NULL;
    if (open_self(&data, &config, NULL) != GAN_OK)
        fail_msg("%s, %d: %s", what, orientation, gan_error_message());
    assert_int_equal(gan_data_count(data), 1);
    const uint8_t *pixel = gan_data_image(data, 0);
    for (int i = 0; i < h * w * 3; i++)
        if (abs(pixel[i] - pattern(i / 3 / w, i / 3 % w, i % 3, 0)) > tolerance)
            fail_msg("%s, orientation %d: pixel %d, %d is wrong", what, orientation, i / 3 / w, i / 3 % w);
    close_self(data);
    clear_folder();
}

static void test_png(void **state)
{
    (void)state;
    const bytes none = {0};
    for (int which = 0; which < CARRIERS; which++)
        for (int orientation = 1; orientation <= 8; orientation++)
            for (int big = 0; big < 2; big++) {
                bytes b = {0};
                char what[32];
                put_png_head(&b, orientation);
                if (which != EXIF_CHUNK_AT_THE_END)
                    put_carrier(&b, (carrier)which, orientation, big);
                put_pixels(&b, orientation);
                if (which == EXIF_CHUNK_AT_THE_END)
                    put_carrier(&b, (carrier)which, orientation, big);
                put_chunk(&b, "IEND", &none);
                write_bytes("a.png", b.at, b.n);
                snprintf(what, sizeof what, "carrier %d", which);
                check_upright(H, W, 0, what, orientation);
            }
}

/* EXIF goes before XMP, and its chunk before the text; where EXIF says nothing, XMP is asked. */
static void test_png_with_several(void **state)
{
    (void)state;
    const bytes none = {0};
    for (int nothing = 0; nothing < 2; nothing++) {
        bytes b = {0};
        put_png_head(&b, 6);
        put_carrier(&b, XMP, nothing ? 6 : 3, false);
        put_carrier(&b, PROFILE_EXIF, nothing ? 6 : 2, false);
        bytes block = tiff(6, true);
        if (nothing)
            block.at[23] = 0x13; /* another tag */
        put_chunk(&b, "eXIf", &block);
        put_pixels(&b, 6);
        put_chunk(&b, "IEND", &none);
        write_bytes("a.png", b.at, b.n);
        check_upright(H, W, 0, nothing ? "eXIf without it" : "eXIf and others", 6);
    }
}

/* A chunk with a wrong checksum, and words that only look like an orientation, turn nothing. */
static void test_png_not_believed(void **state)
{
    (void)state;
    const bytes none = {0};
    for (int turn = 0; turn < 3; turn++) {
        bytes b = {0};
        put_png_head(&b, 1);
        if (turn == 0) {
            put_carrier(&b, EXIF_CHUNK, 6, false);
            b.at[b.n - 1] ^= 1;
        } else {
            bytes data = {0};
            put(&data, "Comment", 8);
            put_text(&data, turn == 1 ? "tiff:Orientation=\"6\"" : "\nexif\n  4\n45786966");
            put_chunk(&b, "tEXt", &data);
        }
        put_pixels(&b, 1);
        put_chunk(&b, "IEND", &none);
        write_bytes("a.png", b.at, b.n);
        check_upright(H, W, 0, "not believed", 1);
    }
}

/* --- JPEG -------------------------------------------------------------------------------------- */

static void put_segment(bytes *b, int marker, const void *head, size_t n_head, const bytes *data)
{
    uint8_t four[] = {0xff, (uint8_t)marker, (uint8_t)((n_head + data->n + 2) >> 8),
                      (uint8_t)(n_head + data->n + 2)};
    put(b, four, 4);
    put(b, head, n_head);
    put(b, data->at, data->n);
}

#define XMP_HEAD "http://ns.adobe.com/xap/1.0/"

/* Writes a picture turned by `orientation`, with these segments in place of its own EXIF. */
static void write_with_segments(int orientation, const bytes *segments)
{
    write_jpeg("a.jpg", JPEG_H, JPEG_W, (jpeg_kind){.components = 3, .orientation = orientation}, 0);
    size_t n;
    uint8_t *whole = read_bytes("a.jpg", &n), *out = malloc(n + segments->n);
    size_t at = 0;
    while (memcmp(whole + at, "Exif", 4) != 0)
        at++;
    size_t start = at - 4, length = (size_t)(whole[at - 2] << 8 | whole[at - 1]) + 2;
    memcpy(out, whole, start);
    memcpy(out + start, segments->at, segments->n);
    memcpy(out + start + segments->n, whole + start + length, n - start - length);
    write_bytes("a.jpg", out, n - length + segments->n);
    free(whole);
    free(out);
}

static void test_jpeg(void **state)
{
    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++)
        for (int kind = 0; kind < 6; kind++) {
            bool big = orientation % 2;
            bytes b = {0}, block = tiff(orientation, big),
                  packet = xmp(big ? XMP_ATTRIBUTE : XMP_ELEMENT, orientation);
            bytes other = {0};
            put_text(&other, "of another program");
            if (kind == 1 || kind == 2) /* XMP that says otherwise, before EXIF */
                packet = xmp(XMP_ATTRIBUTE, kind == 1 ? orientation : orientation % 8 + 1);
            if (kind == 3)
                put_segment(&b, 0xe1, "http://somewhere/", 18, &other);
            if (kind == 4)
                put_segment(&b, 0xed, "Photoshop 3.0", 14, &other);
            if (kind == 1 || kind == 2 || kind == 5)
                put_segment(&b, 0xe1, XMP_HEAD, sizeof XMP_HEAD, &packet);
            if (kind != 5)
                put_segment(&b, 0xe1, "Exif\0\0", 6, &block);
            write_with_segments(orientation, &b);
            char what[32];
            snprintf(what, sizeof what, "JPEG, kind %d", kind);
            check_upright(JPEG_H, JPEG_W, JPEG_TOLERANCE, what, orientation);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png),
        cmocka_unit_test(test_png_with_several),
        cmocka_unit_test(test_png_not_believed),
        cmocka_unit_test(test_jpeg),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
