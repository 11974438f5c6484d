/* status.c: status.json. A thread of rank 0 keeps it fresh, whatever the step is waiting for. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "train.h"
#include "gan_dist/log.h"

#define EVERY_SECONDS 5 /* half of what is promised, for slow disks */

struct gan_reporter {
    pthread_t thread;
    pthread_mutex_t mutex; /* over all below, and the file */
    pthread_cond_t wake;
    bool closing, failing;
    gan_run_status run;
    char path[GAN_TEXT_MAX + 32], checkpoint[GAN_TEXT_MAX], reason[2048];
    const char **hosts;
};

/* A disk that is full stays so for a while: said once.
 * The message of a failure that is to be written stays. */
static void write_status(gan_reporter *reporter)
{
    char message[sizeof reporter->reason];
    if (!reporter->run.state)
        return;
    snprintf(message, sizeof message, "%s", gan_error_message());
    gan_status status = gan_status_write(reporter->path, &reporter->run);
    if (status != GAN_OK && !reporter->failing)
        gan_warn0("%s", gan_error_message());
    reporter->failing = status != GAN_OK;
    gan_error(status, "%s", message);
}

static void *run(void *argument)
{
    gan_reporter *reporter = argument;
    pthread_mutex_lock(&reporter->mutex);
    while (!reporter->closing) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += EVERY_SECONDS;
        while (!reporter->closing && pthread_cond_timedwait(&reporter->wake, &reporter->mutex, &until) == 0)
            ;
        if (!reporter->closing)
            write_status(reporter);
    }
    pthread_mutex_unlock(&reporter->mutex);
    return NULL;
}

/* The hosts in the order of their lowest ranks. */
static gan_status list_hosts(gan_reporter *reporter, const gan_comm *comm)
{
    reporter->run.n_hosts = (size_t)gan_comm_hosts(comm);
    reporter->hosts = calloc(reporter->run.n_hosts, sizeof *reporter->hosts);
    if (!reporter->hosts)
        return gan_error(GAN_FAILED, "%s: out of memory", reporter->path);
    for (int rank = gan_comm_size(comm) - 1; rank >= 0; rank--)
        reporter->hosts[gan_comm_peer(comm, rank)->host] = gan_comm_peer(comm, rank)->name;
    reporter->run.hosts = reporter->hosts;
    return GAN_OK;
}

gan_status gan_reporter_open(gan_reporter **out, const char *folder, const gan_comm *comm)
{
    pthread_condattr_t monotonic;
    gan_reporter *reporter = calloc(1, sizeof *reporter);
    *out = NULL;
    if (!reporter)
        return gan_error(GAN_FAILED, "%s: out of memory", folder);
    snprintf(reporter->path, sizeof reporter->path, "%s/status.json", folder);
    reporter->run.checkpoint = reporter->checkpoint;
    reporter->run.reason = reporter->reason;
    gan_status status = list_hosts(reporter, comm);
    pthread_mutex_init(&reporter->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&reporter->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int failed = status == GAN_OK ? pthread_create(&reporter->thread, NULL, run, reporter) : 0;
    if (failed)
        status = gan_error(GAN_FAILED, "%s: no thread to write it: %s", reporter->path, strerror(failed));
    if (status != GAN_OK) {
        free(reporter->hosts);
        free(reporter);
        return status;
    }
    *out = reporter;
    return GAN_OK;
}

void gan_reporter_close(gan_reporter *reporter)
{
    if (!reporter)
        return;
    pthread_mutex_lock(&reporter->mutex);
    reporter->closing = true;
    pthread_cond_signal(&reporter->wake);
    pthread_mutex_unlock(&reporter->mutex);
    pthread_join(reporter->thread, NULL);
    pthread_cond_destroy(&reporter->wake);
    pthread_mutex_destroy(&reporter->mutex);
    free(reporter->hosts);
    free(reporter);
}

static void note(gan_reporter *reporter, const gan_training *t)
{
    reporter->run.step = t->done;
    reporter->run.steps = t->total;
    reporter->run.images_per_second = t->images_per_second;
    snprintf(reporter->checkpoint, sizeof reporter->checkpoint, "%s", t->checkpoint);
}

void gan_training_progress(gan_training *t)
{
    if (!t->reporter)
        return;
    pthread_mutex_lock(&t->reporter->mutex);
    if (!gan_stop_saved()) /* else it tells of what is saved */
        note(t->reporter, t);
    pthread_mutex_unlock(&t->reporter->mutex);
}

void gan_training_status(gan_training *t, const char *state, const char *reason)
{
    if (!t->reporter)
        return;
    pthread_mutex_lock(&t->reporter->mutex);
    note(t->reporter, t);
    t->reporter->run.state = state;
    snprintf(t->reporter->reason, sizeof t->reporter->reason, "%s", reason);
    write_status(t->reporter);
    pthread_mutex_unlock(&t->reporter->mutex);
}

void gan_training_stopped(gan_training *t, uint64_t step, const char *reason)
{
    gan_reporter *reporter = t->reporter;
    pthread_mutex_lock(&reporter->mutex);
    reporter->run.step = step;
    reporter->run.state = "stopped";
    snprintf(reporter->checkpoint, sizeof reporter->checkpoint, "%s", t->checkpoint);
    snprintf(reporter->reason, sizeof reporter->reason, "%s", reason);
    write_status(reporter);
    pthread_mutex_unlock(&reporter->mutex);
}

void gan_training_stopped_early(gan_training *t, const char *reason)
{
    gan_reporter *reporter = t->reporter;
    if (!reporter)
        return;
    pthread_mutex_lock(&reporter->mutex);
    if (reporter->run.state) {
        reporter->run.state = "stopped";
        snprintf(reporter->reason, sizeof reporter->reason, "%s", reason);
        write_status(reporter);
    }
    pthread_mutex_unlock(&reporter->mutex);
}

void gan_training_bury(const gan_training *t, const char *reason)
{
    char path[GAN_TEXT_MAX + 32];
    if (gan_comm_rank(t->comm) == 0 || !gan_run_is_over(t->config.out))
        return;
    snprintf(path, sizeof path, "%s/status.json", t->config.out);
    gan_status status = gan_status_fail(path, reason);
    if (status != GAN_OK) /* whoever looks sees by its age that it is no longer true */
        gan_log_rank("warning: %s", gan_error_message());
}
