/* The board: who is missing and what is said of them, for made-up ranks on two hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "comm/board.h"
#include "gan_dist/base.h"

#define RANKS 12
#define NOW   1000.0

typedef struct job {
    gan_peer peers[RANKS];
    bool watched[RANKS];
    gan_board_view view;
    char text[1024];
} job;

/* Ranks 0 to 5 on host a, the others on b, as rank 0 sees them: all wait in call 7 since NOW - 30. */
static int open_job(void **state)
{
    job *j = calloc(1, sizeof *j);
    j->view = (gan_board_view){.peers = j->peers, .size = RANKS, .watched = j->watched};
    j->view.board = gan_alloc(gan_board_bytes(RANKS));
    for (int rank = 0; rank < RANKS; rank++) {
        gan_seat *seat = &j->view.board->seats[rank];
        j->peers[rank] = (gan_peer){.host = rank / 6, .pid = 1000 + rank};
        strcpy(j->peers[rank].name, rank / 6 ? "b" : "a");
        gan_seat_report(seat, &(gan_doing){.step = 41, .since = NOW - 35, .what = "computing D"});
        seat->arrived = 7;
        seat->beat = NOW - 0.5;
        seat->waiting_since = NOW - 30;
    }
    *state = j;
    return 0;
}

static int close_job(void **state)
{
    job *j = *state;
    free(j->view.board);
    free(j);
    return 0;
}

static int list(job *j)
{
    return gan_board_list_missing(j->text, sizeof j->text, &j->view, 7, NOW - 30, NOW);
}

static void nobody_is_missing(void **state)
{
    job *j = *state;
    assert_int_equal(list(j), 0);
    assert_string_equal(j->text, "");
}

static void who_has_not_begun_the_call_is_missing(void **state)
{
    job *j = *state;
    for (int rank = 2; rank < 8; rank++)
        j->view.board->seats[rank].arrived = 6;
    j->view.board->seats[3].waiting_since = 0; /* the others wait for these two, as far as they came */
    j->view.board->seats[7].waiting_since = 0;
    assert_int_equal(list(j), 2);
    assert_string_equal(j->text, "rank 3 (host a, pid 1003): computing D, step 41, for 35 s; "
                                 "rank 7 (host b, pid 1007): computing D, step 41, for 35 s");
}

static void who_is_stuck_in_an_earlier_call_is_missing(void **state)
{
    job *j = *state;
    j->view.board->seats[4].arrived = 6;
    assert_int_equal(list(j), 1);
    assert_string_equal(j->text, "rank 4 (host a, pid 1004): computing D, step 41, for 35 s");
}

static void who_gives_no_sign_is_missing(void **state)
{
    job *j = *state;
    j->view.board->seats[5].beat = NOW - 20;
    assert_int_equal(list(j), 1);
    assert_string_equal(j->text,
                        "rank 5 (host a, pid 1005): no sign of life for 20 s; last: computing D, step 41");
}

/* Nothing was heard of it since the wait began, which it took no part in. */
static void a_host_that_cannot_be_heard_is_missing(void **state)
{
    job *j = *state;
    for (int rank = 6; rank < RANKS; rank++)
        j->view.board->seats[rank].beat = 0;
    assert_int_equal(list(j), 6);
    assert_non_null(
        strstr(j->text, "rank 11 (host b, pid 1011): no sign of life for 30 s; last: computing D"));
}

static void of_a_host_that_never_spoke_nothing_is_made_up(void **state)
{
    job *j = *state;
    gan_seat *seat = &j->view.board->seats[7];
    memset(seat, 0, sizeof *seat);
    assert_int_equal(list(j), 1);
    assert_string_equal(j->text, "rank 7 (host b, pid 1007): nothing heard for 30 s");
}

static void who_has_left_is_not_missing(void **state)
{
    job *j = *state;
    j->view.board->seats[4].closed = true;
    j->view.board->seats[4].beat = NOW - 100;
    assert_int_equal(list(j), 0);
}

static void long_lists_are_cut(void **state)
{
    job *j = *state;
    char small[64];
    for (int rank = 0; rank < RANKS; rank++) {
        j->view.board->seats[rank].arrived = 0;
        j->view.board->seats[rank].waiting_since = 0;
    }
    assert_int_equal(list(j), RANKS - 1);
    assert_non_null(strstr(j->text, "rank 8 "));
    assert_null(strstr(j->text, "rank 9 "));
    assert_non_null(strstr(j->text, "; and 3 more"));
    assert_int_equal(gan_board_list_missing(small, sizeof small, &j->view, 7, NOW - 30, NOW), RANKS - 1);
    assert_true(strlen(small) < sizeof small);
}

static void the_lowest_waiting_rank_speaks(void **state)
{
    job *j = *state;
    gan_seat *seats = j->view.board->seats;
    assert_int_equal(gan_board_speaker(&j->view, false, NOW), 0);
    seats[0].waiting_since = 0;
    seats[1].beat = NOW - 60;
    assert_int_equal(gan_board_speaker(&j->view, false, NOW), 2);
    j->view.rank = 8;
    assert_int_equal(gan_board_speaker(&j->view, true, NOW), 6);
    for (int rank = 0; rank < RANKS; rank++)
        seats[rank].waiting_since = 0;
    assert_int_equal(gan_board_speaker(&j->view, false, NOW), -1);
}

static void the_end_of_a_neighbour_is_seen(void **state)
{
    job *j = *state;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    j->peers[2].pid = (long)child;
    j->watched[2] = true;
    j->peers[3].pid = (long)getpid();
    j->watched[3] = true;
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(gan_board_is_dead(&j->view, 2));
    assert_false(gan_board_is_dead(&j->view, 3));
    j->watched[2] = false; /* its process was never visible: another container */
    assert_false(gan_board_is_dead(&j->view, 2));
    j->watched[2] = true;
    j->view.board->seats[2].closed = true;
    assert_false(gan_board_is_dead(&j->view, 2));
}

#define WITH_JOB(test) cmocka_unit_test_setup_teardown(test, open_job, close_job)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_JOB(nobody_is_missing),
        WITH_JOB(who_has_not_begun_the_call_is_missing),
        WITH_JOB(who_is_stuck_in_an_earlier_call_is_missing),
        WITH_JOB(who_gives_no_sign_is_missing),
        WITH_JOB(a_host_that_cannot_be_heard_is_missing),
        WITH_JOB(of_a_host_that_never_spoke_nothing_is_made_up),
        WITH_JOB(who_has_left_is_not_missing),
        WITH_JOB(long_lists_are_cut),
        WITH_JOB(the_lowest_waiting_rank_speaks),
        WITH_JOB(the_end_of_a_neighbour_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
