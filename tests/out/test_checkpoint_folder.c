/* A run's folder of checkpoints: the newest whole one, pruning, and a writer killed at any moment. */
#include "out/run_folder.h"

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include "gan_dist/base.h"
#include "gan_dist/rng.h"

static void spoil(uint64_t step)
{
    char path[GAN_TEXT_MAX];
    gan_checkpoint_path(path, folder, step);
    assert_int_equal(truncate(path, 1000), 0);
}

static void test_path(void **state)
{
    (void)state;
    char path[GAN_TEXT_MAX];
    gan_checkpoint_path(path, "runs/a", 500);
    assert_string_equal(path, "runs/a/checkpoints/step-00000500.safetensors");
    gan_checkpoint_path(path, "runs/a", 1234567890123);
    assert_string_equal(path, "runs/a/checkpoints/step-1234567890123.safetensors");
}

static void test_newest_by_number(void **state)
{
    (void)state;
    save(99999999);
    save(500);
    save(100000000); /* nine digits: before 99999999 in the alphabet */
    expect_newest(100000000);
    assert_int_equal(n_told, 0);
}

static void test_other_names_ignored(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    const char *names[] = {"step-600.safetensors",       "step-00000600.safetensors.tmp",
                           "step-00000600.safetensors~", "step--0000600.safetensors",
                           "step-000000600.safetensors", "step-99999999999999999999.safetensors",
                           "latest.safetensors",         "step-0000060x.safetensors"};
    save(500);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[PATH_ROOM];
        snprintf(name, sizeof name, "checkpoints/%s", names[i]);
        write_file(in_folder(path, name), "rubbish", 7);
    }
    expect_newest(500);
    assert_int_equal(n_told, 0);
}

static void test_broken_ones_passed_over(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    static const char unchecked[] = "\2\0\0\0\0\0\0\0{}";
    save(100);
    save(200);
    save(300);
    spoil(200);
    spoil(300);
    assert_int_equal(mkdir(in_folder(path, "checkpoints/step-00000400.safetensors"), 0777), 0);
    write_file(in_folder(path, "checkpoints/step-00000500.safetensors"), unchecked, sizeof unchecked - 1);
    expect_newest(100);
    assert_int_equal(n_told, 4);
    assert_non_null(strstr(told[0], "step-00000500.safetensors: without checksums"));
    assert_non_null(strstr(told[1], "step-00000400.safetensors: not a file"));
    assert_non_null(strstr(told[2], "step-00000300.safetensors: damaged"));
    assert_non_null(strstr(told[3], "step-00000200.safetensors: damaged"));
}

static void test_none_whole(void **state)
{
    (void)state;
    char path[GAN_TEXT_MAX];
    gan_checkpoint *checkpoint;
    save(100);
    save(200);
    spoil(100);
    spoil(200);
    assert_int_equal(gan_checkpoint_newest(&checkpoint, path, folder, NULL), GAN_FAILED);
    assert_null(checkpoint);
    assert_message(folder, "none of the 2 checkpoints is whole", "step-00000200.safetensors", NULL);
}

static void test_none_at_all(void **state)
{
    (void)state;
    char path[GAN_TEXT_MAX], sub[PATH_ROOM];
    gan_checkpoint *checkpoint;
    assert_int_equal(gan_checkpoint_newest(&checkpoint, path, folder, NULL), GAN_OK);
    assert_null(checkpoint);
    assert_int_equal(rmdir(in_folder(sub, "checkpoints")), 0);
    assert_int_equal(gan_checkpoint_newest(&checkpoint, path, folder, NULL), GAN_OK);
    assert_null(checkpoint);
    write_file(sub, "", 0);
    assert_int_equal(gan_checkpoint_newest(&checkpoint, path, folder, NULL), GAN_FAILED);
    assert_message(sub, NULL);
}

static void test_prune(void **state)
{
    (void)state;
    char path[PATH_ROOM], current[GAN_TEXT_MAX];
    for (uint64_t step = 100; step <= 600; step += 100)
        save(step);
    write_file(in_folder(path, "checkpoints/step-00000700.safetensors.tmp"), "half", 4);
    write_file(in_folder(path, "checkpoints/mine.safetensors"), "mine", 4);
    write_file(in_folder(path, "checkpoints/mine.tmp"), "mine", 4);
    gan_checkpoint_path(current, folder, 200);
    assert_int_equal(gan_checkpoint_prune(folder, 2, current), GAN_OK);
    assert_true(saved("step-00000600.safetensors") && saved("step-00000500.safetensors"));
    assert_true(saved("step-00000200.safetensors"));
    assert_false(saved("step-00000400.safetensors"));
    assert_false(saved("step-00000300.safetensors"));
    assert_false(saved("step-00000100.safetensors"));
    assert_false(saved("step-00000700.safetensors.tmp"));
    assert_true(saved("mine.safetensors") && saved("mine.tmp"));
    assert_int_equal(gan_checkpoint_prune(folder, 1, NULL), GAN_OK);
    assert_true(saved("step-00000600.safetensors"));
    assert_false(saved("step-00000500.safetensors") || saved("step-00000200.safetensors"));
    assert_int_equal(gan_checkpoint_prune(folder, 0, current), GAN_BAD_INPUT);
    assert_true(saved("step-00000600.safetensors"));
}

static void test_prune_failure(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    save(200);
    assert_int_equal(mkdir(in_folder(path, "checkpoints/step-00000100.safetensors"), 0777), 0);
    assert_int_equal(gan_checkpoint_prune(folder, 1, NULL), GAN_FAILED);
    assert_message("step-00000100.safetensors: cannot remove", NULL);
}

#define KILLS       60
#define KILL_FLOATS 100000

/* Saves one value in all places, then the next, for ever. */
static void save_for_ever(const char *path, float *values)
{
    for (uint32_t round = 0;; round++) {
        for (size_t i = 0; i < KILL_FLOATS; i++)
            values[i] = (float)round;
        const gan_tensor_view tensor = {"values", GAN_F32, 1, {KILL_FLOATS}, values};
        if (gan_checkpoint_write(path, &tensor, 1, NULL, 0) != GAN_OK)
            _exit(1);
    }
}

/* Any moment, or one in a save; on a busy machine the child may not have begun before any moment is over. */
static void wait_for_moment(int k, uint32_t random)
{
    const double hangs = gan_clock() + 600;
    if (k % 2 == 0) {
        usleep(random % 20000);
        return;
    }
    while (!saved("step-00000001.safetensors.tmp")) {
        assert_true(gan_clock() < hangs);
        usleep(50);
    }
}

static void test_killed_while_saving(void **state)
{
    (void)state;
    static float values[KILL_FLOATS];
    char path[GAN_TEXT_MAX], found[GAN_TEXT_MAX];
    int half_done = 0;
    uint32_t waits[KILLS];
    gan_rng_words(waits, KILLS, (gan_rng){.seed = 1, .stream = GAN_STREAM_ORDER});
    gan_checkpoint_path(path, folder, 1);
    const gan_tensor_view tensor = {"values", GAN_F32, 1, {KILL_FLOATS}, values};
    assert_int_equal(gan_checkpoint_write(path, &tensor, 1, NULL, 0), GAN_OK);
    for (int k = 0; k < KILLS; k++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            save_for_ever(path, values);
        wait_for_moment(k, waits[k]);
        assert_int_equal(kill(child, SIGKILL), 0);
        int end;
        assert_int_equal(waitpid(child, &end, 0), child);
        assert_true(WIFSIGNALED(end));
        half_done += saved("step-00000001.safetensors.tmp");
        gan_checkpoint *checkpoint;
        assert_int_equal(gan_checkpoint_newest(&checkpoint, found, folder, remember), GAN_OK);
        assert_non_null(checkpoint);
        assert_int_equal(gan_checkpoint_read(checkpoint, &tensor, 1), GAN_OK);
        gan_checkpoint_close(checkpoint);
        for (size_t i = 1; i < KILL_FLOATS; i++)
            if (values[i] != values[0])
                fail_msg("kill %d: a mixture of two saves", k);
        assert_int_equal(gan_checkpoint_prune(folder, 1, path), GAN_OK);
        assert_false(saved("step-00000001.safetensors.tmp"));
    }
    assert_int_equal(n_told, 0);
    print_message("%d of %d kills fell inside a save\n", half_done, KILLS);
    assert_true(half_done > 0); /* else this test has shown nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path),
        WITH_RUN_FOLDER(test_newest_by_number),
        WITH_RUN_FOLDER(test_other_names_ignored),
        WITH_RUN_FOLDER(test_broken_ones_passed_over),
        WITH_RUN_FOLDER(test_none_whole),
        WITH_RUN_FOLDER(test_none_at_all),
        WITH_RUN_FOLDER(test_prune),
        WITH_RUN_FOLDER(test_prune_failure),
        WITH_RUN_FOLDER(test_killed_while_saving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
