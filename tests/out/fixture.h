/* fixture.h: a folder of its own for each test, and small helpers on its files. */
#ifndef GAN_TEST_OUT_FIXTURE_H
#define GAN_TEST_OUT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "gan_dist/base.h"
#include "gan_dist/out.h"

#define PATH_ROOM 512

static char folder[64]; /* this test's own */

static inline int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/gan_out_XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_one(const char *path, const struct stat *info, int flag, struct FTW *place)
{
    (void)info;
    (void)flag;
    (void)place;
    return remove(path);
}

static inline int remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *in_folder(char path[PATH_ROOM], const char *name)
{
    assert_true(snprintf(path, PATH_ROOM, "%s/%s", folder, name) < PATH_ROOM);
    return path;
}

static inline void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* The whole file, freed by the caller. */
static inline char *read_file(size_t *n, const char *path)
{
    void *bytes = NULL;
    assert_int_equal(gan_file_read(&bytes, n, path, (size_t)1 << 30), GAN_OK);
    return bytes;
}

static inline void assert_file_equals(const char *path, const char *text)
{
    size_t n;
    char *bytes = read_file(&n, path);
    assert_string_equal(bytes, text);
    assert_int_equal(n, strlen(text));
    free(bytes);
}

/* The last message is one line that holds every given part (NULL-terminated). */
static inline void assert_message(const char *first, ...)
{
    va_list parts;
    va_start(parts, first);
    for (const char *part = first; part; part = va_arg(parts, const char *))
        if (!strstr(gan_error_message(), part))
            fail_msg("\"%s\" is not in: %s", part, gan_error_message());
    va_end(parts);
    assert_null(strchr(gan_error_message(), '\n'));
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

#endif
