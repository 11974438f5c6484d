/* A save that is killed before each of its system calls, or whose n-th system call fails: the old or the new
 * checkpoint is there, whole, and the next save works. */
#include "out/run_folder.h"

#include <errno.h>
#include <sys/mman.h>
#include "crash/tracer.h"

#define OLDER 50
#define OLD   100
#define NEW   200

static char *said; /* by the child: its message. Shared memory, since telling it must cost no system call. */

static int write_new(void)
{
    char path[GAN_TEXT_MAX];
    static example e;
    example_fill(&e, NEW);
    gan_checkpoint_path(path, folder, NEW);
    gan_status status = example_write(&e, path);
    if (status == GAN_OK)
        status = gan_checkpoint_prune(folder, 1, path);
    snprintf(said, PATH_ROOM, "%s", status == GAN_OK ? "" : gan_error_message());
    return status;
}

static void traced(trace *t, int (*work)(void))
{
    const char *why;
    if (!trace_run(t, work, &why))
        fail_msg("cannot trace: %s", why);
}

static void start_again(void **state)
{
    remove_folder(state);
    assert_int_equal(make_run_folder(state), 0);
    save(OLDER);
    save(OLD);
}

/* The step of the newest checkpoint, whose values are right. */
static int newest_step(void)
{
    int step = saved("step-00000200.safetensors") ? NEW : OLD;
    expect_newest((uint64_t)step);
    assert_int_equal(n_told, 0);
    return step;
}

/* As after a restart: the same save, undisturbed. */
static void expect_recovery(void)
{
    assert_int_equal(write_new(), GAN_OK);
    assert_int_equal(newest_step(), NEW);
    assert_false(saved("step-00000200.safetensors.tmp"));
    assert_false(saved("step-00000100.safetensors") || saved("step-00000050.safetensors"));
}

static void test_killed_before_each_call(void **state)
{
    trace all = {.fault = TRACE_NOTHING};
    start_again(state);
    traced(&all, write_new);
    assert_int_equal(all.status, GAN_OK);
    assert_int_equal(newest_step(), NEW);
    int left = OLD, old = 0, torn = 0;
    for (int n = 1; n <= all.calls; n++) {
        trace t = {.fault = TRACE_KILL, .at = n};
        start_again(state);
        traced(&t, write_new);
        assert_true(t.killed);
        torn += saved("step-00000200.safetensors.tmp");
        int step = newest_step();
        assert_true(step >= left); /* once it is there, it stays */
        left = step;
        old += step == OLD;
        expect_recovery();
    }
    print_message("killed before each of %d system calls: %d times the old checkpoint (%d with a temporary "
                  "file beside it), %d times the new one\n",
                  all.calls, old, torn, all.calls - old);
    assert_true(torn > 0 && torn < old && old < all.calls);
}

static void each_call_fails(void **state, int error)
{
    int failed = 0, old = 0;
    char order[1024] = "";
    for (int n = 1;; n++) {
        trace t = {.fault = TRACE_FAIL, .at = n, .error = error};
        start_again(state);
        traced(&t, write_new);
        assert_false(t.killed);
        int step = newest_step();
        if (!t.name) {
            assert_int_equal(t.status, GAN_OK);
            break;
        }
        failed++;
        old += step == OLD;
        snprintf(order + strlen(order), sizeof order - strlen(order), "%s ", t.name);
        if (t.status == GAN_OK) {
            /* Folders are only read: there is nothing to lose in closing them. */
            if (strcmp(t.name, "close") != 0 || step != NEW)
                fail_msg("call %d, %s, failed with %s, and nothing was said", n, t.name, strerror(error));
        } else if (!strstr(said, folder) || !strstr(said, strerror(error)) || strchr(said, '\n')) {
            fail_msg("call %d, %s, failed with %s, and it said: %s", n, t.name, strerror(error), said);
        }
        assert_false(saved("step-00000200.safetensors.tmp"));
        expect_recovery();
    }
    print_message("%d calls failed with %s: %d times the old checkpoint, %d times the new one\n", failed,
                  strerror(error), old, failed - old);
    /* What only a power cut would show: data and name are on the disk before the old checkpoint goes. */
    if (!strstr(order, "write rename fsync close openat fsync close ") ||
        strstr(order, "unlink") < strstr(order, "close openat fsync close"))
        fail_msg("the order of a save: %s", order);
}

static void test_each_call_fails(void **state)
{
    each_call_fails(state, EIO);
    each_call_fails(state, ENOSPC);
}

static void test_short_writes(void **state)
{
    int n = 0;
    for (trace t = {.name = ""}; t.name;) {
        t = (trace){.fault = TRACE_SHORT, .at = ++n};
        start_again(state);
        traced(&t, write_new);
        assert_int_equal(t.status, GAN_OK);
        assert_int_equal(newest_step(), NEW);
    }
    assert_true(n > 3);
}

/* 0: the newest, with its values; 1: an older one, and why was said; 2: an error with a message; 3: wrong. */
static int read_newest(void)
{
    char path[GAN_TEXT_MAX];
    gan_checkpoint *checkpoint;
    static example e;
    example_fill(&e, 0);
    if (gan_checkpoint_newest(&checkpoint, path, folder, remember) != GAN_OK)
        return strstr(gan_error_message(), folder) ? 2 : 3;
    if (!checkpoint)
        return 3;
    if (gan_checkpoint_read(checkpoint, e.tensors, EXAMPLE_TENSORS) != GAN_OK)
        return strstr(gan_error_message(), path) ? 2 : 3;
    gan_checkpoint_close(checkpoint);
    bool newest = strstr(path, "step-00000100") != NULL;
    return e.bias[0] != (newest ? OLD : OLDER) + 100.0f || n_told != !newest ? 3 : !newest;
}

static void test_each_read_fails(void **state)
{
    int results[3] = {0};
    start_again(state);
    for (int n = 1;; n++) {
        trace t = {.fault = TRACE_FAIL, .at = n, .error = EIO};
        traced(&t, read_newest);
        assert_false(t.killed);
        if (t.status < 0 || t.status > 2)
            fail_msg("read call %d, %s: a wrong load, or nothing was said", n, t.name ? t.name : "none");
        if (!t.name)
            break;
        results[t.status]++;
    }
    print_message("a failing read: %d times of no account, %d times an older checkpoint, %d times refused\n",
                  results[0], results[1], results[2]);
    assert_true(results[1] > 0 && results[2] > 0);
}

static int nothing(void)
{
    return 0;
}

int main(void)
{
    const char *why;
    if (!trace_run(&(trace){.fault = TRACE_NOTHING}, nothing, &why)) {
        print_message("SKIPPED: this process may not trace its children (ptrace): %s\n", why);
        return 77;
    }
    said = mmap(NULL, PATH_ROOM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (said == MAP_FAILED)
        return 1;
    const struct CMUnitTest tests[] = {
        WITH_RUN_FOLDER(test_killed_before_each_call),
        WITH_RUN_FOLDER(test_each_call_fails),
        WITH_RUN_FOLDER(test_short_writes),
        WITH_RUN_FOLDER(test_each_read_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
