/* Checkpoints that are whole: written, found again, and refused where they do not fit. */
#include "out/fixture.h"
#include "out/example.h"

static example written;

static void test_round_trip(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    example_fill(&written, 1.0f);
    assert_int_equal(example_write(&written, in_folder(path, "a.safetensors")), GAN_OK);
    gan_checkpoint *checkpoint;
    assert_int_equal(gan_checkpoint_open(&checkpoint, path), GAN_OK);
    assert_true(gan_checkpoint_checked(checkpoint));
    assert_int_equal(gan_checkpoint_count(checkpoint), EXAMPLE_TENSORS);
    static const int order[EXAMPLE_TENSORS] = {2, 0, 1, 3, 4, 5}; /* in the data: 64 bits first */
    for (size_t i = 0; i < EXAMPLE_TENSORS; i++) {
        const gan_tensor_view *in = &written.tensors[order[i]];
        gan_tensor_view out;
        assert_int_equal(gan_checkpoint_tensor(&out, checkpoint, i), GAN_OK);
        assert_string_equal(out.name, in->name);
        assert_int_equal(out.dtype, in->dtype);
        assert_string_equal(gan_checkpoint_dtype(checkpoint, i), in->dtype == GAN_F32 ? "F32" : "I64");
        assert_int_equal(out.rank, in->rank);
        assert_memory_equal(out.dims, in->dims, (size_t)in->rank * sizeof *in->dims);
    }
    gan_tensor_view beyond;
    assert_int_equal(gan_checkpoint_tensor(&beyond, checkpoint, EXAMPLE_TENSORS), GAN_FAILED);
    assert_null(gan_checkpoint_dtype(checkpoint, EXAMPLE_TENSORS));
    for (size_t i = 0; i < EXAMPLE_METADATA; i++)
        assert_string_equal(gan_checkpoint_metadata(checkpoint, written.metadata[i].key),
                            written.metadata[i].value);
    assert_null(gan_checkpoint_metadata(checkpoint, "nothing"));
    static example found;
    example_fill(&found, -7.0f);
    found.batches = 0;
    assert_int_equal(gan_checkpoint_read(checkpoint, found.tensors, EXAMPLE_TENSORS), GAN_OK);
    assert_memory_equal(found.weight, written.weight, sizeof found.weight);
    assert_memory_equal(found.bias, written.bias, sizeof found.bias);
    assert_memory_equal(found.running, written.running, sizeof found.running);
    assert_memory_equal(found.moment, written.moment, sizeof found.moment);
    assert_int_equal(found.batches, written.batches);
    gan_checkpoint_close(checkpoint);
}

static void test_layout(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    size_t n;
    uint64_t length;
    example_fill(&written, 1.0f);
    assert_int_equal(example_write(&written, in_folder(path, "a.safetensors")), GAN_OK);
    char *bytes = read_file(&n, path);
    memcpy(&length, bytes, sizeof length);
    assert_int_equal((8 + length) % 64, 0);
    assert_int_equal(n, 8 + length + (12 + 3 + 3 + 12) * 4 + 8);
    assert_int_equal(bytes[8], '{');
    /* A reader may use each tensor where it lies in a mapped file. */
    assert_memory_equal(bytes + 8 + length, &written.batches, sizeof written.batches);
    assert_memory_equal(bytes + 8 + length + 8, written.weight, sizeof written.weight);
    free(bytes);
}

static void test_same_arguments_same_bytes(void **state)
{
    (void)state;
    char a[PATH_ROOM], b[PATH_ROOM];
    size_t n_a, n_b;
    example_fill(&written, 1.0f);
    assert_int_equal(example_write(&written, in_folder(a, "a.safetensors")), GAN_OK);
    sleep(1); /* into another second: no clock may show */
    example *elsewhere = malloc(sizeof *elsewhere);
    assert_non_null(elsewhere);
    example_fill(elsewhere, 1.0f);
    assert_int_equal(example_write(elsewhere, in_folder(b, "another-name.safetensors")), GAN_OK);
    char *bytes_a = read_file(&n_a, a), *bytes_b = read_file(&n_b, b);
    assert_int_equal(n_a, n_b);
    assert_memory_equal(bytes_a, bytes_b, n_a);
    free(bytes_a);
    free(bytes_b);
    free(elsewhere);
}

static void test_no_tensors_no_metadata(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    gan_checkpoint *checkpoint;
    assert_int_equal(gan_checkpoint_write(in_folder(path, "a.safetensors"), NULL, 0, NULL, 0), GAN_OK);
    assert_int_equal(gan_checkpoint_open(&checkpoint, path), GAN_OK);
    assert_true(gan_checkpoint_checked(checkpoint));
    assert_int_equal(gan_checkpoint_count(checkpoint), 0);
    gan_checkpoint_close(checkpoint);
}

static void refuse_write(const gan_tensor_view *tensors, size_t n, const gan_metadata *metadata, size_t m,
                         const char *reason)
{
    char path[PATH_ROOM];
    assert_int_equal(gan_checkpoint_write(in_folder(path, "a.safetensors"), tensors, n, metadata, m),
                     GAN_BAD_INPUT);
    assert_message(path, reason, NULL);
    assert_int_equal(access(path, F_OK), -1);
}

static void test_write_refuses(void **state)
{
    (void)state;
    float x[4] = {0};
    const int64_t big = INT64_C(1) << 40;
    gan_tensor_view twice[] = {
        {"a", GAN_F32, 1, {2}, x}, {"b", GAN_F32, 1, {2}, x}, {"a", GAN_F32, 1, {4}, x}};
    refuse_write(twice, 3, NULL, 0, "the name a is used twice");
    refuse_write(&(gan_tensor_view){"__metadata__", GAN_F32, 1, {2}, x}, 1, NULL, 0, "cannot be called");
    refuse_write(&(gan_tensor_view){"", GAN_F32, 1, {2}, x}, 1, NULL, 0, "cannot be called");
    refuse_write(&(gan_tensor_view){"\xFF", GAN_F32, 1, {2}, x}, 1, NULL, 0, "not UTF-8");
    refuse_write(&(gan_tensor_view){"a", GAN_OTHER_DTYPE, 1, {2}, x}, 1, NULL, 0, "tensor a");
    refuse_write(&(gan_tensor_view){"a", GAN_F32, 1, {-1}, x}, 1, NULL, 0, "tensor a");
    refuse_write(&(gan_tensor_view){"a", GAN_F32, 9, {1}, x}, 1, NULL, 0, "tensor a");
    refuse_write(&(gan_tensor_view){"a", GAN_F32, 1, {1}, NULL}, 1, NULL, 0, "tensor a");
    refuse_write(&(gan_tensor_view){"a", GAN_F32, 2, {big, big}, x}, 1, NULL, 0, "tensor a");
    refuse_write(NULL, 0, (gan_metadata[]){{"k", "1"}, {"k", "2"}}, 2, "the name k is used twice");
    refuse_write(NULL, 0, &(gan_metadata){"gan_dist.data_hash", "1"}, 1, "is used twice");
    refuse_write(NULL, 0, &(gan_metadata){"k", "a\xC0\x80"}, 1, "not UTF-8");
    refuse_write(NULL, 0, &(gan_metadata){"k", NULL}, 1, "without text");
}

static void test_write_failure_keeps_old(void **state)
{
    (void)state;
    char path[PATH_ROOM], temporary[PATH_ROOM + 8];
    example_fill(&written, 1.0f);
    assert_int_equal(example_write(&written, in_folder(path, "a.safetensors")), GAN_OK);
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    assert_int_equal(mkdir(temporary, 0777), 0); /* in the way of the temporary file, for root too */
    example_fill(&written, 2.0f);
    assert_int_equal(example_write(&written, path), GAN_FAILED);
    assert_message(path, NULL);
    gan_checkpoint *checkpoint;
    assert_int_equal(gan_checkpoint_open(&checkpoint, path), GAN_OK);
    float bias[3];
    gan_tensor_view view = {"generator.main.1.bias", GAN_F32, 1, {3}, bias};
    assert_int_equal(gan_checkpoint_read(checkpoint, &view, 1), GAN_OK);
    assert_true(bias[0] == 101.0f);
    gan_checkpoint_close(checkpoint);
}

static void test_another_network(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    gan_checkpoint *checkpoint;
    example_fill(&written, 1.0f);
    assert_int_equal(example_write(&written, in_folder(path, "a.safetensors")), GAN_OK);
    assert_int_equal(gan_checkpoint_open(&checkpoint, path), GAN_OK);
    float bias[3] = {-1, -1, -1}, other[4] = {0};
    const gan_tensor_view good = {"generator.main.1.bias", GAN_F32, 1, {3}, bias};
    const gan_tensor_view bad[] = {{"generator.main.9.bias", GAN_F32, 1, {3}, other},
                                   {"generator.main.1.running_mean", GAN_F32, 1, {4}, other},
                                   {"generator.main.1.running_mean", GAN_F32, 2, {3, 1}, other},
                                   {"generator.main.1.num_batches_tracked", GAN_F32, 0, {0}, other}};
    const char *reasons[] = {"no tensor generator.main.9.bias", "F32 [3] there, F32 [4] here",
                             "F32 [3] there, F32 [3, 1] here", "I64 [] there, F32 [] here"};
    for (size_t i = 0; i < 4; i++) {
        const gan_tensor_view views[] = {good, bad[i]};
        assert_int_equal(gan_checkpoint_read(checkpoint, views, 2), GAN_BAD_INPUT);
        assert_message(path, "a checkpoint of another network", reasons[i], NULL);
        assert_true(bias[0] == -1.0f); /* nothing was filled */
    }
    gan_checkpoint_close(checkpoint);
}

static void test_not_there(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    gan_checkpoint *checkpoint = NULL;
    assert_int_equal(gan_checkpoint_open(&checkpoint, in_folder(path, "none")), GAN_BAD_INPUT);
    assert_message(path, "No such file", NULL);
    assert_int_equal(gan_checkpoint_open(&checkpoint, folder), GAN_BAD_INPUT);
    assert_message(folder, "not a file", NULL);
    assert_int_equal(mkfifo(in_folder(path, "pipe"), 0666), 0);
    assert_int_equal(gan_checkpoint_open(&checkpoint, path), GAN_BAD_INPUT);
    assert_null(checkpoint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_round_trip),
        WITH_FOLDER(test_layout),
        WITH_FOLDER(test_same_arguments_same_bytes),
        WITH_FOLDER(test_no_tensors_no_metadata),
        WITH_FOLDER(test_write_refuses),
        WITH_FOLDER(test_write_failure_keeps_old),
        WITH_FOLDER(test_another_network),
        WITH_FOLDER(test_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
