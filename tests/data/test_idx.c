/* IDX files: MNIST's four, single ones, labels, parts, skipping; and what is wrong with a wrong one. */
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

static void write_mnist(bool zipped)
{
    const char *end = zipped ? ".gz" : "";
    char name[64];
    snprintf(name, sizeof name, "train-images-idx3-ubyte%s", end);
    write_idx(name, TRAIN, 28, 28, 0, zipped);
    snprintf(name, sizeof name, "train-labels-idx1-ubyte%s", end);
    write_idx_labels(name, TRAIN, 10, zipped);
    snprintf(name, sizeof name, "t10k-images-idx3-ubyte%s", end);
    write_idx(name, TEST, 28, 28, 0, zipped);
    snprintf(name, sizeof name, "t10k-labels-idx1-ubyte%s", end);
    write_idx_labels(name, TEST, 10, zipped);
}

/* Picture `index` is number `variant` of its file, with that one's label if labels are on. */
static void check_picture(const gan_data *data, uint64_t index, int variant, bool labels)
{
    const uint8_t *pixels = gan_data_image(data, index);
    for (int y = 0; y < 28; y++)
        for (int x = 0; x < 28; x++)
            assert_int_equal(pixels[y * 28 + x], pattern(y, x, 0, variant));
    assert_int_equal(gan_data_label(data, index), labels ? variant * 7 % 10 : -1);
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
    assert_null(data);
    if (!strstr(gan_error_message(), part))
        fail_msg("'%s' is not in: %s", part, gan_error_message());
    assert_null(strchr(gan_error_message(), '\n'));
}

static void test_splits(void **state)
{
    (void)state;
    uint64_t first = 0;
    for (int zipped = 0; zipped < 2; zipped++) {
        write_mnist(zipped);
        gan_config config = config_for("", 28, 28, 1);
        config.labels = GAN_LABELS_FILE;
        config.classes = 10;
        gan_data *data = open_good(&config);
        assert_int_equal(gan_data_count(data), TRAIN + TEST);
        for (int i = 0; i < TRAIN + TEST; i++)
            check_picture(data, (uint64_t)i, i < TRAIN ? i : i - TRAIN, true);
        if (zipped)
            assert_int_equal(gan_data_fingerprint(data), first);
        first = gan_data_fingerprint(data);
        assert_true((strstr(gan_data_describe(data), "mapped") != NULL) == !zipped);
        close_self(data);
        config.split = GAN_SPLIT_TRAIN;
        data = open_good(&config);
        assert_int_equal(gan_data_count(data), TRAIN);
        check_picture(data, TRAIN - 1, TRAIN - 1, true);
        close_self(data);
        config.split = GAN_SPLIT_TEST;
        config.labels = GAN_LABELS_NONE;
        config.classes = 0;
        data = open_good(&config);
        assert_int_equal(gan_data_count(data), TEST);
        check_picture(data, 3, 3, false);
        close_self(data);
        clear_folder();
    }
}

static void test_skip(void **state)
{
    (void)state;
    for (int zipped = 0; zipped < 2; zipped++) {
        write_mnist(zipped);
        for (int skip = 0; skip < TRAIN + TEST; skip += 5) {
            gan_config config = config_for("", 28, 28, 1);
            config.labels = GAN_LABELS_FILE;
            config.skip = skip;
            gan_data *data = open_good(&config);
            assert_int_equal(gan_data_count(data), TRAIN + TEST - skip);
            for (int i = skip; i < TRAIN + TEST; i++)
                check_picture(data, (uint64_t)(i - skip), i < TRAIN ? i : i - TRAIN, true);
            close_self(data);
        }
        gan_config config = config_for("", 28, 28, 1);
        config.skip = TRAIN + TEST;
        check_error(&config, "data.skip 31 leaves none of 31");
        clear_folder();
    }
}

static void test_single_file(void **state)
{
    (void)state;
    write_idx("train-images-idx3-ubyte.gz", TRAIN, 28, 28, 0, true);
    write_idx_labels("train-labels-idx1-ubyte", TRAIN, 10, false); /* found though it is not .gz */
    gan_config config = config_for("train-images-idx3-ubyte.gz", 28, 28, 1);
    config.labels = GAN_LABELS_FILE;
    gan_data *data = open_good(&config);
    check_picture(data, 20, 20, true);
    close_self(data);
    /* Nearest to 32x32 as system 003 has it: rows and columns 3, 10, 17, 24 twice. */
    config.height = config.width = 32;
    config.resize = GAN_RESIZE_NEAREST;
    data = open_good(&config);
    for (int y = 0; y < 32; y++)
        for (int x = 0; x < 32; x++)
            assert_int_equal(gan_data_image(data, 5)[y * 32 + x],
                             pattern((2 * y + 1) * 28 / 64, (2 * x + 1) * 28 / 64, 0, 5));
    close_self(data);
    /* Three channels from grey are copies. */
    config.height = config.width = 28;
    config.channels = 3;
    data = open_good(&config);
    for (int i = 0; i < 28 * 28 * 3; i++)
        assert_int_equal(gan_data_image(data, 5)[i], pattern(i / 84, i / 3 % 28, 0, 5));
    close_self(data);
}

static void test_colour(void **state)
{
    (void)state;
    write_idx("set.idx", 5, 9, 7, 3, false);
    gan_config config = config_for("set.idx", 9, 7, 3);
    gan_data *data = open_good(&config);
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 9 * 7 * 3; k++)
            assert_int_equal(gan_data_image(data, (uint64_t)i)[k], pattern(k / 21, k / 3 % 7, k % 3, i));
    close_self(data);
}

static void test_label_errors(void **state)
{
    (void)state;
    write_idx("a-images", 6, 4, 4, 0, false);
    gan_config config = config_for("a-images", 4, 4, 1);
    config.classes = 3;
    check_error(&config, "have no labels");
    config.labels = GAN_LABELS_FOLDERS;
    check_error(&config, "folders is for folders of pictures");
    config.labels = GAN_LABELS_FILE;
    check_error(&config, "labels are missing: looked for");
    write_idx_labels("a-labels", 5, 3, false);
    check_error(&config, "has 5 labels for 6 pictures");
    write_idx_labels("a-labels", 6, 5, false); /* 0 2 4 1 3 0 */
    check_error(&config, "its labels are 0 to 4, and data.classes = 3 allows 0 to 2: set data.classes to 5");
    config.classes = 5;
    close_self(open_good(&config));
    write_idx("a-labels", 6, 4, 4, 0, false);
    check_error(&config, "labels need 1 dimension");
}

static void test_missing_part(void **state)
{
    (void)state;
    write_idx("train-images-idx3-ubyte", 6, 4, 4, 0, false);
    gan_config config = config_for("", 4, 4, 1);
    check_error(&config, "t10k-images-idx3-ubyte (or .gz) is missing");
    check_error(&config, "data.split to train");
    config.split = GAN_SPLIT_TRAIN;
    close_self(open_good(&config));
    write_idx("t10k-images-idx3-ubyte", 6, 5, 4, 0, false);
    config.split = GAN_SPLIT_ALL;
    check_error(&config, "another size");
}

/* A file that is short, long or bent in any header byte is an error, never a crash. */
static void test_spoilt(void **state)
{
    (void)state;
    size_t n;
    uint8_t *good = idx_pictures(&n, 6, 4, 4, 0), *bent = malloc(n + 1);
    gan_config config = config_for("x", 4, 4, 1);
    for (int zipped = 0; zipped < 2; zipped++) {
        void (*write)(const char *, const void *, size_t) = zipped ? write_gz : write_bytes;
        write("x", good, n);
        close_self(open_good(&config));
        for (size_t keep = 1; keep < n; keep += 6) {
            write("x", good, keep);
            gan_data *data = NULL;
            assert_int_equal(open_self(&data, &config, NULL), GAN_BAD_INPUT);
        }
        memcpy(bent, good, n);
        bent[n] = 0;
        write("x", bent, n + 1);
        check_error(&config, zipped ? "more bytes than its header" : "damaged: its header promises");
        for (size_t at = 0; at < 16; at++)
            for (int bit = 0; bit < 8; bit++) {
                memcpy(bent, good, n);
                bent[at] ^= (uint8_t)(1 << bit);
                write("x", bent, n);
                gan_data *data = NULL;
                assert_int_not_equal(open_self(&data, &config, NULL), GAN_OK);
            }
    }
    write_bytes("x", "", 0);
    check_error(&config, "x: empty");
    write_bytes("x", "\x89PNG and so on and on", 20);
    check_error(&config, "not an IDX file");
    free(good);
    free(bent);
}

static void test_cut_zip(void **state)
{
    (void)state;
    write_idx("x.gz", 30, 9, 9, 0, true);
    gan_config config = config_for("x.gz", 9, 9, 1);
    size_t n;
    uint8_t *whole = read_bytes("x.gz", &n);
    for (size_t keep = 2; keep < n; keep += 11) {
        write_bytes("x.gz", whole, keep);
        gan_data *data = NULL;
        assert_int_equal(open_self(&data, &config, NULL), GAN_BAD_INPUT);
        assert_non_null(strstr(gan_error_message(), "x.gz: truncated"));
    }
    whole[n - 6] ^= 1; /* the checksum */
    write_bytes("x.gz", whole, n);
    check_error(&config, "x.gz: truncated or damaged: incorrect data check");
    free(whole);
}

static void check_packed(const char *name, const gan_config *config, gan_data *original)
{
    assert_int_equal(gan_data_pack(original, config, in_folder(name)), GAN_OK);
    gan_config packed = config_for(name, config->height, config->width, config->channels);
    packed.labels = gan_data_label(original, 0) >= 0 ? GAN_LABELS_FILE : GAN_LABELS_NONE;
    gan_data *data = open_good(&packed);
    assert_non_null(strstr(gan_data_describe(data), "mapped"));
    assert_int_equal(gan_data_count(data), gan_data_count(original));
    assert_int_equal(gan_data_fingerprint(data), gan_data_fingerprint(original));
    size_t record = (size_t)(config->height * config->width * config->channels);
    for (uint64_t i = 0; i < gan_data_count(data); i++) {
        assert_memory_equal(gan_data_image(data, i), gan_data_image(original, i), record);
        assert_int_equal(gan_data_label(data, i), gan_data_label(original, i));
    }
    close_self(data);
}

static void test_pack(void **state)
{
    (void)state;
    write_mnist(false);
    for (int channels = 1; channels <= 3; channels += 2)
        for (int labels = 0; labels < 2; labels++) { /* mapped in two pieces, and decoded */
            gan_config config = config_for("", 28, channels == 1 ? 28 : 20, channels);
            config.labels = labels ? GAN_LABELS_FILE : GAN_LABELS_NONE;
            gan_data *data = open_good(&config);
            check_packed("packed", &config, data);
            /* The labels of an earlier pack are not left for pictures without. */
            size_t n = strlen(in_folder("packed-labels"));
            assert_true(n > 0);
            FILE *left = fopen(in_folder("packed-labels"), "rb");
            assert_true((left != NULL) == labels);
            if (left)
                fclose(left);
            close_self(data);
        }
}

/* More than 256 classes need labels of four bytes. */
static void test_pack_many_classes(void **state)
{
    (void)state;
    make_subfolder("set");
    char name[64];
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "set/%03d", i);
        make_subfolder(name);
        snprintf(name, sizeof name, "set/%03d/a.png", i);
        write_png(name, 2, 2, (png_kind){0, 8, false, false}, i);
    }
    gan_config config = config_for("set", 2, 2, 1);
    config.labels = GAN_LABELS_FOLDERS;
    config.classes = 300;
    gan_data *data = open_good(&config);
    assert_int_equal(gan_data_label(data, 299), 299);
    check_packed("packed", &config, data);
    close_self(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_splits, clear),
        cmocka_unit_test_setup(test_skip, clear),
        cmocka_unit_test_setup(test_single_file, clear),
        cmocka_unit_test_setup(test_colour, clear),
        cmocka_unit_test_setup(test_label_errors, clear),
        cmocka_unit_test_setup(test_missing_part, clear),
        cmocka_unit_test_setup(test_spoilt, clear),
        cmocka_unit_test_setup(test_cut_zip, clear),
        cmocka_unit_test_setup(test_pack, clear),
        cmocka_unit_test_setup(test_pack_many_classes, clear),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
