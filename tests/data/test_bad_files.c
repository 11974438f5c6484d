/* Bad files are skipped, counted and listed, each with its own path and reason;
 * the good ones keep their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <png.h>
#include <cmocka.h>
#include "support.h"

#define H 12
#define W 10

static const png_kind rgb = {PNG_COLOR_TYPE_RGB, 8, false, false};

static int start(void **state)
{
    (void)state;
    clear_folder();
    make_subfolder("set");
    return 0;
}

/* Writes `from` cut to `keep` bytes, or all but -keep, with byte `bend` (if >= 0) turned over. */
static void spoil(const char *to, const char *from, long keep, long bend)
{
    size_t n;
    uint8_t *bytes = read_bytes(from, &n);
    if (bend >= 0)
        bytes[bend] ^= 0xff;
    write_bytes(to, bytes, keep > 0 ? (size_t)keep : n - (size_t)-keep);
    free(bytes);
}

static gan_status open_set(gan_data **data, double max_bad_fraction)
{
    gan_config config = config_for("set", H, W, 3);
    config.max_bad_fraction = max_bad_fraction;
    *data = NULL;
    return open_self(data, &config, in_folder("bad.txt"));
}

/* The one bad file among two good ones has this reason. */
static void check_reason(const char *name, const char *reason)
{
    write_png("set/0.png", H, W, rgb, 0);
    write_png("set/z.png", H, W, rgb, 9);
    gan_data *data = NULL;
    if (open_set(&data, 0.5) != GAN_OK)
        fail_msg("%s: %s", name, gan_error_message());
    if (gan_data_bad_count(data) != 1)
        fail_msg("%s was not found bad", name);
    assert_int_equal(gan_data_count(data), 2);
    assert_int_equal(gan_data_image(data, 0)[0], pattern(0, 0, 0, 0));
    assert_int_equal(gan_data_image(data, 1)[0], pattern(0, 0, 0, 9));
    char expected[1024];
    snprintf(expected, sizeof expected, "file\treason\n%s/set/%s\t%s\n", test_folder, name, reason);
    size_t n;
    char *list = (char *)read_bytes("bad.txt", &n);
    list[n] = '\0';
    assert_string_equal(list, expected);
    free(list);
    assert_non_null(strstr(gan_data_describe(data), "1 bad files skipped"));
    close_self(data);
    clear_folder();
    make_subfolder("set");
}

#define DAMAGED "damaged, or a kind of JPEG or PNG that cannot be read"
#define TOO_BIG "too large (limits: 64 Mpixel, 256 MiB)"

static void test_simple_reasons(void **state)
{
    (void)state;
    write_bytes("set/m.jpg", "", 0);
    check_reason("m.jpg", "empty");
    write_bytes("set/m.png", "GIF89a and so on", 16);
    check_reason("m.png", "not a JPEG or PNG picture");
    write_bytes("set/m.jpeg", "\xff", 1);
    check_reason("m.jpeg", "not a JPEG or PNG picture");
    write_bytes("set/m.png", "\x89PNG\r\n\x1a\n", 8);
    check_reason("m.png", "truncated");
    write_bytes("set/m.jpg", "\xff\xd8\xff", 3);
    check_reason("m.jpg", "truncated");
    assert_int_equal(symlink("nowhere", in_folder("set/m.jpg")), 0);
    check_reason("m.jpg", "unreadable: No such file or directory");
}

static void test_odd_names(void **state)
{
    (void)state;
    write_bytes("set/m\tn\no.jpg", "", 0);
    check_reason("m\\tn\\no.jpg", "empty");
}

static void test_large(void **state)
{
    (void)state;
    write_bytes("set/m.png", "x", 1);
    assert_int_equal(truncate(in_folder("set/m.png"), ((off_t)256 << 20) + 1), 0); /* sparse: takes no room */
    check_reason("m.png", TOO_BIG);
    /* A header that promises 100,000 x 100,000 pixels, with its right checksum. */
    static const uint8_t huge[] = {0x89, 'P', 'N',  'G',  '\r', '\n', 0x1a, '\n', 0,    0,
                                   0,    13,  'I',  'H',  'D',  'R',  0,    1,    0x86, 0xa0,
                                   0,    1,   0x86, 0xa0, 8,    2,    0,    0,    0};
    uint8_t bytes[64];
    memcpy(bytes, huge, sizeof huge);
    uint32_t crc = 0xffffffff;
    for (size_t i = 12; i < sizeof huge; i++) {
        crc ^= huge[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    for (int i = 0; i < 4; i++)
        bytes[sizeof huge + (size_t)i] = (uint8_t)(~crc >> (24 - 8 * i));
    memcpy(bytes + sizeof huge + 4, "\0\0\0\0IDAT", 8);
    write_bytes("set/m.png", bytes, sizeof huge + 12);
    check_reason("m.png", TOO_BIG);
    write_jpeg("whole.jpg", H, W, (jpeg_kind){.components = 3}, 0);
    size_t n;
    uint8_t *jpeg = read_bytes("whole.jpg", &n);
    for (size_t i = 0; i + 8 < n; i++)
        if (jpeg[i] == 0xff && jpeg[i + 1] == 0xc0) /* start of frame: length, precision, height, width */
            memset(jpeg + i + 5, 0xf0, 4);
    write_bytes("set/m.jpg", jpeg, n);
    free(jpeg);
    check_reason("m.jpg", TOO_BIG);
}

static void test_damaged(void **state)
{
    (void)state;
    write_png("whole.png", H, W, rgb, 0);
    spoil("set/m.png", "whole.png", -0L, 45); /* inside the first IDAT's data */
    check_reason("m.png", DAMAGED);
    write_png("whole.png", H, W, rgb, 0);
    spoil("set/m.png", "whole.png", -0L, 24); /* bit depth */
    check_reason("m.png", DAMAGED);
    write_jpeg("whole.jpg", H, W, (jpeg_kind){.components = 3}, 0);
    size_t n;
    uint8_t *jpeg = read_bytes("whole.jpg", &n);
    memset(jpeg + n - 40, 0xff, 1);
    memset(jpeg + n - 39, 0xd3, 1); /* a restart marker where none belongs */
    write_bytes("set/m.jpg", jpeg, n);
    free(jpeg);
    check_reason("m.jpg", DAMAGED);
}

/* Without its own tables a JPEG means nothing, whatever was decoded before it. */
static void test_tables_of_the_last_file(void **state)
{
    (void)state;
    write_jpeg("set/a.jpg", H, W, (jpeg_kind){.components = 3}, 0);
    write_jpeg("set/b.jpg", H, W, (jpeg_kind){.components = 3, .no_tables = true}, 0);
    gan_data *data = NULL;
    assert_int_equal(open_set(&data, 0.5), GAN_OK);
    assert_int_equal(gan_data_bad_count(data), 1);
    assert_int_equal(gan_data_count(data), 1);
    close_self(data);
}

static void test_no_byte_crashes(void **state)
{
    (void)state;
    write_jpeg("whole.jpg", H, W, (jpeg_kind){.components = 3, .progressive = true, .orientation = 6}, 0);
    write_png("whole.png", H, W, (png_kind){PNG_COLOR_TYPE_PALETTE, 8, true, true}, 0);
    const char *names[] = {"whole.jpg", "whole.png"};
    char to[64];
    for (int f = 0; f < 2; f++) {
        size_t n;
        free(read_bytes(names[f], &n));
        for (size_t at = 0; at < n; at += 1 + n / 400) {
            snprintf(to, sizeof to, "set/%zu-%s", at, names[f]);
            spoil(to, names[f], -0L, (long)at);
        }
    }
    write_png("set/good.png", H, W, rgb, 0);
    gan_data *data = NULL;
    assert_int_equal(open_set(&data, 1.0),
                     GAN_OK); /* some are still pictures; what matters is that nothing breaks */
    assert_true(gan_data_bad_count(data) > 100);
    close_self(data);
}

static void test_fraction(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        char name[32];
        snprintf(name, sizeof name, "set/%d.png", i);
        if (i == 1)
            write_bytes(name, "", 0);
        else
            write_png(name, H, W, rgb, i);
    }
    gan_data *data = NULL;
    assert_int_equal(open_set(&data, 0.2), GAN_BAD_INPUT);
    assert_null(data);
    assert_non_null(strstr(gan_error_message(), "1 of 4 picture files are bad"));
    assert_non_null(strstr(gan_error_message(), "set/1.png: empty"));
    assert_non_null(strstr(gan_error_message(), "bad.txt"));
    assert_int_equal(access(in_folder("bad.txt"), F_OK), 0); /* the list is there to be read */
    assert_int_equal(open_set(&data, 0.25), GAN_OK);
    close_self(data);
    /* Mended: the stale list goes. */
    write_png("set/1.png", H, W, rgb, 1);
    assert_int_equal(open_set(&data, 0.0), GAN_OK);
    assert_int_equal(gan_data_count(data), 4);
    assert_int_not_equal(access(in_folder("bad.txt"), F_OK), 0);
    close_self(data);
}

static void test_nothing_left(void **state)
{
    (void)state;
    write_bytes("set/a.png", "", 0);
    write_bytes("set/b.png", "no", 2);
    gan_data *data = NULL;
    assert_int_equal(open_set(&data, 1.0), GAN_BAD_INPUT);
    assert_non_null(strstr(gan_error_message(), "2 of 2 picture files are bad (nothing usable)"));
}

static void test_unreadable(void **state)
{
    (void)state;
    if (geteuid() == 0)
        skip(); /* root reads everything */
    write_png("set/m.png", H, W, rgb, 0);
    assert_int_equal(chmod(in_folder("set/m.png"), 0), 0);
    check_reason("m.png", "unreadable: Permission denied");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_simple_reasons, start),
        cmocka_unit_test_setup(test_odd_names, start),
        cmocka_unit_test_setup(test_large, start),
        cmocka_unit_test_setup(test_damaged, start),
        cmocka_unit_test_setup(test_tables_of_the_last_file, start),
        cmocka_unit_test_setup(test_no_byte_crashes, start),
        cmocka_unit_test_setup(test_fraction, start),
        cmocka_unit_test_setup(test_nothing_left, start),
        cmocka_unit_test_setup(test_unreadable, start),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
