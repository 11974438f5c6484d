#include "gan_dist/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int log_rank = 0, log_size = 1;
static bool progress_open = false;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void gan_log_init(int rank, int size)
{
    log_rank = rank;
    log_size = size;
}

/* mpirun gives its ranks a pseudo-terminal whatever its own output is, so there the parent is asked. */
static bool parent_has_terminal(void)
{
    char path[64], target[64];
    snprintf(path, sizeof path, "/proc/%ld/fd/1", (long)getppid());
    ssize_t n = readlink(path, target, sizeof target - 1);
    target[n > 0 ? n : 0] = '\0';
    return strncmp(target, "/dev/pts/", 9) == 0 || strncmp(target, "/dev/tty", 8) == 0;
}

bool gan_log_is_terminal(void)
{
    static int known = -1;
    if (known < 0)
        known = isatty(STDOUT_FILENO) == 1 && (!getenv("OMPI_COMM_WORLD_SIZE") || parent_has_terminal());
    return known == 1;
}

static void end_progress(void)
{
    if (progress_open)
        fputc('\n', stdout);
    progress_open = false;
}

static void print_line(FILE *file, const char *prefix, const char *format, va_list arguments)
{
    pthread_mutex_lock(&mutex);
    end_progress();
    fflush(stdout);
    fputs(prefix, file);
    vfprintf(file, format, arguments);
    fputc('\n', file);
    fflush(file);
    pthread_mutex_unlock(&mutex);
}

void gan_log0(const char *format, ...)
{
    if (log_rank != 0)
        return;
    va_list arguments;
    va_start(arguments, format);
    print_line(stdout, "", format, arguments);
    va_end(arguments);
}

void gan_warn0(const char *format, ...)
{
    if (log_rank != 0)
        return;
    va_list arguments;
    va_start(arguments, format);
    print_line(stderr, "warning: ", format, arguments);
    va_end(arguments);
}

void gan_log_rank(const char *format, ...)
{
    char prefix[64];
    snprintf(prefix, sizeof prefix, "[rank %d/%d] ", log_rank, log_size);
    va_list arguments;
    va_start(arguments, format);
    print_line(stderr, prefix, format, arguments);
    va_end(arguments);
}

void gan_progress(const char *format, ...)
{
    if (log_rank != 0 || !gan_log_is_terminal())
        return;
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&mutex);
    fputs("\r\033[K", stdout);
    vfprintf(stdout, format, arguments);
    fflush(stdout);
    progress_open = true;
    pthread_mutex_unlock(&mutex);
    va_end(arguments);
}

void gan_progress_end(void)
{
    pthread_mutex_lock(&mutex);
    end_progress();
    fflush(stdout);
    pthread_mutex_unlock(&mutex);
}
