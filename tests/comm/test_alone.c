/* One process: comm_self behaves as the ranks do, and a launch that would
 * make every copy rank 0 is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "gan_dist/comm.h"

static void self_is_rank_0_of_1(void **state)
{
    (void)state;
    gan_comm *comm;
    assert_int_equal(gan_comm_open_self(&comm), GAN_OK);
    assert_int_equal(gan_comm_rank(comm), 0);
    assert_int_equal(gan_comm_size(comm), 1);
    assert_int_equal(gan_comm_local_rank(comm), 0);
    assert_int_equal(gan_comm_local_size(comm), 1);
    assert_int_equal(gan_comm_hosts(comm), 1);
    assert_int_equal(gan_comm_host(comm), 0);
    gan_comm_close(comm, true, 1); /* there is nobody to abort */
}

static void self_sums_are_what_they_were(void **state)
{
    (void)state;
    gan_comm *comm;
    float a[3] = {1, 2, 3}, b[2] = {4, 5};
    double c[2] = {6, 7};
    gan_exchange *first, *second, *rest[GAN_EXCHANGES];
    assert_int_equal(gan_comm_open_self(&comm), GAN_OK);
    assert_int_equal(gan_comm_sum_start(comm, &first, a, 3), GAN_OK);
    assert_int_equal(gan_comm_sum_start(comm, &second, b, 2), GAN_OK);
    for (int i = 2; i < GAN_EXCHANGES; i++)
        assert_int_equal(gan_comm_sum_start(comm, &rest[i], b, 2), GAN_OK);
    assert_int_equal(gan_comm_sum_start(comm, &rest[0], b, 2), GAN_FAILED);
    assert_int_equal(gan_comm_sum_wait(comm, first), GAN_OK);
    assert_int_equal(gan_comm_sum_start(comm, &rest[0], a, 3), GAN_OK);
    assert_int_equal(gan_comm_sum_wait(comm, second), GAN_OK);
    assert_int_equal(gan_comm_sum_wait(comm, rest[0]), GAN_OK);
    assert_int_equal(gan_comm_sum_double(comm, c, 2), GAN_OK);
    assert_true(a[0] == 1 && a[1] == 2 && a[2] == 3 && b[0] == 4 && b[1] == 5 && c[0] == 6 && c[1] == 7);
    gan_comm_close(comm, false, 0);
}

static void self_agrees_with_itself(void **state)
{
    (void)state;
    gan_comm *comm;
    char text[4];
    assert_int_equal(gan_comm_open_self(&comm), GAN_OK);
    assert_int_equal(gan_comm_agree(comm, GAN_OK), GAN_OK);
    assert_int_equal(gan_comm_agree(comm, gan_error(GAN_BAD_INPUT, "no data in x")), GAN_BAD_INPUT);
    assert_string_equal(gan_error_message(), "no data in x");
    assert_int_equal(gan_comm_check_same(comm, 7, "seven"), GAN_OK);
    assert_int_equal(gan_comm_gather_text(comm, text, "abcdef", sizeof text), GAN_OK);
    assert_string_equal(text, "abc");
    assert_int_equal(gan_comm_broadcast(comm, text, sizeof text, 0), GAN_OK);
    assert_int_equal(gan_comm_broadcast(comm, text, sizeof text, 1), GAN_FAILED);
    assert_int_equal(gan_comm_barrier(comm), GAN_OK);
    gan_comm_close(comm, false, 0);
}

static void self_shares_memory(void **state)
{
    (void)state;
    gan_comm *comm;
    unsigned char *memory;
    assert_int_equal(gan_comm_open_self(&comm), GAN_OK);
    assert_int_equal(gan_comm_shared_alloc(comm, (void **)&memory, 100), GAN_OK);
    assert_int_equal((uintptr_t)memory % 64, 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(memory[i], 0);
    assert_int_equal(gan_comm_shared_sync(comm), GAN_OK);
    gan_comm_shared_free(comm, memory);
    assert_int_equal(gan_comm_shared_alloc(comm, (void **)&memory, (size_t)1 << 50), GAN_FAILED);
    assert_non_null(strstr(gan_error_message(), "1073741824.0 MiB"));
    gan_comm_close(comm, false, 0);
}

/* Each of the first three says how many copies there are. */
static const char *const launcher_words[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE",      "SLURM_STEP_NUM_TASKS",
                                             "SLURM_NTASKS",         "SLURM_STEP_ID", "SLURM_STEPID"};

/* MPI can be started once in a process: a child opens it with NAME=VALUE pairs in its environment, and must
 * get `expected` with a message that names `mentions`. */
static void open_with(const char *const *settings, gan_status expected, const char *mentions)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        gan_comm *comm = NULL;
        for (size_t i = 0; i < sizeof launcher_words / sizeof *launcher_words; i++)
            unsetenv(launcher_words[i]);
        for (; settings[0]; settings += 2)
            setenv(settings[0], settings[1], 1);
        gan_status status = gan_comm_open_mpi(&comm, NULL, NULL);
        int right = status == expected && (comm != NULL) == (expected == GAN_OK) &&
                    (expected == GAN_OK || strstr(gan_error_message(), mentions) != NULL);
        gan_comm_close(comm, false, 0);
        _exit(right ? 0 : 1);
    }
    int result = -1;
    assert_true(waitpid(child, &result, 0) == child);
    assert_true(WIFEXITED(result) && WEXITSTATUS(result) == 0);
}

static void opens_without_a_launcher(void **state)
{
    (void)state;
    open_with((const char *const[]){NULL}, GAN_OK, "");
    open_with((const char *const[]){"SLURM_NTASKS", "1", NULL}, GAN_OK, "");
    /* The shell of salloc, a batch script. */
    open_with((const char *const[]){"SLURM_NTASKS", "8", "SLURM_PROCID", "0", NULL}, GAN_OK, "");
}

static void refuses_copies_that_do_not_know_each_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        open_with((const char *const[]){launcher_words[i], "4", NULL}, GAN_BAD_INPUT, launcher_words[i]);
    open_with((const char *const[]){"SLURM_NTASKS", "2", "SLURM_PROCID", "1", "SLURM_STEP_ID", "0", NULL},
              GAN_BAD_INPUT, "srun --mpi=pmix");
}

static void takes_one_task_of_a_larger_job(void **state)
{
    (void)state;
    open_with((const char *const[]){"SLURM_NTASKS", "8", "SLURM_STEP_NUM_TASKS", "1", NULL}, GAN_OK, "");
    open_with((const char *const[]){"SLURM_NTASKS", "8", "OMPI_COMM_WORLD_SIZE", "1", NULL}, GAN_OK, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(self_is_rank_0_of_1),
        cmocka_unit_test(self_sums_are_what_they_were),
        cmocka_unit_test(self_agrees_with_itself),
        cmocka_unit_test(self_shares_memory),
        cmocka_unit_test(opens_without_a_launcher),
        cmocka_unit_test(refuses_copies_that_do_not_know_each_other),
        cmocka_unit_test(takes_one_task_of_a_larger_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
