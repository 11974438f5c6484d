/* Files that are not whole, or never were: each must be refused with a reason, none may be loaded. */
#include "out/fixture.h"
#include "out/example.h"

#include <fcntl.h>

static void refuse(const char *path)
{
    gan_checkpoint *checkpoint = NULL;
    assert_int_equal(gan_checkpoint_open(&checkpoint, path), GAN_FAILED);
    assert_null(checkpoint);
    assert_message(path, "damaged", NULL);
}

static void write_example(char path[PATH_ROOM])
{
    example e;
    example_fill(&e, 1.0f);
    assert_int_equal(example_write(&e, in_folder(path, "a.safetensors")), GAN_OK);
}

static void test_every_bit(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    size_t n;
    write_example(path);
    unsigned char *bytes = (unsigned char *)read_file(&n, path);
    int file = open(path, O_WRONLY);
    assert_true(file >= 0);
    for (size_t at = 0; at < n; at++) {
        for (int bit = 0; bit < 8; bit++) {
            unsigned char flipped = (unsigned char)(bytes[at] ^ (1u << bit));
            assert_int_equal(pwrite(file, &flipped, 1, (off_t)at), 1);
            gan_checkpoint *checkpoint = NULL;
            if (gan_checkpoint_open(&checkpoint, path) == GAN_OK)
                fail_msg("bit %d of byte %zu flipped, and nobody noticed", bit, at);
        }
        assert_int_equal(pwrite(file, &bytes[at], 1, (off_t)at), 1);
    }
    close(file);
    gan_checkpoint *checkpoint; /* the unharmed file is still fine, so the refusals above meant something */
    assert_int_equal(gan_checkpoint_open(&checkpoint, path), GAN_OK);
    gan_checkpoint_close(checkpoint);
    free(bytes);
}

static void test_every_truncation(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    size_t n;
    write_example(path);
    free(read_file(&n, path));
    for (size_t left = n; left-- > 0;) {
        assert_int_equal(truncate(path, (off_t)left), 0);
        refuse(path);
    }
}

static void test_appended_bytes(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    write_example(path);
    FILE *file = fopen(path, "ab");
    fputc(0, file);
    fclose(file);
    refuse(path);
}

/* Somebody cuts the file, or writes into it, between its check and its use. */
static void test_changed_while_open(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    size_t n;
    float weight[12];
    const gan_tensor_view view = {"generator.main.0.weight", GAN_F32, 4, {2, 3, 1, 2}, weight};
    gan_checkpoint *checkpoint;
    write_example(path);
    free(read_file(&n, path));
    assert_int_equal(gan_checkpoint_open(&checkpoint, path), GAN_OK);
    int file = open(path, O_WRONLY);
    assert_true(file >= 0);
    assert_int_equal(pwrite(file, "?", 1, (off_t)n - 30 * 4), 1); /* behind the integer of 64 bits */
    close(file);
    assert_int_equal(gan_checkpoint_read(checkpoint, &view, 1), GAN_FAILED);
    assert_message(path, "generator.main.0.weight has changed", NULL);
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(gan_checkpoint_read(checkpoint, &view, 1), GAN_FAILED);
    assert_message(path, "shorter", NULL);
    gan_checkpoint_close(checkpoint);
}

static void test_zeroed_blocks(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    size_t n;
    static const char zeros[64];
    write_example(path);
    char *bytes = read_file(&n, path);
    for (size_t at = 0; at < n; at += sizeof zeros) {
        size_t length = n - at < sizeof zeros ? n - at : sizeof zeros;
        char *copy = malloc(n);
        memcpy(copy, bytes, n);
        memset(copy + at, 0, length);
        write_file(path, copy, n);
        free(copy);
        refuse(path);
    }
    free(bytes);
}

/* A file made by hand: the header's length, the header, n bytes of data. */
static void craft(char path[PATH_ROOM], const char *header, size_t header_size, size_t n)
{
    char *bytes = calloc(1, 8 + header_size + n);
    uint64_t length = header_size;
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, header_size);
    write_file(in_folder(path, "crafted.safetensors"), bytes, 8 + header_size + n);
    free(bytes);
}

typedef struct crafted {
    const char *header;
    size_t data;
    const char *reason;
} crafted;

#define T(shape, offsets) "{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static const crafted bad_files[] = {
    {"", 0, "does not begin with {"},
    {" {}", 0, "does not begin with {"},
    {"[]", 0, "does not begin with {"},
    {"{", 0, "not JSON"},
    {"{}x", 0, "more than blanks"},
    {"{}{}", 0, "more than blanks"},
    {"{}", 1, "describes 0 bytes of data, the file has 1"},
    {"{\"a\":1}", 0, "is not {dtype, shape, data_offsets}"},
    {"{\"a\":[1]}", 0, "is not {dtype, shape, data_offsets}"},
    {"{\"a\":{}}", 0, "is not {dtype, shape, data_offsets}"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0],\"more\":1}}", 0, "is not {dtype"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"shape\":[0],\"data_offsets\":[0,0]}}", 0, "is not {dtype"},
    {"{\"a\":{\"dtype\":7,\"shape\":[0],\"data_offsets\":[0,0]}}", 0, "is not {dtype"},
    {"{\"a\":{\"dtype\":\"F33\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0, "unknown dtype \"F33\""},
    {"{\"a\":" T("7", "[0,0]") "}", 0, "bad shape"},
    {"{\"a\":" T("[-1]", "[0,0]") "}", 0, "bad shape"},
    {"{\"a\":" T("[0.5]", "[0,2]") "}", 2, "bad shape"},
    {"{\"a\":" T("[\"1\"]", "[0,4]") "}", 4, "bad shape"},
    {"{\"a\":" T("[1e400]", "[0,4]") "}", 4, "bad shape"},
    {"{\"a\":" T("[9007199254740993]", "[0,4]") "}", 4, "bad shape"},
    {"{\"a\":" T("[1,1,1,1,1,1,1,1,1]", "[0,4]") "}", 4, "bad shape, or more than 8"},
    {"{\"a\":" T("[1]", "[0]") "}", 4, "bad data_offsets"},
    {"{\"a\":" T("[1]", "[0,4,8]") "}", 4, "bad data_offsets"},
    {"{\"a\":" T("[1]", "[4,0]") "}", 4, "bad data_offsets"},
    {"{\"a\":" T("[1]", "[0,1e300]") "}", 4, "bad data_offsets"},
    {"{\"a\":" T("[1]", "[0,8]") "}", 8, "differ in size"},
    {"{\"a\":" T("[2]", "[0,4]") "}", 4, "differ in size"},
    /* 2^31 * 2^31 * 4 elements and 2^62 * 4 bytes are 0 modulo 2^64 */
    {"{\"a\":" T("[2147483648,2147483648,4]", "[0,0]") "}", 0, "differ in size"},
    {"{\"a\":" T("[2147483648,2147483648]", "[0,0]") "}", 0, "differ in size"},
    {"{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]}}", 1, "differ in size"},
    {"{\"a\":" T("[1]", "[0,4]") "}", 3, "describes 4 bytes of data, the file has 3"},
    {"{\"a\":" T("[1]", "[4,8]") "}", 8, "a gap before tensor a"},
    {"{\"a\":" T("[1]", "[0,4]") ",\"b\":" T("[1]", "[8,12]") "}", 12, "a gap before tensor b"},
    {"{\"a\":" T("[2]", "[0,8]") ",\"b\":" T("[2]", "[4,12]") "}", 12, "an overlap before tensor b"},
    {"{\"a\":" T("[1]", "[0,4]") ",\"b\":" T("[1]", "[0,4]") "}", 4, "an overlap before tensor b"},
    {"{\"a\":" T("[1]", "[0,4]") ",\"a\":" T("[1]", "[4,8]") "}", 8, "the name a stands there twice"},
    {"{\"a\":" T("[1]", "[0,4]") ",\"\\u0061\":" T("[1]", "[4,8]") "}", 8, "the name a stands there twice"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "twice"},
    {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, "the name k stands there twice"},
    {"{\"__metadata__\":{\"k\":1}}", 0, "metadata k is not a text"},
    {"{\"__metadata__\":[]}", 0, "not an object"},
    {"{\"__metadata__\":{\"k\":\"a\\u0000b\"}}", 0, "a zero character"},
    {"{\"__metadata__\":{\"k\":\"\xFF\"}}", 0, "is not text"},
    {"{\"__metadata__\":{\"k\":\"\xED\xA0\x80\"}}", 0, "is not text"},
    {"{\"__metadata__\":{\"k\":\"\\ud800\"}}", 0, "not JSON"},
    {"{\"__metadata__\":{\"gan_dist.data_hash\":\"0000000000000000\"}}", 0, "one of its two checksums"},
    {"{\"__metadata__\": {\"gan_dist.header_hash\":\"0000000000000000\"}}", 0, "one of its two checksums"},
    {"{\"__metadata__\":{\"gan_dist.header_hash\":\"0000000000000000\"}}", 0, "one of its two checksums"},
    {"{\"line\\nend\":1}", 0, "tensor line?end"},
};

static void test_bad_files(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    for (size_t i = 0; i < sizeof bad_files / sizeof *bad_files; i++) {
        gan_checkpoint *checkpoint = NULL;
        craft(path, bad_files[i].header, strlen(bad_files[i].header), bad_files[i].data);
        if (gan_checkpoint_open(&checkpoint, path) != GAN_FAILED)
            fail_msg("accepted: %s", bad_files[i].header);
        assert_message(path, bad_files[i].reason, NULL);
    }
}

static void test_zero_byte_in_header(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    static const char header[] = "{\"__metadata__\":{\"a\0b\":\"\"}}";
    craft(path, header, sizeof header - 1, 0);
    refuse(path);
    assert_message("is not text", NULL);
}

static void test_deep_nesting(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    size_t n = 1000000;
    char *header = malloc(n);
    memcpy(header, "{\"a\":", 5);
    memset(header + 5, '[', n - 5);
    craft(path, header, n, 0);
    refuse(path);
    free(header);
}

static void test_header_lengths(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    const uint64_t lengths[] = {3, 100, 100000001, UINT64_C(1) << 32, UINT64_MAX - 7, UINT64_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char bytes[10] = "--------{}";
        memcpy(bytes, &lengths[i], 8);
        write_file(in_folder(path, "a"), bytes, sizeof bytes);
        refuse(path);
        assert_message("does not fit", NULL);
    }
}

/* Files of others that must be accepted: tensors named in any order, other types, blanks, no metadata. */
static void test_foreign_files(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    static const char header[] = "{\"b\":" T("[ 1 ]", "[4,8]") ",\n \"a\": " T(
        "[]", "[0,4]") ",\"half\":{\"shape\":[1,1,1,1,1,1,1,3],\"data_offsets\":[8,14],\"dtype\":\"BF16\"},"
                       "\"none\":" T("[0,7]", "[8,8]") ",\"nibbles\":{\"dtype\":\"F4\",\"shape\":[6],"
                                                       "\"data_offsets\":[14,17]}}     ";
    const char *names[] = {"a", "b", "none", "half", "nibbles"};
    gan_checkpoint *checkpoint;
    craft(path, header, sizeof header - 1, 17);
    assert_int_equal(gan_checkpoint_open(&checkpoint, path), GAN_OK);
    assert_false(gan_checkpoint_checked(checkpoint));
    assert_int_equal(gan_checkpoint_count(checkpoint), 5);
    for (size_t i = 0; i < 5; i++) {
        gan_tensor_view tensor;
        assert_int_equal(gan_checkpoint_tensor(&tensor, checkpoint, i), GAN_OK);
        assert_string_equal(tensor.name, names[i]);
        assert_int_equal(tensor.dtype, i < 3 ? GAN_F32 : GAN_OTHER_DTYPE);
    }
    assert_string_equal(gan_checkpoint_dtype(checkpoint, 3), "BF16");
    float half[3];
    gan_tensor_view view = {"half", GAN_OTHER_DTYPE, 8, {1, 1, 1, 1, 1, 1, 1, 3}, half};
    assert_int_equal(gan_checkpoint_read(checkpoint, &view, 1), GAN_BAD_INPUT);
    gan_checkpoint_close(checkpoint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_every_bit),      WITH_FOLDER(test_every_truncation),
        WITH_FOLDER(test_appended_bytes), WITH_FOLDER(test_zeroed_blocks),
        WITH_FOLDER(test_bad_files),      WITH_FOLDER(test_zero_byte_in_header),
        WITH_FOLDER(test_deep_nesting),   WITH_FOLDER(test_header_lengths),
        WITH_FOLDER(test_foreign_files),  WITH_FOLDER(test_changed_while_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
