/* watch.h: no wait on other ranks without a deadline, and no death of a neighbour unseen.
 *
 * A thread of each process looks at the board four times a second.
 * It warns about a wait that is too long, and ends one that is much too long: it says why,
 * the waiting call fails, and should that call sit inside MPI and not come back, the process ends.
 * The same when a process of this host is gone. It makes no MPI call.
 *
 * Called from the main thread. A NULL watch is fine everywhere: one rank waits for nobody. */
#ifndef GAN_COMM_WATCH_H
#define GAN_COMM_WATCH_H

#include "board.h"

typedef struct gan_watch gan_watch;

gan_status gan_watch_open(gan_watch **out, int rank);
/* From here on the missing ranks have names. The view's arrays stay the caller's, until it detaches. */
void gan_watch_attach(gan_watch *watch, const gan_board_view *view);
void gan_watch_detach(gan_watch *watch);
void gan_watch_close(gan_watch *watch);

/* Seconds; 0 = never. */
void gan_watch_deadlines(gan_watch *watch, double warning, double timeout);

void gan_watch_report(gan_watch *watch, uint64_t step, const char *doing);
/* What this rank last reported. */
void gan_watch_doing(gan_doing *out, const gan_watch *watch);

/* Begins a collective call; returns its number. */
uint64_t gan_watch_arrive(gan_watch *watch);
/* Around every wait for the others in call `number`. `what` is static text. */
void gan_watch_wait(gan_watch *watch, uint64_t number, const char *what);
void gan_watch_done(gan_watch *watch);
/* Instead, where somebody else waits and asks again and again: a wait for call `number`,
 * which begins with the first question and ends with a question about another call (0: none),
 * with `done` or with the next report. */
void gan_watch_asked(gan_watch *watch, uint64_t number, const char *what);

/* GAN_FAILED with the reason when the wait must not go on. */
gan_status gan_watch_verdict(gan_watch *watch);
/* How long the present wait has lasted. */
double gan_watch_waited(const gan_watch *watch);
/* This rank leaves on purpose, and is not to be mourned. `seconds` from now the process ends, unless the
 * watch is closed before; 0 = it may take its time. */
void gan_watch_leave(gan_watch *watch, double seconds);
/* The reason is said by the rank that ends the job, perhaps one of another host. */
void gan_watch_set_told(gan_watch *watch);
/* Some rank of this host has already said why the job ends. */
bool gan_watch_has_told(gan_watch *watch);

#endif
