/* log.h: lines for people, on standard error (problems) and standard output (progress).
 *
 * Every rank may call; which lines appear is decided here, once. No memory is handed over. Thread-safe. */
#ifndef GAN_DIST_LOG_H
#define GAN_DIST_LOG_H

#include <stdbool.h>

/* Tells the log who this process is. Call once after MPI is up; before that the process counts as rank 0
 * of 1. */
void gan_log_init(int rank, int size);

/* A line from the run as a whole: rank 0 prints it to standard output, other ranks print nothing. */
void gan_log0(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Something the user should know but that does not stop the run:
 * rank 0 prints "warning: ..." to standard error. */
void gan_warn0(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line about one rank: printed by the caller to standard error as "[rank r/n] ...".
 * For use where the ranks differ. */
void gan_log_rank(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A progress line of rank 0. On a terminal it overwrites the last one (end it with gan_progress_end);
 * elsewhere nothing is printed, since gan_log0 gives plain lines there. */
void gan_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
void gan_progress_end(void);

/* True when this rank's standard output is a terminal. */
bool gan_log_is_terminal(void);

#endif
