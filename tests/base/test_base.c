/* Files are replaced whole or not at all; words find their nearest neighbour. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "gan_dist/base.h"

static char folder[] = "/tmp/gan-test-base-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void path_in(char *out, const char *name)
{
    sprintf(out, "%s/%s", folder, name);
}

static void test_replace(void **state)
{
    (void)state;
    char path[256], temporary[300];
    path_in(path, "file");
    sprintf(temporary, "%s.tmp", path);
    assert_int_equal(gan_file_replace(path, "old", 3), GAN_OK);
    gan_file_writer *writer;
    assert_int_equal(gan_file_begin(&writer, path), GAN_OK);
    assert_int_equal(gan_file_append(writer, "new ", 4), GAN_OK);
    void *bytes;
    size_t n;
    assert_int_equal(gan_file_read(&bytes, &n, path, 100), GAN_OK);
    assert_string_equal(bytes, "old");
    free(bytes);
    assert_int_equal(gan_file_append(writer, "text", 4), GAN_OK);
    assert_int_equal(gan_file_commit(writer), GAN_OK);
    assert_int_equal(gan_file_read(&bytes, &n, path, 8), GAN_OK);
    assert_int_equal(n, 8);
    assert_string_equal(bytes, "new text");
    free(bytes);
    assert_int_equal(gan_file_begin(&writer, path), GAN_OK);
    gan_file_abandon(writer);
    assert_int_not_equal(access(temporary, F_OK), 0);
    assert_int_equal(gan_file_read(&bytes, &n, path, 7), GAN_BAD_INPUT);
}

static void test_failures_name_the_path(void **state)
{
    (void)state;
    char path[256];
    path_in(path, "missing/file");
    gan_file_writer *writer;
    assert_int_equal(gan_file_begin(&writer, path), GAN_FAILED);
    assert_non_null(strstr(gan_error_message(), path));
    void *bytes;
    size_t n;
    assert_int_equal(gan_file_read(&bytes, &n, path, 10), GAN_FAILED);
    assert_non_null(strstr(gan_error_message(), path));
}

static void test_make_folders(void **state)
{
    (void)state;
    char path[256];
    struct stat info;
    path_in(path, "a/b/c");
    assert_int_equal(gan_make_folders(path), GAN_OK);
    assert_int_equal(gan_make_folders(path), GAN_OK);
    assert_true(stat(path, &info) == 0 && S_ISDIR(info.st_mode));
    path_in(path, "plain");
    assert_int_equal(gan_file_replace(path, "", 0), GAN_OK);
    path_in(path, "plain/below");
    assert_int_equal(gan_make_folders(path), GAN_FAILED);
    assert_int_equal(gan_make_folders(""), GAN_BAD_INPUT);
    assert_int_equal(gan_make_folders("/"), GAN_OK);
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const words[] = {"batch", "steps", "seed", "data"};
    assert_string_equal(gan_nearest("bacth", words, 4), "batch");
    assert_string_equal(gan_nearest("step", words, 4), "steps");
    assert_string_equal(gan_nearest("DATA", words, 4), "data");
    assert_null(gan_nearest("xylophone", words, 4));
    assert_int_equal(gan_edit_distance("kitten", "sitting"), 3);
}

static void test_messages(void **state)
{
    (void)state;
    assert_int_equal(gan_error(GAN_BAD_INPUT, "%s: %d", "inner", 5), GAN_BAD_INPUT);
    gan_error(GAN_FAILED, "outer: %s", gan_error_message());
    assert_string_equal(gan_error_message(), "outer: inner: 5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replace),      cmocka_unit_test(test_failures_name_the_path),
        cmocka_unit_test(test_make_folders), cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_messages),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
