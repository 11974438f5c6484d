#include "watch.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "gan_dist/base.h"
#include "gan_dist/log.h"

#define TICK_SECONDS       0.25
#define STANDSTILL_SECONDS 2.0
#define OTHERS_FIRST       3.0  /* a rank that is not the speaker leaves the speaker so much time */
#define LEAVE_SECONDS      5.0  /* from the verdict to the end of a process that does not heed it */
#define HEED_SECONDS       60.0 /* for one that does, and has status.json to write on a slow disk */

struct gan_watch {
    pthread_t thread;
    pthread_mutex_t mutex; /* held by the thread while it looks */
    pthread_cond_t wake;
    bool closing;
    bool attached, was_attached;
    gan_board_view view;
    _Atomic double warning, timeout;

    _Atomic uint64_t arrived;
    _Atomic double waiting_since; /* 0: not waiting */
    _Atomic uint64_t number;      /* of the call waited for */
    const char *_Atomic what;
    bool asked;                 /* the wait is somebody else's */
    _Atomic double leave_at;    /* 0: never */
    double looked, awake_since; /* the thread's last look; the first one after this process stood still */
    double warned_since;        /* the wait of the last warning */
    _Atomic double told_since;  /* of the last one that this rank printed */

    atomic_bool doomed;
    bool heeded; /* by the main thread */
    bool told;   /* no board to say it on */
    char verdict[1024];
};

/* A wait, read once. */
typedef struct wait {
    double since, seconds;
    uint64_t number;
    const char *what;
} wait_;

static gan_seat *own_seat(const gan_watch *watch)
{
    return &watch->view.board->seats[watch->view.rank];
}

/* --- the thread ---------------------------------------------------------------------------------- */

static bool read_wait(wait_ *out, const gan_watch *watch, double now)
{
    out->since = watch->waiting_since;
    out->number = watch->number;
    out->what = watch->what;
    out->seconds = now - (out->since > watch->awake_since ? out->since : watch->awake_since);
    return out->since > 0 && out->since == watch->waiting_since;
}

static void list_missing(char *out, size_t room, const gan_watch *watch, const wait_ *w, double now)
{
    if (!watch->attached && !watch->was_attached)
        snprintf(out, room,
                 "nothing was heard of the other ranks yet: is the network between the hosts the one that "
                 "MPI uses (btl_tcp_if_include)?");
    else if (!watch->attached)
        snprintf(out, room, "some rank that has not come to the end");
    else if (gan_board_list_missing(out, room, &watch->view, w->number, w->since, now) == 0)
        snprintf(out, room, "all ranks are there: the messages between them do not arrive");
}

/* "step 41, D's gradients: ", for the beginning of a message. */
static void name_place(char *out, size_t room, const gan_watch *watch)
{
    gan_doing doing;
    gan_watch_doing(&doing, watch);
    if (doing.what[0])
        snprintf(out, room, "step %llu, %s: ", (unsigned long long)doing.step, doing.what);
    else
        out[0] = '\0';
}

/* The first to say it says it for all ranks of the host. */
static bool may_tell(gan_watch *watch)
{
    bool before = watch->attached ? atomic_exchange(&watch->view.board->ended, true) : watch->told;
    watch->told = true;
    return !before;
}

static void doom(gan_watch *watch, double now)
{
    if (may_tell(watch))
        gan_log_rank("%s", watch->verdict);
    watch->leave_at = now + LEAVE_SECONDS;
    watch->doomed = true;
}

/* Of the waiting ranks the lowest speaks, the others only if it does not. */
static double patience(const gan_watch *watch, double now)
{
    int speaker = watch->attached ? gan_board_speaker(&watch->view, false, now) : 0;
    return speaker < 0 || speaker == watch->view.rank ? 0 : OTHERS_FIRST;
}

static void warn(gan_watch *watch, const wait_ *w, double now)
{
    char missing[900], place[GAN_DOING_MAX + 40];
    bool first = watch->view.rank == 0;
    watch->warned_since = w->since;
    if (watch->attached)
        first = now - atomic_exchange(&watch->view.board->warned_at, now) > watch->warning + 2 * OTHERS_FIRST;
    if (!first)
        return;
    list_missing(missing, sizeof missing, watch, w, now);
    name_place(place, sizeof place, watch);
    watch->told_since = w->since;
    gan_log_rank("warning: %swaiting for %.0f s for %s; not there: %s", place, w->seconds, w->what, missing);
}

static void look_at_wait(gan_watch *watch, double now)
{
    wait_ w;
    if (!read_wait(&w, watch, now))
        return;
    double extra = patience(watch, now);
    if (watch->timeout > 0 && w.seconds > watch->timeout + extra) {
        char missing[800], place[GAN_DOING_MAX + 40];
        list_missing(missing, sizeof missing, watch, &w, now);
        name_place(place, sizeof place, watch);
        snprintf(
            watch->verdict, sizeof watch->verdict,
            "%sgave up after %.0f s (--stall-timeout) of waiting for %s; not there: %s; the same command "
            "goes on from the last checkpoint",
            place, w.seconds, w.what, missing);
        doom(watch, now);
    } else if (watch->warning > 0 && w.seconds > watch->warning + extra && w.since != watch->warned_since) {
        warn(watch, &w, now);
    }
}

static void look_for_dead(gan_watch *watch, double now)
{
    for (int rank = 0; rank < watch->view.size; rank++) {
        gan_doing last;
        if (!gan_board_is_dead(&watch->view, rank))
            continue;
        gan_seat_doing(&last, &watch->view.board->seats[rank]);
        snprintf(watch->verdict, sizeof watch->verdict,
                 "rank %d (host %s, pid %ld) has died; last: %s, step %llu; the job ends, the same command "
                 "goes on from the last checkpoint",
                 rank, watch->view.peers[rank].name, watch->view.peers[rank].pid,
                 last.what[0] ? last.what : "starting", (unsigned long long)last.step);
        doom(watch, now);
        return;
    }
}

static void look(gan_watch *watch)
{
    double now = gan_clock(), leave_at = watch->leave_at;
    if (now - watch->looked > STANDSTILL_SECONDS)
        watch->awake_since = now; /* the others did not keep this process waiting all the while */
    watch->looked = now;
    if (leave_at > 0 && now > leave_at)
        _exit(GAN_FAILED);
    if (watch->attached)
        own_seat(watch)->beat = now;
    if (watch->doomed || leave_at > 0)
        return;
    if (watch->attached)
        look_for_dead(watch, now);
    if (!watch->doomed)
        look_at_wait(watch, now);
}

static void *run(void *argument)
{
    gan_watch *watch = argument;
    pthread_mutex_lock(&watch->mutex);
    while (!watch->closing) {
        struct timespec until;
        look(watch);
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += (long)(TICK_SECONDS * 1e9);
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&watch->wake, &watch->mutex, &until);
    }
    pthread_mutex_unlock(&watch->mutex);
    return NULL;
}

/* --- from the main thread ------------------------------------------------------------------------ */

/* Signals are for other threads: see stop.c. */
static int start_thread(gan_watch *watch)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&watch->thread, NULL, run, watch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

gan_status gan_watch_open(gan_watch **out, int rank)
{
    pthread_condattr_t monotonic;
    gan_watch *watch = calloc(1, sizeof *watch);
    *out = NULL;
    if (!watch)
        return gan_error(GAN_FAILED, "no memory for the watch over the ranks");
    watch->what = "";
    watch->view.rank = rank;
    gan_watch_deadlines(watch, GAN_STALL_WARNING, GAN_STALL_TIMEOUT);
    pthread_mutex_init(&watch->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int failed = start_thread(watch);
    if (failed) {
        free(watch);
        return gan_error(GAN_FAILED, "no thread to watch over the ranks: %s", strerror(failed));
    }
    *out = watch;
    return GAN_OK;
}

void gan_watch_attach(gan_watch *watch, const gan_board_view *view)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->mutex);
    watch->view = *view;
    watch->attached = true;
    own_seat(watch)->arrived = watch->arrived;
    own_seat(watch)->beat = gan_clock();
    pthread_mutex_unlock(&watch->mutex);
}

void gan_watch_detach(gan_watch *watch)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->mutex);
    watch->told = watch->told || (watch->attached && watch->view.board->ended);
    watch->was_attached = watch->attached;
    watch->attached = false;
    pthread_mutex_unlock(&watch->mutex);
}

void gan_watch_close(gan_watch *watch)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->mutex);
    watch->closing = true;
    pthread_cond_signal(&watch->wake);
    pthread_mutex_unlock(&watch->mutex);
    pthread_join(watch->thread, NULL);
    pthread_cond_destroy(&watch->wake);
    pthread_mutex_destroy(&watch->mutex);
    free(watch);
}

void gan_watch_deadlines(gan_watch *watch, double warning, double timeout)
{
    if (!watch)
        return;
    watch->warning = warning;
    watch->timeout = timeout;
}

void gan_watch_report(gan_watch *watch, uint64_t step, const char *what)
{
    if (!watch || !watch->attached)
        return;
    if (watch->asked)
        gan_watch_done(watch);
    gan_doing doing = {.step = step, .since = gan_clock()};
    snprintf(doing.what, sizeof doing.what, "%s", what);
    gan_seat_report(own_seat(watch), &doing);
}

void gan_watch_doing(gan_doing *out, const gan_watch *watch)
{
    *out = (gan_doing){.what = ""};
    if (watch && watch->attached)
        gan_seat_doing(out, own_seat(watch));
}

uint64_t gan_watch_arrive(gan_watch *watch)
{
    if (!watch)
        return 0;
    uint64_t number = ++watch->arrived;
    if (watch->attached)
        own_seat(watch)->arrived = number;
    return number;
}

static void set_waiting(gan_watch *watch, double since)
{
    watch->waiting_since = since;
    if (watch->attached)
        own_seat(watch)->waiting_since = since;
}

void gan_watch_wait(gan_watch *watch, uint64_t number, const char *what)
{
    if (!watch)
        return;
    watch->asked = false;
    watch->number = number;
    watch->what = what;
    set_waiting(watch, gan_clock());
}

void gan_watch_asked(gan_watch *watch, uint64_t number, const char *what)
{
    if (!watch || (watch->asked && watch->number == number))
        return;
    if (watch->asked)
        gan_watch_done(watch);
    if (number == 0)
        return;
    gan_watch_wait(watch, number, what);
    watch->asked = true;
}

void gan_watch_done(gan_watch *watch)
{
    if (!watch)
        return;
    double since = watch->waiting_since;
    watch->asked = false;
    if (watch->told_since == since && !watch->doomed)
        gan_log_rank("went on after %.0f s", gan_clock() - since);
    set_waiting(watch, 0);
}

gan_status gan_watch_verdict(gan_watch *watch)
{
    if (!watch || !watch->doomed)
        return GAN_OK;
    if (!watch->heeded)
        watch->leave_at = gan_clock() + HEED_SECONDS;
    watch->heeded = true;
    return gan_error(GAN_FAILED, "%s", watch->verdict);
}

double gan_watch_waited(const gan_watch *watch)
{
    double since = watch ? watch->waiting_since : 0;
    return since > 0 ? gan_clock() - since : 0;
}

void gan_watch_leave(gan_watch *watch, double seconds)
{
    if (!watch)
        return;
    if (watch->attached)
        own_seat(watch)->closed = true;
    if (seconds > 0)
        watch->leave_at = gan_clock() + seconds;
}

void gan_watch_set_told(gan_watch *watch)
{
    pthread_mutex_lock(&watch->mutex);
    if (watch->attached)
        watch->view.board->ended = true;
    watch->told = true;
    pthread_mutex_unlock(&watch->mutex);
}

bool gan_watch_has_told(gan_watch *watch)
{
    if (!watch)
        return false;
    pthread_mutex_lock(&watch->mutex);
    bool told = watch->attached ? (bool)watch->view.board->ended : watch->told;
    pthread_mutex_unlock(&watch->mutex);
    return told;
}
