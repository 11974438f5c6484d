/* The order of the pictures, and that the loader hands out exactly what the definition says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "gan_dist/rng.h"
#include "support.h"

/* Every epoch visits each picture at most once and leaves out only the
 * incomplete tail; epochs and seeds differ. */
static void test_permutation(void **state)
{
    (void)state;
    const uint64_t counts[] = {1, 2, 3, 7, 64, 100, 1000, 1093, 4097};
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
        for (uint64_t batch = 1; batch <= counts[k]; batch = batch * 5 + 2)
            for (uint64_t epoch = 0; epoch < 4; epoch++) {
                uint64_t n = counts[k], steps = n / batch, seen_count = 0;
                uint8_t *seen = calloc(n, 1);
                for (uint64_t s = 0; s < steps; s++)
                    for (uint64_t i = 0; i < batch; i++) {
                        uint64_t at = gan_data_position(n, batch, 11, epoch * steps + s, i);
                        assert_true(at < n);
                        assert_int_equal(seen[at], 0);
                        seen[at] = 1;
                        seen_count++;
                    }
                assert_int_equal(seen_count, steps * batch);
                free(seen);
            }
}

static void test_orders_differ(void **state)
{
    (void)state;
    int same_epoch = 0, same_seed = 0, in_place = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t at = gan_data_position(1000, 1000, 1, 0, i);
        same_epoch += at == gan_data_position(1000, 1000, 1, 1, i);
        same_seed += at == gan_data_position(1000, 1000, 2, 0, i);
        in_place += at == i;
        /* Within an epoch the place in the epoch counts, not how it is cut into batches. */
        assert_int_equal(at, gan_data_position(1000, 10, 1, i / 10, i % 10));
    }
    assert_true(same_epoch < 10 && same_seed < 10 && in_place < 10); /* 1 expected of each */
}

typedef struct setting {
    int first, n;
    uint64_t step;
    bool mirror;
    gan_range range;
    int channels;
} setting;

static bool is_mirrored(const gan_config *config, uint64_t step, uint64_t sample)
{
    uint32_t word;
    gan_rng key = {config->seed, GAN_STREAM_MIRROR, 0, (uint32_t)step, (uint32_t)sample};
    gan_rng_words(&word, 1, key);
    return word & 1;
}

static void check_batch(const gan_data *data, const gan_config *config, const gan_batch *batch, setting s,
                        int *mirrors)
{
    int h = config->height, w = config->width, c = config->channels;
    for (int k = 0; k < s.n; k++) {
        uint64_t sample = (uint64_t)(s.first + k);
        uint64_t at = gan_data_position(gan_data_count(data), (uint64_t)config->batch, config->seed,
                                        batch->step, sample);
        assert_int_equal(batch->positions[k], at);
        assert_int_equal(batch->labels[k], gan_data_label(data, at));
        bool mirror = s.mirror && is_mirrored(config, batch->step, sample);
        *mirrors += mirror;
        const uint8_t *pixels = gan_data_image(data, at);
        for (int i = 0; i < h * w * c; i++) {
            int y = i / (w * c), x = i / c % w, from = mirror ? (y * w + w - 1 - x) * c + i % c : i;
            float value = s.range == GAN_RANGE_SIGNED ? (float)pixels[from] / 127.5f - 1.0f
                                                      : (float)pixels[from] / 255.0f;
            assert_true(batch->images[(size_t)k * (size_t)(h * w * c) + (size_t)i] == value);
        }
    }
}

/* Pictures as bytes: those of the batch, or of the data set, and which of them make sample k. */
static void check_picks(const gan_data *data, const gan_config *config, const gan_batch *batch, setting s,
                        const uint8_t *pixels)
{
    size_t size = (size_t)(config->height * config->width * config->channels);
    assert_null(batch->images);
    assert_ptr_equal(batch->pixels, pixels);
    for (int k = 0; k < s.n; k++) {
        uint64_t at = batch->positions[k], pick = batch->picks[k];
        assert_int_equal(pick / 2, pixels ? (uint64_t)k : at);
        assert_int_equal(pick % 2, s.mirror && is_mirrored(config, batch->step, (uint64_t)(s.first + k)));
        if (pixels)
            assert_memory_equal(pixels + (size_t)k * size, gan_data_image(data, at), size);
    }
}

/* Bytes go where the caller says, in turn, and nowhere else; the batch in hand stays. */
static void check_bytes(const gan_data *data, const gan_config *config, setting s, gan_form form)
{
    enum { BORDER = 64 };
    size_t bytes = (size_t)(s.n * config->height * config->width * config->channels);
    gan_loader_spec spec = {s.first, s.n, s.step, form, {NULL, NULL}};
    for (int i = 0; form == GAN_FORM_BYTES && i < GAN_LOADER_BUFFERS; i++) {
        spec.pixels[i] = malloc(bytes + BORDER);
        assert_non_null(spec.pixels[i]);
        memset(spec.pixels[i] + bytes, 77, BORDER);
    }
    gan_loader *loader = NULL;
    assert_int_equal(gan_loader_open(&loader, data, config, &spec), GAN_OK);
    for (uint64_t step = s.step; step < s.step + 12; step++) {
        gan_batch batch;
        assert_int_equal(gan_loader_next(loader, &batch), GAN_OK);
        if (step % 3 == 0)
            usleep(2000);
        check_picks(data, config, &batch, s, spec.pixels[step % GAN_LOADER_BUFFERS]);
    }
    gan_loader_close(loader);
    for (int i = 0; form == GAN_FORM_BYTES && i < GAN_LOADER_BUFFERS; i++) {
        for (int k = 0; k < BORDER; k++)
            assert_int_equal(spec.pixels[i][bytes + (size_t)k], 77);
        free(spec.pixels[i]);
    }
}

static void check_loader(setting s)
{
    gan_config config = config_for("set.idx", 6, 5, s.channels);
    gan_loader_spec spec = {.first = s.first, .n = s.n, .step = s.step};
    config.labels = GAN_LABELS_FILE;
    config.batch = 8;
    config.seed = 5;
    config.mirror = s.mirror;
    config.range = s.range;
    gan_data *data = NULL;
    assert_int_equal(open_self(&data, &config, NULL), GAN_OK);
    gan_loader *loader = NULL;
    assert_int_equal(gan_loader_open(&loader, data, &config, &spec), GAN_OK);
    int mirrors = 0;
    for (uint64_t step = s.step; step < s.step + 12; step++) {
        gan_batch batch;
        assert_int_equal(gan_loader_next(loader, &batch), GAN_OK);
        assert_int_equal(batch.step, step);
        assert_int_equal((uintptr_t)batch.images % 64, 0);
        if (step % 3 == 0)
            usleep(2000); /* the thread runs ahead, and must not touch the batch that is being looked at */
        check_batch(data, &config, &batch, s, &mirrors);
    }
    assert_true(s.mirror ? mirrors > s.n && mirrors < 11 * s.n : mirrors == 0);
    gan_loader_close(loader);
    check_bytes(data, &config, s, GAN_FORM_BYTES);
    check_bytes(data, &config, s, GAN_FORM_PICKS);
    close_self(data);
}

static void test_batches(void **state)
{
    (void)state;
    write_idx("set.idx", 29, 6, 5, 3, false);
    write_idx_labels("set.idx-labels", 29, 4, false);
    check_loader((setting){0, 8, 0, false, GAN_RANGE_SIGNED, 3});
    check_loader((setting){0, 8, 0, true, GAN_RANGE_SIGNED, 3});
    check_loader((setting){4, 4, 17, true, GAN_RANGE_UNIT, 3});
    check_loader((setting){6, 2, UINT64_C(3) << 31, true, GAN_RANGE_SIGNED, 1});
}

static void test_exact_ends(void **state)
{
    (void)state;
    size_t n;
    uint8_t *bytes = idx_pictures(&n, 1, 1, 2, 0);
    bytes[16] = 0;
    bytes[17] = 255;
    write_bytes("ends.idx", bytes, n);
    free(bytes);
    for (int range = GAN_RANGE_SIGNED; range <= GAN_RANGE_UNIT; range++) {
        gan_config config = config_for("ends.idx", 1, 2, 1);
        config.range = (gan_range)range;
        gan_data *data = NULL;
        assert_int_equal(open_self(&data, &config, NULL), GAN_OK);
        gan_loader *loader = NULL;
        gan_batch batch;
        assert_int_equal(gan_loader_open(&loader, data, &config, &(const gan_loader_spec){.n = 1}), GAN_OK);
        assert_int_equal(gan_loader_next(loader, &batch), GAN_OK);
        assert_true(batch.images[0] == (range == GAN_RANGE_SIGNED ? -1.0f : 0.0f) && batch.images[1] == 1.0f);
        assert_null(batch.labels);
        gan_loader_close(loader);
        close_self(data);
    }
}

/* Closing at any moment, also before the first batch, ends the thread. */
static void test_close_early(void **state)
{
    (void)state;
    write_idx("set.idx", 29, 6, 5, 3, false);
    gan_config config = config_for("set.idx", 6, 5, 3);
    gan_data *data = NULL;
    assert_int_equal(open_self(&data, &config, NULL), GAN_OK);
    for (int takes = 0; takes < 4; takes++)
        for (int again = 0; again < 25; again++) {
            gan_loader *loader = NULL;
            gan_batch batch;
            assert_int_equal(gan_loader_open(&loader, data, &config, &(const gan_loader_spec){.n = 1}),
                             GAN_OK);
            for (int i = 0; i < takes; i++)
                assert_int_equal(gan_loader_next(loader, &batch), GAN_OK);
            gan_loader_close(loader);
        }
    gan_loader_close(NULL);
    close_self(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_permutation), cmocka_unit_test(test_orders_differ),
        cmocka_unit_test(test_batches),     cmocka_unit_test(test_exact_ends),
        cmocka_unit_test(test_close_early),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
