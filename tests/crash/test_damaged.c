/* A checkpoint of a real size, cut at every 4 KiB, with random bits flipped, with a block of zeros or of
 * another file: never loaded, always named with the reason, and the one before is used. */
#include "out/run_folder.h"

#include <fcntl.h>
#include "gan_dist/rng.h"

#define BLOCK  4096
#define FLOATS 250000 /* 1 MB */
#define FLIPS  500

static float values[FLOATS];
static char path[GAN_TEXT_MAX]; /* of the newer checkpoint */
static unsigned char *bytes;    /* what belongs there */
static size_t n_bytes;
static int file;

static gan_status write_large(const char *to, uint64_t seed)
{
    const gan_tensor_view tensors[] = {
        {"generator.main.0.weight", GAN_F32, 1, {FLOATS / 2}, values},
        {"optimizer.generator.exp_avg.main.0.weight", GAN_F32, 1, {FLOATS / 2}, values + FLOATS / 2}};
    const gan_metadata step = {GAN_META_STEP, "200"};
    gan_rng_normal(values, FLOATS, (gan_rng){.seed = seed, .stream = GAN_STREAM_ORDER}, 0, 1);
    return gan_checkpoint_write(to, tensors, 2, &step, 1);
}

static int set_up(void **state)
{
    if (make_run_folder(state))
        return -1;
    save(100);
    gan_checkpoint_path(path, folder, 200);
    if (write_large(path, 1) != GAN_OK)
        return -1;
    bytes = (unsigned char *)read_file(&n_bytes, path);
    file = open(path, O_RDWR);
    return file < 0;
}

static int tear_down(void **state)
{
    close(file);
    free(bytes);
    return remove_folder(state);
}

static void expect_passed_over(const char *what, size_t at)
{
    gan_checkpoint *checkpoint = NULL;
    n_told = 0;
    if (gan_checkpoint_open(&checkpoint, path) != GAN_FAILED)
        fail_msg("%s %zu: not refused", what, at);
    assert_message(path, "damaged", NULL);
    expect_newest(100);
    assert_int_equal(n_told, 1);
    assert_non_null(strstr(told[0], path));
    assert_non_null(strstr(told[0], "damaged"));
}

/* The file was mended: so it was the damage that was refused. */
static void expect_whole(void)
{
    gan_checkpoint *checkpoint;
    assert_int_equal(gan_checkpoint_open(&checkpoint, path), GAN_OK);
    gan_checkpoint_close(checkpoint);
}

static void put(const void *from, size_t n, size_t at)
{
    assert_int_equal(pwrite(file, from, n, (off_t)at), n);
}

static void test_truncated(void **state)
{
    (void)state;
    int cuts = 0;
    for (size_t at = (n_bytes - 1) / BLOCK * BLOCK;; at -= BLOCK) {
        assert_int_equal(ftruncate(file, (off_t)at), 0);
        expect_passed_over("cut at", at);
        cuts++;
        if (at == 0)
            break;
    }
    put(bytes, n_bytes, 0);
    expect_whole();
    print_message("cut at %d places, every %d bytes of %zu\n", cuts, BLOCK, n_bytes);
}

/* As a file system leaves them that had the length on the disk, but not the data. */
static void test_zeros_to_the_end(void **state)
{
    (void)state;
    for (size_t at = 0; at < n_bytes; at += 16 * BLOCK) {
        assert_int_equal(ftruncate(file, (off_t)at), 0);
        assert_int_equal(ftruncate(file, (off_t)n_bytes), 0);
        expect_passed_over("zeros from", at);
        put(bytes, n_bytes, 0);
    }
    expect_whole();
}

static void test_blocks_of_another(void **state)
{
    (void)state;
    char other_path[PATH_ROOM];
    size_t n;
    assert_int_equal(write_large(in_folder(other_path, "other"), 2), GAN_OK);
    unsigned char *other = (unsigned char *)read_file(&n, other_path);
    assert_int_equal(n, n_bytes);
    for (size_t at = 0; at < n_bytes; at += 8 * BLOCK) {
        size_t size = n_bytes - at < BLOCK ? n_bytes - at : BLOCK;
        put(other + at, size, at);
        expect_passed_over("another's block at", at);
        put(bytes + at, size, at);
    }
    free(other);
    expect_whole();
}

static void test_flipped_bits(void **state)
{
    (void)state;
    const char *given = getenv("GAN_TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)getpid();
    uint32_t words[2 * FLIPS];
    print_message("GAN_TEST_SEED=%llu gives these bits again\n", (unsigned long long)seed);
    gan_rng_words(words, 2 * FLIPS, (gan_rng){.seed = seed, .stream = GAN_STREAM_ORDER});
    for (int i = 0; i < FLIPS; i++) {
        /* Every fourth in the first block, where the header is. */
        size_t at = words[2 * i] % (i % 4 ? n_bytes : BLOCK);
        unsigned char flipped = (unsigned char)(bytes[at] ^ 1u << words[2 * i + 1] % 8);
        put(&flipped, 1, at);
        expect_passed_over("a flipped bit in byte", at);
        put(&bytes[at], 1, at);
    }
    expect_whole();
}

#define WITH_LARGE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LARGE(test_truncated),
        WITH_LARGE(test_zeros_to_the_end),
        WITH_LARGE(test_blocks_of_another),
        WITH_LARGE(test_flipped_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
