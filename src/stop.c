/* stop.c: the wish to stop, told by a signal. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "train.h"
#include "gan_dist/base.h"

#define SAME_WISH_SECONDS 0.5

static const int signals[] = {SIGTERM, SIGINT, SIGUSR1};
#define N_SIGNALS (sizeof signals / sizeof *signals)

static atomic_int came = 0;

static void *take_signals(void *unused)
{
    (void)unused;
    for (;;)
        pause();
    return NULL;
}

/* oneDNN's matrix product addresses its operands by the stack pointer, so a handler that interrupts it writes
 * its frame over them. Signals therefore go to a thread of their own; the caller's blocks them, and so do all
 * that it starts later. */
gan_status gan_stop_divert(void)
{
    pthread_t taker;
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < N_SIGNALS; i++)
        sigaddset(&set, signals[i]);
    int failed = pthread_create(&taker, NULL, take_signals, NULL);
    if (!failed)
        failed = pthread_detach(taker);
    if (!failed)
        failed = pthread_sigmask(SIG_BLOCK, &set, NULL);
    return failed ? gan_error(GAN_FAILED, "no thread to take signals: %s", strerror(failed)) : GAN_OK;
}

/* The first signal asks for a stop after the running step. What follows at once is the same wish: Slurm that
 * preempts a job sends SIGTERM twice within a millisecond. A later one ends the process as usual. */
static void on_signal(int number)
{
    static double first;
    if (came++ == 0) {
        first = gan_clock();
    } else if (gan_clock() - first > SAME_WISH_SECONDS) {
        signal(number, SIG_DFL);
        raise(number);
    }
}

void gan_stop_catch(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigfillset(&action.sa_mask); /* one after the other */
    for (size_t i = 0; i < N_SIGNALS; i++)
        sigaction(signals[i], &action, NULL);
}

bool gan_stop_asked(void)
{
    return came > 0;
}
