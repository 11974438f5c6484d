/* The run folder: made, locked by one run at a time, refused where nothing can be written. */
#include "out/run_folder.h"

#include <signal.h>
#include <sys/wait.h>

static void test_makes_folders(void **state)
{
    (void)state;
    char path[PATH_ROOM], sub[PATH_ROOM];
    gan_run *run;
    assert_int_equal(gan_run_open(&run, in_folder(path, "runs/deep")), GAN_OK);
    assert_int_equal(access(in_folder(sub, "runs/deep/samples"), W_OK), 0);
    assert_int_equal(access(in_folder(sub, "runs/deep/checkpoints"), W_OK), 0);
    gan_run_close(run);
    assert_int_equal(gan_run_open(&run, path), GAN_OK); /* again, in the same folder */
    gan_run_close(run);
    gan_run_close(NULL);
}

/* A child that holds the lock until it is killed; returns when it has it. */
static pid_t start_holder(void)
{
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        gan_run *run;
        if (gan_run_open(&run, folder) != GAN_OK || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    char x;
    close(ready[1]);
    assert_int_equal(read(ready[0], &x, 1), 1);
    close(ready[0]);
    return child;
}

static void test_lock(void **state)
{
    (void)state;
    char host[128] = "", holder[64];
    gan_run *run = NULL;
    pid_t child = start_holder();
    gethostname(host, sizeof host - 1);
    snprintf(holder, sizeof holder, "pid %ld)", (long)child);
    assert_int_equal(gan_run_open(&run, folder), GAN_BAD_INPUT);
    assert_null(run);
    assert_message(folder, "in use by another run", host, holder, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(gan_run_open(&run, folder), GAN_OK); /* a killed run leaves no lock behind */
    gan_run_close(run);
}

static void test_clears_half_saves(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    gan_run *run;
    save(100);
    write_file(in_folder(path, "checkpoints/step-00000200.safetensors.tmp"), "half", 4);
    write_file(in_folder(path, "checkpoints/mine.tmp"), "mine", 4);
    assert_int_equal(gan_run_open(&run, folder), GAN_OK);
    assert_false(saved("step-00000200.safetensors.tmp"));
    assert_true(saved("step-00000100.safetensors") && saved("mine.tmp"));
    gan_run_close(run);
}

static void test_file_in_the_way(void **state)
{
    (void)state;
    char path[PATH_ROOM], below[PATH_ROOM];
    gan_run *run = NULL;
    write_file(in_folder(path, "file"), "x", 1);
    assert_int_equal(gan_run_open(&run, path), GAN_BAD_INPUT);
    assert_message(path, "in the way", NULL);
    assert_int_equal(gan_run_open(&run, in_folder(below, "file/run")), GAN_BAD_INPUT);
    assert_message(path, NULL);
    write_file(in_folder(below, "samples"), "x", 1);
    assert_int_equal(gan_run_open(&run, folder), GAN_BAD_INPUT);
    assert_message(below, "in the way", NULL);
    assert_null(run);
}

/* Root may write anywhere, so the attempt is made by a child that is nobody. */
static int open_as_nobody(const char *path, const char *reason)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        gan_run *run;
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(3);
        gan_status status = gan_run_open(&run, path);
        bool said = strstr(gan_error_message(), path) && strstr(gan_error_message(), reason);
        _exit(status == GAN_BAD_INPUT && said ? 0 : 1);
    }
    int end;
    assert_int_equal(waitpid(child, &end, 0), child);
    return end;
}

static void test_not_writable(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(mkdir(in_folder(path, "closed"), 0555), 0);
    assert_int_equal(open_as_nobody(path, "Permission denied"), 0);
    assert_int_equal(open_as_nobody(in_folder(path, "closed/run"), "Permission denied"), 0);
    /* An old run's folder, with only the place of the checkpoints closed. */
    gan_run *run;
    char below[PATH_ROOM];
    assert_int_equal(gan_run_open(&run, in_folder(path, "old")), GAN_OK);
    gan_run_close(run);
    assert_int_equal(chmod(path, 0777) || chmod(in_folder(below, "old/lock"), 0666) ||
                         chmod(in_folder(below, "old/samples"), 0777) ||
                         chmod(in_folder(below, "old/checkpoints"), 0555),
                     0);
    assert_int_equal(open_as_nobody(path, "old/checkpoints: cannot write in the folder: Permission denied"),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_makes_folders),         WITH_FOLDER(test_lock),
        WITH_RUN_FOLDER(test_clears_half_saves), WITH_FOLDER(test_file_in_the_way),
        WITH_FOLDER(test_not_writable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
