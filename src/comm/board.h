/* board.h: what every rank last said of itself, for the message about those who are missing.
 *
 * One board a host, in memory that its ranks share, with a seat for every rank of the job. A rank writes its
 * own seat; those of other hosts are written by the lowest rank of this host, when it hears of them. Any
 * thread may read. Times are seconds of the host's monotonic clock. */
#ifndef GAN_COMM_BOARD_H
#define GAN_COMM_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gan_dist/comm.h"

#define GAN_DOING_MAX 64

/* What a rank last reported. */
typedef struct gan_doing {
    uint64_t step;
    double since;
    char what[GAN_DOING_MAX];
} gan_doing;

typedef struct gan_seat {
    _Alignas(
        64) _Atomic uint64_t arrived; /* collective calls begun: a number is the same call on all ranks */
    _Atomic double beat;              /* when its watch last ran: stands still in a stopped process */
    _Atomic double waiting_since;     /* 0: not waiting for others */
    atomic_bool closed;               /* has left on purpose */
    atomic_uint version;              /* of `doing`; odd while it is written */
    gan_doing doing;
} gan_seat;

typedef struct gan_board {
    _Atomic double warned_at; /* when a rank last warned */
    atomic_bool ended;        /* a rank of this host has said why the job ends */
    gan_seat seats[];         /* of all ranks of the job */
} gan_board;

/* The board as one rank sees it. */
typedef struct gan_board_view {
    gan_board *board;
    const gan_peer *peers; /* of all ranks */
    int rank, size;
    bool *watched; /* ranks of this host whose process can be seen from here */
} gan_board_view;

size_t gan_board_bytes(int size);

void gan_seat_report(gan_seat *seat, const gan_doing *doing);
void gan_seat_doing(gan_doing *out, const gan_seat *seat);

/* True when a process of this host that could be seen is gone without having closed. */
bool gan_board_is_dead(const gan_board_view *view, int rank);

/* True when that rank of this host has closed, is dead, or gives no sign of life;
 * of another host's rank nothing is known: false. */
bool gan_board_has_left(const gan_board_view *view, int rank, double now);

/* "rank 1 (host b, pid 4711): computing D, step 41, for 35 s; rank 2 ...": the ranks that keep the call
 * `number`, waited for since `since`, from ending, because they have not begun it or give no sign of life,
 * and do not wait themselves; if there are none, those that wait in an earlier call; eight at most. Returns
 * how many there are. */
int gan_board_list_missing(char *out, size_t room, const gan_board_view *view, uint64_t number, double since,
                           double now);

/* The lowest rank that is known to wait, and lives; -1: none. */
int gan_board_speaker(const gan_board_view *view, bool of_this_host, double now);

#endif
