/* gan_dist pack, as the command line calls it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "commands/commands.h"
#include "support.h"

static gan_status pack(const char *data, const char *out, const char *set)
{
    char *argv[] = {"--data", (char *)(uintptr_t)data, "--out", (char *)(uintptr_t)out,
                    "--set",  "data.height=5",         "--set", "data.width=4",
                    "--set",  (char *)(uintptr_t)set};
    gan_comm *comm = NULL;
    assert_int_equal(gan_comm_open_self(&comm), GAN_OK);
    gan_status status = gan_command_pack(comm, 10, argv);
    gan_comm_close(comm, false, 0);
    return status;
}

static void test_folder_to_file(void **state)
{
    (void)state;
    make_subfolder("set");
    make_subfolder("set/a");
    make_subfolder("set/b");
    write_png("set/a/1.png", 5, 4, (png_kind){0, 8, false, false}, 1);
    write_png("set/b/2.png", 5, 4, (png_kind){0, 8, false, false}, 2);
    assert_int_equal(pack(in_folder("set"), in_folder("set.idx"), "data.labels=folders"), GAN_OK);
    gan_config config = config_for("set.idx", 5, 4, 3);
    config.labels = GAN_LABELS_FILE;
    gan_data *data = NULL;
    assert_int_equal(open_self(&data, &config, NULL), GAN_OK);
    assert_int_equal(gan_data_count(data), 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(gan_data_image(data, (uint64_t)i)[4], pattern(0, 1, 0, i + 1));
        assert_int_equal(gan_data_label(data, (uint64_t)i), i);
    }
    close_self(data);
    /* What is there is not written over. */
    assert_int_equal(pack(in_folder("set"), in_folder("set.idx"), "data.labels=none"), GAN_BAD_INPUT);
    assert_non_null(strstr(gan_error_message(), "exists already"));
}

static void test_errors(void **state)
{
    (void)state;
    assert_int_equal(pack("", in_folder("x.idx"), "data.labels=none"), GAN_BAD_INPUT);
    assert_non_null(strstr(gan_error_message(), "pack needs --data PATH and --out FILE"));
    assert_int_equal(pack("faces:3", in_folder("x.idx"), "data.channels=2"), GAN_BAD_INPUT);
    assert_int_equal(pack(in_folder("none"), in_folder("x.idx"), "data.channels=1"), GAN_BAD_INPUT);
    assert_non_null(strstr(gan_error_message(), "no such file or folder"));
    assert_int_not_equal(access(in_folder("x.idx"), F_OK), 0);
    assert_int_not_equal(pack("faces:3", in_folder("no/folder/x.idx"), "data.channels=1"), GAN_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_folder_to_file), cmocka_unit_test(test_errors)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
