/* Which files of a folder are pictures, in which order, with which labels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "support.h"

static const png_kind grey = {0, 8, false, false};

static int start(void **state)
{
    (void)state;
    clear_folder();
    make_subfolder("set");
    return 0;
}

static void put(const char *name, int variant)
{
    write_png(name, 3, 3, grey, variant);
}

static gan_config set_config(gan_labels labels)
{
    gan_config config = config_for("set", 3, 3, 1);
    config.labels = labels;
    return config;
}

static gan_data *open_good(const gan_config *config)
{
    gan_data *data = NULL;
    if (open_self(&data, config, NULL) != GAN_OK)
        fail_msg("%s", gan_error_message());
    return data;
}

static void check_error(const gan_config *config, const char *part)
{
    gan_data *data = NULL;
    assert_int_equal(open_self(&data, config, NULL), GAN_BAD_INPUT);
    if (!strstr(gan_error_message(), part))
        fail_msg("'%s' is not in: %s", part, gan_error_message());
    assert_null(strchr(gan_error_message(), '\n'));
}

static void check_variants(const gan_data *data, const int *variants, const int *labels, size_t n)
{
    assert_int_equal(gan_data_count(data), n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(gan_data_image(data, i)[0], pattern(0, 0, 0, variants[i]));
        assert_int_equal(gan_data_label(data, i), labels ? labels[i] : -1);
    }
}

/* Written in an order of its own; read in the order of the bytes of the relative paths. */
static void write_tree(void)
{
    make_subfolder("set/b");
    make_subfolder("set/a");
    make_subfolder("set/a/deep");
    make_subfolder("set/a-b");
    make_subfolder("set/.hidden");
    put("set/b/1.PNG", 4);
    put("set/a/z.png", 3);
    put("set/a/deep/x.JpEg", 2);
    put("set/a-b/0.jpg", 1);
    put("set/.hidden/0.png", 9);
    put("set/b/._1.png", 9);
    write_bytes("set/b/notes.txt", "no picture", 10);
    write_bytes("set/a/png", "no picture", 10);
    assert_int_equal(mkfifo(in_folder("set/b/pipe.png"), 0666), 0);
}

static void test_order_and_names(void **state)
{
    (void)state;
    write_tree();
    gan_config config = set_config(GAN_LABELS_NONE);
    gan_data *data = open_good(&config);
    check_variants(data, (int[]){1, 2, 3, 4}, NULL, 4);
    close_self(data);
    config.skip = 2;
    data = open_good(&config);
    check_variants(data, (int[]){3, 4}, NULL, 2);
    close_self(data);
    config.skip = 4;
    check_error(&config, "data.skip 4 leaves none of 4 picture files");
}

static void test_folder_labels(void **state)
{
    (void)state;
    write_tree();
    gan_config config = set_config(GAN_LABELS_FOLDERS);
    config.classes = 3;
    gan_data *data = open_good(&config);
    check_variants(data, (int[]){1, 2, 3, 4}, (int[]){1, 0, 0, 2}, 4); /* a = 0, a-b = 1, b = 2 */
    close_self(data);
    config.skip = 1; /* the classes stay what they are */
    data = open_good(&config);
    check_variants(data, (int[]){2, 3, 4}, (int[]){0, 0, 2}, 3);
    close_self(data);
    config.classes = 2;
    check_error(&config, "its labels are 0 to 2, and data.classes = 2 allows 0 to 1: set data.classes to 3");
    config.classes = 3;
    config.labels = GAN_LABELS_NONE;
    check_error(&config, "have no labels");
    config.labels = GAN_LABELS_FILE;
    check_error(&config, "data.labels = file is for IDX files");
    put("set/top.png", 5);
    config.labels = GAN_LABELS_FOLDERS;
    check_error(&config, "top.png lies in no sub-folder");
}

/* A bad file takes its label with it. */
static void test_labels_stay_with_pictures(void **state)
{
    (void)state;
    write_tree();
    write_bytes("set/a/a.png", "", 0);
    write_bytes("set/b/0.png", "", 0);
    gan_config config = set_config(GAN_LABELS_FOLDERS);
    config.max_bad_fraction = 0.5;
    gan_data *data = open_good(&config);
    check_variants(data, (int[]){1, 2, 3, 4}, (int[]){1, 0, 0, 2}, 4);
    close_self(data);
}

static void test_links(void **state)
{
    (void)state;
    make_subfolder("set/a");
    make_subfolder("elsewhere");
    put("set/a/1.png", 1);
    put("elsewhere/2.png", 2);
    assert_int_equal(symlink("..", in_folder("set/a/up")), 0); /* a cycle */
    assert_int_equal(symlink(".", in_folder("set/self")), 0);
    assert_int_equal(symlink("../elsewhere", in_folder("set/more")), 0);
    assert_int_equal(symlink("../elsewhere/2.png", in_folder("set/copy.png")), 0);
    gan_config config = set_config(GAN_LABELS_NONE);
    gan_data *data = open_good(&config);
    check_variants(data, (int[]){1, 2, 2}, NULL, 3); /* a/1.png copy.png more/2.png */
    close_self(data);
}

static void test_nothing_there(void **state)
{
    (void)state;
    gan_config config = set_config(GAN_LABELS_NONE);
    check_error(&config, "set: nothing found: looked for .jpg .jpeg .png");
    write_bytes("set/notes.txt", "x", 1);
    check_error(&config, "set: nothing found");
    config = config_for("missing", 3, 3, 1);
    check_error(&config, "missing: no such file or folder");
    config = config_for("set/notes.txt/deeper", 3, 3, 1);
    check_error(&config, "no such file or folder");
    config = config_for("set/notes.txt", 3, 3, 1);
    check_error(&config, "not an IDX file");
    config.data[0] = '\0';
    check_error(&config, "no data: say --data PATH");
    config = config_for("pipe", 3, 3, 1);
    assert_int_equal(mkfifo(in_folder("pipe"), 0666), 0);
    check_error(&config, "neither a file nor a folder");
}

static void test_smaller_than_batch(void **state)
{
    (void)state;
    write_tree();
    gan_config config = set_config(GAN_LABELS_NONE);
    config.batch = 4;
    close_self(open_good(&config));
    config.batch = 5;
    check_error(&config, "4 pictures are fewer than the batch of 5: use --batch 4");
}

/* Any change of a pixel, a label or the order is another data set; the paths are not part of it. */
static void test_fingerprint(void **state)
{
    (void)state;
    write_tree();
    gan_config config = set_config(GAN_LABELS_NONE), labelled = set_config(GAN_LABELS_FOLDERS);
    gan_data *data = open_good(&config);
    uint64_t before = gan_data_fingerprint(data);
    close_self(data);
    data = open_good(&labelled);
    assert_int_not_equal(gan_data_fingerprint(data), before);
    close_self(data);
    assert_int_equal(rename(in_folder("set"), in_folder("moved")), 0);
    gan_config moved = config_for("moved", 3, 3, 1);
    data = open_good(&moved);
    assert_int_equal(gan_data_fingerprint(data), before);
    close_self(data);
    put("moved/b/1.PNG", 5);
    data = open_good(&moved);
    assert_int_not_equal(gan_data_fingerprint(data), before);
    close_self(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_order_and_names, start),
        cmocka_unit_test_setup(test_folder_labels, start),
        cmocka_unit_test_setup(test_labels_stay_with_pictures, start),
        cmocka_unit_test_setup(test_links, start),
        cmocka_unit_test_setup(test_nothing_there, start),
        cmocka_unit_test_setup(test_smaller_than_batch, start),
        cmocka_unit_test_setup(test_fingerprint, start),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
