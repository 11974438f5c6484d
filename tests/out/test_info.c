/* `gan_dist info`: what it prints for our own and for foreign files. */
#include "out/fixture.h"
#include "out/example.h"

#include <fcntl.h>
#include "commands/commands.h"

/* Runs the command with standard output in a file; returns what it printed, freed by the caller. */
static char *run_info(gan_status *status, int argc, char **argv)
{
    char path[PATH_ROOM];
    size_t n;
    fflush(stdout);
    int screen = dup(STDOUT_FILENO);
    int file = open(in_folder(path, "printed"), O_RDWR | O_CREAT | O_TRUNC, 0666);
    assert_true(screen >= 0 && file >= 0);
    dup2(file, STDOUT_FILENO);
    *status = gan_command_info(argc, argv);
    fflush(stdout);
    dup2(screen, STDOUT_FILENO);
    close(screen);
    close(file);
    return read_file(&n, path);
}

static void assert_printed(const char *printed, const char *part)
{
    if (!strstr(printed, part))
        fail_msg("\"%s\" is not in:\n%s", part, printed);
}

static void test_checkpoint(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    char *argv[] = {path, NULL};
    gan_status status;
    example e;
    example_fill(&e, 1.0f);
    assert_int_equal(example_write(&e, in_folder(path, "a.safetensors")), GAN_OK);
    char *printed = run_info(&status, 1, argv);
    assert_int_equal(status, GAN_OK);
    assert_printed(printed, path);
    assert_printed(printed, "bytes, 6 tensors");
    assert_printed(printed, "checked        yes");
    assert_printed(printed, "step           500\n");
    assert_printed(printed, "preset         quickstart\n");
    assert_printed(printed,
                   "generator.main.0.weight               F32      2x3x1x2                     12\n");
    assert_printed(printed,
                   "generator.main.1.num_batches_tracked  I64      scalar                       1\n");
    assert_printed(printed, "generator      trainable 15 in 2 tensors  running statistics 4 in 2 tensors\n");
    assert_printed(printed, "discriminator  trainable 0 in 1 tensors\n");
    assert_printed(printed, "all            trainable 15 in 3 tensors  running statistics 4 in 2 tensors  "
                            "optimiser 12 in 1 tensors\n");
    assert_printed(printed, "gan_dist.step = 500\n");
    assert_printed(printed, "gan_dist.header_hash = ");
    assert_null(strstr(printed, "= 0000000000000000")); /* the digits as they stand in the file */
    assert_printed(printed, "gan_dist.config: text of ");
    assert_null(strstr(printed, "\noptimizer.")); /* only in the totals */
    free(printed);
}

static void test_foreign_file(void **state)
{
    (void)state;
    static const char header[] =
        "{\"x\\u001b[2J\":{\"dtype\":\"BF16\",\"shape\":[1,2],\"data_offsets\":[0,4]}}   ";
    char bytes[8 + sizeof header - 1 + 4] = {sizeof header - 1};
    memcpy(bytes + 8, header, sizeof header - 1);
    char path[PATH_ROOM];
    char *argv[] = {path, NULL};
    gan_status status;
    write_file(in_folder(path, "a.safetensors"), bytes, sizeof bytes);
    char *printed = run_info(&status, 1, argv);
    if (status != GAN_OK)
        fail_msg("%s", gan_error_message());
    assert_printed(printed, "checked        no");
    assert_printed(printed, "step           not said\n");
    assert_printed(printed, "x?[2J"); /* nothing that acts on a terminal */
    assert_printed(printed, "BF16     1x2");
    free(printed);
}

static void test_refuses(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    char *argv[] = {path, path, NULL};
    gan_status status;
    free(run_info(&status, 0, argv));
    assert_int_equal(status, GAN_BAD_INPUT);
    free(run_info(&status, 2, argv));
    assert_int_equal(status, GAN_BAD_INPUT);
    assert_message("gan_dist info FILE", NULL);
    in_folder(path, "none");
    free(run_info(&status, 1, argv));
    assert_int_equal(status, GAN_BAD_INPUT);
    assert_message(path, NULL);
    write_file(path, "too short", 4);
    free(run_info(&status, 1, argv));
    assert_int_equal(status, GAN_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_checkpoint),
        WITH_FOLDER(test_foreign_file),
        WITH_FOLDER(test_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
