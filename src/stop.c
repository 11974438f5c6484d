/* stop.c: the request to stop, told by a signal. The last finished step is saved at once, since who asks may
 * leave little time: mpirun a second, that of Open MPI 5 a quarter. The step under way goes on; if it ends in
 * time, its state is saved in place of that. */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "train.h"
#include "snapshot.h"
#include "gan_dist/base.h"
#include "gan_dist/log.h"

#define SAME_REQUEST_SECONDS 0.5
#define LAST_IN_LINE         19 /* of setpriority */
#define FIRST_IN_LINE        (-20)

/* Signals whose default is to end the process, but for KILL, QUIT, ABRT and the faults; real-time signals are
 * the same. PIPE and XFSZ are errors of the write that caused them. */
static const struct {
    int number;
    const char *name;
} signals[] = {{SIGTERM, "SIGTERM"}, {SIGINT, "SIGINT"},   {SIGHUP, "SIGHUP"},   {SIGUSR1, "SIGUSR1"},
               {SIGUSR2, "SIGUSR2"}, {SIGXCPU, "SIGXCPU"}, {SIGALRM, "SIGALRM"}, {SIGVTALRM, "SIGVTALRM"},
               {SIGPROF, "SIGPROF"}, {SIGPOLL, "SIGPOLL"}, {SIGPWR, "SIGPWR"},   {SIGSTKFLT, "SIGSTKFLT"}};
#define N_SIGNALS (sizeof signals / sizeof *signals)

static atomic_bool asked, saved;
static atomic_int unattended; /* a signal, for whoever owns the device; 0: none */
static sigset_t requests;

/* Which run a request is for; the thread that saves it. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static gan_training *starting, *watched;
static bool ended, saving;
static pthread_t saver;

static const char *name_of(int number)
{
    for (size_t i = 0; i < N_SIGNALS; i++)
        if (signals[i].number == number)
            return signals[i].name;
    return "a real-time signal";
}

/* Ends the process as the signal does by default. */
static void end_by(int number)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    signal(number, SIG_DFL);
    raise(number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* The step under way competes for the cores with the save, for which there may be a quarter of a second. It
 * will not be missed; so all threads but the caller come after it, on every rank. What they hold, they hold
 * for long then: the caller has its locks already. */
static void make_room(void)
{
    DIR *threads = opendir("/proc/self/task");
    for (struct dirent *entry; threads && (entry = readdir(threads));) {
        id_t thread = (id_t)strtoul(entry->d_name, NULL, 10);
        if (thread != 0 && thread != (id_t)gettid())
            setpriority(PRIO_PROCESS, thread, LAST_IN_LINE);
    }
    if (threads)
        closedir(threads);
}

static void save_locked(gan_training *t, const char *signal_name)
{
    char reason[128], held[64] = "no step is finished yet";
    uint64_t step = 0;
    gan_status status = gan_training_save_snapshot(&step, t);
    snprintf(reason, sizeof reason, "asked to stop (%s) in step %llu", signal_name,
             (unsigned long long)step + 1);
    if (step > 0)
        snprintf(held, sizeof held, "step %llu is saved", (unsigned long long)step);
    if (status != GAN_OK) {
        gan_warn0("%s; the step before cannot be saved: %s", reason, gan_error_message());
    } else {
        gan_training_stopped(t, step, reason);
        saved = true;
        gan_log0("%s; %s", reason, held);
    }
}

/* A thread of its own: a disk may be slow, and a second request must still be taken. */
static void *save_at_once(void *signal_name)
{
    gan_training *t = watched;
    gan_snapshot_lock(t->snapshot);
    make_room();
    save_locked(t, signal_name);
    gan_snapshot_unlock(t->snapshot);
    return NULL;
}

/* One thread owns the device: it does the same while it waits for that. If it holds the lock, it is saving
 * anyway. */
static void attend(void *training)
{
    gan_training *t = training;
    if (!unattended || !gan_snapshot_try_lock(t->snapshot))
        return;
    save_locked(t, name_of(atomic_exchange(&unattended, 0)));
    gan_snapshot_unlock(t->snapshot);
}

static void stop_before_step_1(const char *signal_name)
{
    char reason[128];
    snprintf(reason, sizeof reason, "asked to stop (%s) before the first step: nothing to save", signal_name);
    if (starting)
        gan_training_stopped_early(starting, reason);
    if (gan_comm_is_first_copy())
        fprintf(stderr, "gan_dist: %s\n", reason);
    gan_comm_exit(GAN_STOPPED);
}

static void first_request(int number)
{
    pthread_mutex_lock(&mutex);
    if (!watched && !ended)
        stop_before_step_1(name_of(number));
    if (watched && gan_comm_rank(watched->comm) != 0) {
        make_room();
        /* Which mpirun also tells the others when rank 0 has died. */
        gan_training_bury(watched, "rank 0 has ended without a word: it was killed, or has crashed");
    } else if (watched && watched->snapshot && gan_snapshot_is_on_device(watched->snapshot)) {
        unattended = number;
    } else if (watched && watched->snapshot) {
        saving = pthread_create(&saver, NULL, save_at_once, (void *)name_of(number)) == 0;
    }
    pthread_mutex_unlock(&mutex);
}

static void *take_signals(void *unused)
{
    double first = 0;
    (void)unused;
    setpriority(PRIO_PROCESS, (id_t)gettid(), FIRST_IN_LINE); /* where that is allowed */
    for (;;) {
        int number = 0;
        if (sigwait(&requests, &number) != 0)
            continue;
        if (!asked) {
            first = gan_clock();
            asked = true;
            first_request(number);
        } else if (gan_clock() - first > SAME_REQUEST_SECONDS) {
            end_by(number);
        } /* else it is the same one: Slurm that preempts a job sends SIGTERM twice within a millisecond */
    }
    return NULL;
}

/* oneDNN's matrix product addresses its operands by the stack pointer, so a handler that interrupts it writes
 * its frame over them. So there are no handlers: one thread waits for the signals, all others block them. Who
 * starts a process in the background ignores SIGINT for it, and means no more by that than that Ctrl-C is for
 * others; by SIGHUP, nohup means what it says. */
gan_status gan_stop_divert(void)
{
    pthread_t taker;
    sigemptyset(&requests);
    struct sigaction hup; /* left as it is where it is ignored: what is blocked would be taken all the same */
    const bool nohup = sigaction(SIGHUP, NULL, &hup) == 0 && hup.sa_handler == SIG_IGN;
    for (size_t i = 0; i < N_SIGNALS; i++) {
        if (signals[i].number == SIGHUP && nohup)
            continue;
        sigaddset(&requests, signals[i].number);
        signal(signals[i].number, SIG_DFL);
    }
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++) {
        sigaddset(&requests, number);
        signal(number, SIG_DFL);
    }
    int failed = pthread_sigmask(SIG_BLOCK, &requests, NULL);
    if (!failed)
        failed = pthread_create(&taker, NULL, take_signals, NULL);
    if (!failed)
        failed = pthread_detach(taker);
    return failed ? gan_error(GAN_FAILED, "no thread to take signals: %s", strerror(failed)) : GAN_OK;
}

void gan_stop_watch_start(gan_training *t)
{
    pthread_mutex_lock(&mutex);
    starting = t;
    pthread_mutex_unlock(&mutex);
}

void gan_stop_watch(gan_training *t)
{
    pthread_mutex_lock(&mutex);
    watched = t;
    if (t->snapshot && gan_snapshot_is_on_device(t->snapshot))
        gan_comm_on_wait(t->comm, attend, t);
    pthread_mutex_unlock(&mutex);
}

void gan_stop_unwatch(void)
{
    pthread_mutex_lock(&mutex);
    ended = true;
    if (saving)
        pthread_join(saver, NULL);
    saving = false;
    if (watched)
        gan_comm_on_wait(watched->comm, NULL, NULL);
    starting = watched = NULL;
    pthread_mutex_unlock(&mutex);
}

bool gan_stop_asked(void)
{
    return asked;
}

bool gan_stop_saved(void)
{
    return saved;
}
