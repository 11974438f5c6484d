/* test_cut_files.c: a file that ends too early is bad, unless no pixel is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static gan_status open_set(gan_data **data)
{
    gan_config config = config_for("set", H, W, 3);
    config.max_bad_fraction = 0.5;
    *data = NULL;
    return open_self(data, &config, in_folder("bad.txt"));
}

/* The one picture among two good ones; NULL: it was found bad for this reason. Freed by the caller. */
static uint8_t *open_cut(const char *name, const char *reason)
{
    gan_data *data = NULL;
    uint8_t *pixels = NULL;
    write_png("set/0.png", H, W, rgb, 0);
    write_png("set/z.png", H, W, rgb, 9);
    if (open_set(&data) != GAN_OK)
        fail_msg("%s: %s", name, gan_error_message());
    if (gan_data_count(data) == 3) {
        pixels = malloc(H * W * 3);
        memcpy(pixels, gan_data_image(data, 1), H * W * 3);
    } else {
        size_t n;
        char *list = (char *)read_bytes("bad.txt", &n);
        list[n] = '\0';
        if (!reason || !strstr(list, reason))
            fail_msg("not for being %s: %s", reason ? reason : "bad", list);
        free(list);
    }
    close_self(data);
    return pixels;
}

/* However a file is cut, it is found truncated, or no pixel is missing. Returns how many of its last bytes
 * can be missing. */
static size_t cut_everywhere(const char *whole, const char *name, size_t first)
{
    size_t n, taken = 0;
    uint8_t *bytes = read_bytes(whole, &n), *full, *pixels;
    write_bytes(name, bytes, n);
    full = open_cut(name, "truncated");
    assert_non_null(full);
    for (size_t keep = n - 1, step; keep >= first; keep -= step) {
        write_bytes(name, bytes, keep);
        pixels = open_cut(name, "truncated");
        if (pixels) {
            if (memcmp(pixels, full, H * W * 3) != 0)
                fail_msg("%s without its last %zu bytes was taken with other pixels", whole, n - keep);
            if (taken + 1 != n - keep)
                fail_msg("%s without its last %zu bytes was taken, with more of it not", whole, n - keep);
            taken++;
        }
        free(pixels);
        step = keep > n - 40 || keep < first + 7 ? 1 : 7;
    }
    free(full);
    free(bytes);
    assert_int_equal(unlink(in_folder(name)), 0);
    return taken;
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    const jpeg_kind kinds[] = {
        {.components = 3}, {.components = 3, .progressive = true}, {.components = 3, .separate = true},
        {.components = 1}, {.components = 1, .progressive = true}, {.components = 4, .adobe = true}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        write_jpeg("whole.jpg", H, W, kinds[k], 0);
        assert_in_range(cut_everywhere("whole.jpg", "set/m.jpg", 4), 2, 3); /* FF D9, and a byte of padding */
    }
    const png_kind pngs[] = {{PNG_COLOR_TYPE_RGB, 8, false, false},
                             {PNG_COLOR_TYPE_RGB, 8, true, false},
                             {PNG_COLOR_TYPE_GRAY, 8, false, false},
                             {PNG_COLOR_TYPE_PALETTE, 8, true, true}};
    for (size_t k = 0; k < sizeof pngs / sizeof *pngs; k++) {
        write_png("whole.png", H, W, pngs[k], 0);
        /* IEND's 12, IDAT's checksum and that of the zipped data, of which libpng wants to see a byte
         * where the last rows are one repetition; the zipped data's own end has no pixel. */
        assert_in_range(cut_everywhere("whole.png", "set/m.png", 8), 12 + 4 + 3, 12 + 4 + 4 + 2);
    }
}

/* Bytes behind the end, or in its place, change nothing. */
static void test_rubbish_at_the_end(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++)
        for (int instead = 0; instead < 2; instead++) {
            const char *name = kind < 2 ? "set/m.jpg" : "set/m.png";
            if (kind < 2)
                write_jpeg(name, H, W, (jpeg_kind){.components = 3, .progressive = kind == 1}, 0);
            else
                write_png(name, H, W, (png_kind){PNG_COLOR_TYPE_RGB, 8, kind == 3, false}, 0);
            size_t n, end = kind < 2 ? 2 : 12;
            uint8_t *bytes = read_bytes(name, &n), *longer = calloc(1, n + 100);
            uint8_t *full = open_cut(name, "truncated");
            memcpy(longer, bytes, n);
            memset(longer + (instead ? n - end : n), 0, 50);
            write_bytes(name, longer, n + 50);
            uint8_t *pixels = open_cut(name, "truncated");
            if (!full || !pixels)
                fail_msg("kind %d with %s its end was not taken", kind,
                         instead ? "zeros for" : "zeros behind");
            assert_memory_equal(pixels, full, H * W * 3);
            free(pixels);
            free(full);
            free(longer);
            free(bytes);
            assert_int_equal(unlink(in_folder(name)), 0);
        }
}

/* Where a scan begins: FF DA. */
static size_t scan_after(const uint8_t *bytes, size_t n, size_t at)
{
    while (at + 1 < n && !(bytes[at] == 0xff && bytes[at + 1] == 0xda))
        at++;
    return at;
}

/* What is left of a file up to its scan `scan`, with the tables before that scan or without, and an end
 * marker or none. */
static uint8_t *open_scans(const char *whole, int scan, bool tables, bool end, const char *reason)
{
    size_t n;
    uint8_t *bytes = read_bytes(whole, &n);
    size_t cut = scan_after(bytes, n, 0);
    for (int i = 0; i < scan; i++)
        cut = scan_after(bytes, n, cut + 2);
    assert_true(cut + 1 < n);
    while (!tables && cut > 4 && !(bytes[cut] == 0xff && bytes[cut + 1] == 0xc4))
        cut--;
    memcpy(bytes + cut, "\xff\xd9", 2);
    write_bytes("set/m.jpg", bytes, cut + (end ? 2 : 0));
    free(bytes);
    return open_cut("set/m.jpg", reason);
}

/* A progressive file cut between scans has all its pixels, coarsely: without its end it is truncated; with
 * one it is what somebody meant, as long as no colour is missing. */
static void test_scans_missing(void **state)
{
    (void)state;
    write_jpeg("whole.jpg", H, W, (jpeg_kind){.components = 3, .progressive = true}, 0);
    for (int scan = 1; scan < 10; scan++) {
        assert_null(open_scans("whole.jpg", scan, scan % 2, false, "truncated"));
        uint8_t *pixels = open_scans("whole.jpg", scan, false, true, NULL);
        assert_non_null(pixels);
        free(pixels);
    }
    write_jpeg("whole.jpg", H, W, (jpeg_kind){.components = 3, .separate = true}, 0);
    for (int scan = 1; scan < 3; scan++) {
        assert_null(open_scans("whole.jpg", scan, true, false, "truncated"));
        assert_null(open_scans("whole.jpg", scan, true, true, "damaged"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_cut_anywhere, start),
        cmocka_unit_test_setup(test_rubbish_at_the_end, start),
        cmocka_unit_test_setup(test_scans_missing, start),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
