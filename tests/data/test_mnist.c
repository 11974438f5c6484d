/* test_mnist.c: MNIST's files and those of its kin, as each download and unpacker leaves them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "support.h"

#define TRAIN 21
#define TEST  10

static int clear(void **state)
{
    (void)state;
    clear_folder();
    return 0;
}

/* The folders that a path names, as far as they are not there. */
static void make_folders_of(const char *path)
{
    char command[600];
    snprintf(command, sizeof command, "mkdir -p \"$(dirname '%s')\"", in_folder(path));
    assert_int_equal(system(command), 0);
}

/* A set: %s of `name` is replaced by train-images and so on, each %i by 3 or 1. */
static void write_part(const char *name, const char *part, bool labels)
{
    char path[256], *to = path;
    for (; *name; name++) {
        if (name[0] == '%' && (name[1] == 's' || name[1] == 'S')) {
            char *start = to;
            to += sprintf(to, "%s-%s", part, labels ? "labels" : "images");
            for (; *name && name[1] == 'S' && start < to; start++)
                *start = (char)(*start >= 'a' && *start <= 'z' ? *start - 32 : *start);
            name++;
        } else if (name[0] == '%') {
            *to++ = labels ? '1' : '3';
            name++;
        } else {
            *to++ = *name;
        }
    }
    *to = '\0';
    make_folders_of(path);
    bool zipped = strstr(path, ".gz") || strstr(path, ".GZ");
    int n = strcmp(part, "train") == 0 ? TRAIN : TEST;
    if (labels)
        write_idx_labels(path, n, 10, zipped);
    else
        write_idx(path, n, 28, 28, 0, zipped);
}

static void write_set(const char *name, const char *test)
{
    for (int labels = 0; labels < 2; labels++) {
        write_part(name, "train", labels);
        write_part(name, test, labels);
    }
}

/* `data` holds `train` pictures, then `test`, with their labels. */
static void check(const char *data_path, int train, int test, const char *what)
{
    gan_config config = config_for(data_path, 28, 28, 1);
    config.labels = GAN_LABELS_FILE;
    config.classes = 10;
    gan_data *data = NULL;
    if (open_self(&data, &config, NULL) != GAN_OK)
        fail_msg("%s: %s", what, gan_error_message());
    assert_int_equal(gan_data_count(data), train + test);
    for (int i = 0; i < train + test; i++) {
        int variant = i < train ? i : i - train;
        assert_int_equal(gan_data_image(data, (uint64_t)i)[29], pattern(1, 1, 0, variant));
        assert_int_equal(gan_data_label(data, (uint64_t)i), variant * 7 % 10);
    }
    close_self(data);
}

static void check_refused(const char *data_path, const char *part)
{
    gan_config config = config_for(data_path, 28, 28, 1);
    gan_data *data = NULL;
    assert_int_equal(open_self(&data, &config, NULL), GAN_BAD_INPUT);
    if (!strstr(gan_error_message(), part))
        fail_msg("'%s' is not in: %s", part, gan_error_message());
}

static void test_forms(void **state)
{
    (void)state;
    static const struct {
        const char *name, *test, *data;
    } forms[] = {
        {"%s-idx%i-ubyte", "t10k", ""},
        {"%s.idx%i-ubyte.gz", "t10k", ""},
        {"%S-IDX%i-UBYTE", "t10k", ""},
        {"%S-IDX%i-UBYTE.GZ", "t10k", ""},
        {"%s-idx%i-ubyte/%s-idx%i-ubyte", "t10k", ""},
        {"%s-idx%i-ubyte/%s.idx%i-ubyte", "t10k", ""},
        {"%s.idx%i-ubyte/%s-idx%i-ubyte", "t10k", ""},
        {"%s-idx%i-ubyte.gz/%s-idx%i-ubyte", "t10k", ""},
        {"%s-idx%i-ubyte/%s-idx%i-ubyte/%s-idx%i-ubyte", "t10k", ""},
        {"MNIST/raw/%s-idx%i-ubyte", "t10k", ""},
        {"MNIST/raw/%s-idx%i-ubyte", "t10k", "MNIST"},
        {"MNIST/raw/%s-idx%i-ubyte.gz", "t10k", "MNIST/raw/"},
        {"FashionMNIST/raw/%s-idx%i-ubyte", "t10k", ""},
        {"archive/%s-idx%i-ubyte/%s-idx%i-ubyte", "t10k", ""},
        {"data/fashion-mnist/%s-idx%i-ubyte.gz", "t10k", ""},
        {"gzip/emnist-letters-%s-idx%i-ubyte.gz", "test", ""},
        {"QMNIST/raw/qmnist-%s-idx%i-ubyte", "test", ""},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        write_set(forms[i].name, forms[i].test);
        check(forms[i].data, TRAIN, TEST, forms[i].name);
        clear_folder();
    }
}

/* The dotted files beside folders with the names of the others, as Kaggle has it, one empty. */
static void test_both_forms(void **state)
{
    (void)state;
    write_set("%s.idx%i-ubyte", "t10k");
    write_set("%s-idx%i-ubyte/%s-idx%i-ubyte", "t10k");
    check("", TRAIN, TEST, "both");
    clear_folder();
    write_set("%s.idx%i-ubyte", "t10k");
    make_subfolder("train-images-idx3-ubyte");
    make_subfolder("train-labels-idx1-ubyte");
    check("", TRAIN, TEST, "empty folders");
}

/* One file of pictures, or the folder that has its name: its labels are found. */
static void test_one_file(void **state)
{
    (void)state;
    write_set("%s-idx%i-ubyte/%s-idx%i-ubyte", "t10k");
    check("train-images-idx3-ubyte/train-images-idx3-ubyte", TRAIN, 0, "file in its folder");
    check("train-images-idx3-ubyte", TRAIN, 0, "its folder");
    check("t10k-images-idx3-ubyte/", TEST, 0, "the folder of the other part");
    clear_folder();
    write_set("%S.IDX%i-UBYTE", "t10k");
    check("TRAIN-IMAGES.IDX3-UBYTE", TRAIN, 0, "capitals");
    clear_folder();
    write_part("emnist-letters-%s-idx%i-ubyte", "train", false);
    write_part("emnist-digits-%s-idx%i-ubyte.gz", "train", true); /* of another set */
    write_part("emnist-letters-%s.idx%i-ubyte.gz", "train", true);
    check("emnist-letters-train-images-idx3-ubyte", TRAIN, 0, "labels in another form");
}

static void test_several_sets(void **state)
{
    (void)state;
    write_set("emnist-letters-%s-idx%i-ubyte", "test");
    write_set("emnist-digits-%s-idx%i-ubyte", "test");
    check_refused("", "holds several sets");
    check_refused("", "emnist-digits-train-images-idx3-ubyte");
    check_refused("", "emnist-letters-train-images-idx3-ubyte");
    check("emnist-digits-test-images-idx3-ubyte", TEST, 0, "one of them");
    clear_folder();
    write_set("MNIST/raw/%s-idx%i-ubyte", "t10k");
    write_set("KMNIST/raw/%s-idx%i-ubyte", "t10k");
    check_refused("", "holds several sets");
    check("KMNIST", TRAIN, TEST, "one of them");
    clear_folder();
    write_part("qmnist-%s-idx%i-ubyte", "train", false);
    check_refused("", "qmnist-test-images-idx3-ubyte (or .gz) is missing");
}

/* EMNIST's letters are 1 to 26. */
static void test_labels_from_one(void **state)
{
    (void)state;
    write_part("emnist-letters-%s-idx%i-ubyte", "train", false);
    size_t n;
    uint8_t *labels = idx_labels(&n, TRAIN, 26);
    for (size_t i = 8; i < n; i++)
        labels[i] = (uint8_t)(1 + (i - 8) % 26);
    write_bytes("emnist-letters-train-labels-idx1-ubyte", labels, n);
    gan_config config = config_for("emnist-letters-train-images-idx3-ubyte", 28, 28, 1);
    config.labels = GAN_LABELS_FILE;
    config.classes = 20;
    gan_data *data = NULL;
    assert_int_equal(open_self(&data, &config, NULL), GAN_BAD_INPUT);
    assert_non_null(strstr(gan_error_message(), "its labels are 1 to 21"));
    assert_non_null(strstr(gan_error_message(), "set data.classes to 22"));
    free(labels);
}

/* QMNIST's labels: eight columns of 32 bits. */
static void test_table_of_labels(void **state)
{
    (void)state;
    uint8_t bytes[12 + TRAIN * 32] = {0, 0, 0x0c, 2, 0, 0, 0, TRAIN, 0, 0, 0, 8};
    for (int i = 0; i < TRAIN; i++) {
        memset(bytes + 12 + i * 32, 9, 32);
        memcpy(bytes + 12 + i * 32, (uint8_t[]){0, 0, 0, (uint8_t)(i * 7 % 10)}, 4);
    }
    for (int zipped = 0; zipped < 2; zipped++) {
        write_part("qmnist-%s-idx%i-ubyte", "train", false);
        (zipped ? write_gz : write_bytes)(
            zipped ? "qmnist-train-labels-idx2-int.gz" : "qmnist-train-labels-idx2-int", bytes, sizeof bytes);
        check("qmnist-train-images-idx3-ubyte", TRAIN, 0, "a table");
        clear_folder();
    }
}

/* A download that went wrong is told of by what it is. */
static void test_no_idx(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *reason;
    } files[] = {
        {"<!DOCTYPE html>\n<html>404</html>", "it is a web page"},
        {"PK\x03\x04 and an archive's bytes", "it is a ZIP archive"},
        {"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"},
        {"BZh91AY&SY and more of it", "packed by bzip2"},
        {"P5 28 28 255 and a picture", "not an IDX file (for pictures, name the folder"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        write_bytes("train-images-idx3-ubyte", files[i].bytes, strlen(files[i].bytes));
        check_refused("train-images-idx3-ubyte", files[i].reason);
    }
    write_idx("once.gz", TRAIN, 28, 28, 0, true);
    size_t n;
    uint8_t *once = read_bytes("once.gz", &n);
    write_gz("twice.gz", once, n);
    check_refused("twice.gz", "zipped twice");
    free(once);
}

/* Of zipped labels: what stands behind them is borne, what is missing is not. */
static void test_zipped_labels(void **state)
{
    (void)state;
    write_part("%s-idx%i-ubyte", "train", false);
    write_part("%s-idx%i-ubyte.gz", "train", true);
    size_t n;
    uint8_t *bytes = read_bytes("train-labels-idx1-ubyte.gz", &n), *longer = calloc(1, n + 40);
    memcpy(longer, bytes, n);
    write_bytes("train-labels-idx1-ubyte.gz", longer, n + 40);
    check("train-images-idx3-ubyte", TRAIN, 0, "zeros behind it");
    memset(longer + n, 'x', 40);
    write_bytes("train-labels-idx1-ubyte.gz", longer, n + 40);
    check("train-images-idx3-ubyte", TRAIN, 0, "letters behind it");
    gan_config config = config_for("train-images-idx3-ubyte", 28, 28, 1);
    config.labels = GAN_LABELS_FILE;
    for (size_t keep = 2; keep < n; keep++) {
        gan_data *data = NULL;
        write_bytes("train-labels-idx1-ubyte.gz", bytes, keep);
        assert_int_equal(open_self(&data, &config, NULL), GAN_BAD_INPUT);
        assert_non_null(strstr(gan_error_message(), "train-labels-idx1-ubyte.gz: truncated"));
    }
    free(bytes);
    free(longer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_forms, clear),
        cmocka_unit_test_setup(test_both_forms, clear),
        cmocka_unit_test_setup(test_one_file, clear),
        cmocka_unit_test_setup(test_several_sets, clear),
        cmocka_unit_test_setup(test_labels_from_one, clear),
        cmocka_unit_test_setup(test_table_of_labels, clear),
        cmocka_unit_test_setup(test_no_idx, clear),
        cmocka_unit_test_setup(test_zipped_labels, clear),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
