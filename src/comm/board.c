#include "board.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#define SILENT_SECONDS 3.0 /* without a beat: stopped, or its host cannot be heard */
#define LISTED         8

size_t gan_board_bytes(int size)
{
    return sizeof(gan_board) + (size_t)size * sizeof(gan_seat);
}

void gan_seat_report(gan_seat *seat, const gan_doing *doing)
{
    unsigned version = atomic_load_explicit(&seat->version, memory_order_relaxed);
    atomic_store_explicit(&seat->version, version + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    seat->doing = *doing;
    atomic_store_explicit(&seat->version, version + 2, memory_order_release);
}

/* A report that is torn, because its writer was stopped in the middle, is better than none. */
void gan_seat_doing(gan_doing *out, const gan_seat *seat)
{
    for (int attempt = 0; attempt < 1000; attempt++) {
        unsigned version = atomic_load_explicit(&seat->version, memory_order_acquire);
        *out = seat->doing;
        atomic_thread_fence(memory_order_acquire);
        if (version % 2 == 0 && version == atomic_load_explicit(&seat->version, memory_order_relaxed))
            break;
    }
    out->what[GAN_DOING_MAX - 1] = '\0';
}

bool gan_board_is_dead(const gan_board_view *view, int rank)
{
    return view->watched[rank] && !view->board->seats[rank].closed &&
           kill((pid_t)view->peers[rank].pid, 0) != 0 && errno == ESRCH;
}

static bool is_of_this_host(const gan_board_view *view, int rank)
{
    return view->peers[rank].host == view->peers[view->rank].host;
}

bool gan_board_has_left(const gan_board_view *view, int rank, double now)
{
    const gan_seat *seat = &view->board->seats[rank];
    return is_of_this_host(view, rank) &&
           (seat->closed || gan_board_is_dead(view, rank) || now - seat->beat > SILENT_SECONDS);
}

/* When something was last heard of a rank. One of another host took part in the call before this one, and had
 * no reason to say anything until then. */
static double last_sign(const gan_board_view *view, int rank, double since)
{
    double beat = view->board->seats[rank].beat;
    return is_of_this_host(view, rank) || beat > since ? beat : since;
}

/* `waiting`: also one that waits itself, in an earlier call. */
static bool is_missing(const gan_board_view *view, int rank, uint64_t number, double since, double now,
                       bool waiting)
{
    const gan_seat *seat = &view->board->seats[rank];
    if (rank == view->rank || seat->closed)
        return false;
    if (now - last_sign(view, rank, since) > SILENT_SECONDS)
        return true;
    return seat->arrived < number && (waiting || seat->waiting_since == 0);
}

static int describe(char *out, size_t room, const gan_board_view *view, int rank, double since, double now)
{
    const gan_peer *peer = &view->peers[rank];
    double silent = now - last_sign(view, rank, since);
    bool dead = gan_board_is_dead(view, rank);
    gan_doing doing;
    char state[64] = "";
    gan_seat_doing(&doing, &view->board->seats[rank]);
    /* Hosts tell each other nothing before the first long wait. */
    if (!dead && doing.since == 0)
        return snprintf(out, room, "rank %d (host %s, pid %ld): nothing heard for %.0f s", rank, peer->name,
                        peer->pid, silent);
    if (dead)
        snprintf(state, sizeof state, "has ended; last: ");
    else if (silent > SILENT_SECONDS)
        snprintf(state, sizeof state, "no sign of life for %.0f s; last: ", silent);
    int used = snprintf(out, room, "rank %d (host %s, pid %ld): %s%s, step %llu", rank, peer->name, peer->pid,
                        state, doing.what[0] ? doing.what : "starting", (unsigned long long)doing.step);
    if (!state[0] && (size_t)used < room)
        used += snprintf(out + used, room - (size_t)used, ", for %.0f s", now - doing.since);
    return used;
}

static int list_missing(char *out, size_t room, const gan_board_view *view, uint64_t number, double since,
                        double now, bool waiting)
{
    int missing = 0;
    size_t used = 0;
    out[0] = '\0';
    for (int rank = 0; rank < view->size; rank++) {
        if (!is_missing(view, rank, number, since, now, waiting) || ++missing > LISTED || used >= room)
            continue;
        if (used > 0)
            used += (size_t)snprintf(out + used, room - used, "; ");
        if (used < room)
            used += (size_t)describe(out + used, room - used, view, rank, since, now);
    }
    if (missing > LISTED && used < room)
        snprintf(out + used, room - used, "; and %d more", missing - LISTED);
    return missing;
}

/* Who waits in an earlier call waits for others, too: for those that are named. Where there are none, what it
 * waits for is no rank, but NCCL or the network, and it is the one to be named. */
int gan_board_list_missing(char *out, size_t room, const gan_board_view *view, uint64_t number, double since,
                           double now)
{
    int missing = list_missing(out, room, view, number, since, now, false);
    return missing > 0 ? missing : list_missing(out, room, view, number, since, now, true);
}

int gan_board_speaker(const gan_board_view *view, bool of_this_host, double now)
{
    for (int rank = 0; rank < view->size; rank++) {
        const gan_seat *seat = &view->board->seats[rank];
        if (of_this_host && !is_of_this_host(view, rank))
            continue;
        if (seat->waiting_since > 0 && !seat->closed && now - seat->beat <= SILENT_SECONDS)
            return rank;
    }
    return -1;
}
