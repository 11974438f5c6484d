/* What the hosts tell each other while they wait: what each rank is doing,
 * so that the one that is missing can be named. Only in a wait of some seconds;
 * then the lowest waiting rank of each host tells the lowest rank of every other host,
 * which notes it on its host's board. Times travel as ages: hosts' clocks differ. */
#include "comm_mpi.h"

#include <stdlib.h>
#include <string.h>
#include "gan_dist/base.h"

#define GOSSIP_TAG    32001 /* above that of mpi_sum_double.c */
#define AFTER_SECONDS 2.0
#define EVERY_SECONDS 1.0

static const char what[] = "telling the other hosts who waits";

/* One rank, as its host sees it. */
typedef struct word {
    uint64_t arrived;
    double beat_age, waiting; /* seconds; waiting 0: it does not */
    double warned_age;        /* of the host's last warning */
    int rank, closed;
    gan_doing doing; /* its `since` is an age here */
} word;

static void fill_words(word *words, const gan_mpi_comm *mpi, double now)
{
    int n = 0;
    for (int rank = 0; rank < mpi->base.size; rank++) {
        const gan_seat *seat = &mpi->view.board->seats[rank];
        if (mpi->base.peers[rank].host != mpi->base.host)
            continue;
        double since = seat->waiting_since;
        words[n] = (word){.arrived = seat->arrived,
                          .beat_age = now - seat->beat,
                          .waiting = since > 0 ? now - since : 0,
                          .warned_age = now - mpi->view.board->warned_at,
                          .rank = rank,
                          .closed = seat->closed};
        gan_seat_doing(&words[n].doing, seat);
        words[n].doing.since = now - words[n].doing.since;
        n++;
    }
}

/* A message that has not gone out yet keeps its buffer, so nothing new is said to that host until then. */
static gan_status tell(gan_mpi_comm *mpi, double now)
{
    gan_mpi_gossip *gossip = &mpi->gossip;
    bool all_gone;
    GAN_TRY(gan_mpi_test_all(mpi, gossip->requests, mpi->base.hosts, &all_gone, what));
    if (!all_gone)
        return GAN_OK;
    fill_words(gossip->words, mpi, now);
    for (int host = 0; host < mpi->base.hosts; host++) {
        if (host == mpi->base.host)
            continue;
        int code = MPI_Isend(gossip->words, (int)((size_t)mpi->base.local_size * sizeof(word)), MPI_BYTE,
                             gossip->leads[host], GOSSIP_TAG, mpi->world, &gossip->requests[host]);
        GAN_TRY(gan_mpi_check(mpi, code, what));
    }
    return GAN_OK;
}

static void note(gan_mpi_comm *mpi, const word *w, int source, double now)
{
    if (w->rank < 0 || w->rank >= mpi->base.size ||
        mpi->base.peers[w->rank].host != mpi->base.peers[source].host)
        return;
    gan_seat *seat = &mpi->view.board->seats[w->rank];
    gan_doing doing = w->doing;
    doing.since = now - doing.since;
    gan_seat_report(seat, &doing);
    seat->arrived = w->arrived;
    seat->waiting_since = w->waiting > 0 ? now - w->waiting : 0;
    seat->closed = w->closed;
    seat->beat = now - w->beat_age;
    if (now - w->warned_age > mpi->view.board->warned_at)
        mpi->view.board->warned_at = now - w->warned_age;
}

/* Takes what has come. */
static gan_status hear(gan_mpi_comm *mpi)
{
    for (;;) {
        int came = 0, bytes = 0;
        MPI_Status status;
        GAN_TRY(gan_mpi_check(mpi, MPI_Iprobe(MPI_ANY_SOURCE, GOSSIP_TAG, mpi->world, &came, &status), what));
        if (!came)
            return GAN_OK;
        MPI_Get_count(&status, MPI_BYTE, &bytes);
        word *words = malloc((size_t)bytes + 1);
        if (!words)
            return gan_error(GAN_FAILED, "rank %d: no memory for a message of %d bytes", mpi->base.rank,
                             bytes);
        int code =
            MPI_Recv(words, bytes, MPI_BYTE, status.MPI_SOURCE, GOSSIP_TAG, mpi->world, MPI_STATUS_IGNORE);
        for (size_t i = 0; code == MPI_SUCCESS && i < (size_t)bytes / sizeof(word); i++)
            note(mpi, &words[i], status.MPI_SOURCE, gan_clock());
        free(words);
        GAN_TRY(gan_mpi_check(mpi, code, what));
    }
}

gan_status gan_mpi_gossip_turn(gan_mpi_comm *mpi)
{
    double now = gan_clock();
    if (!mpi->gossip.leads || gan_watch_waited(mpi->base.watch) < AFTER_SECONDS ||
        now - mpi->gossip.last < EVERY_SECONDS)
        return GAN_OK;
    mpi->gossip.last = now;
    GAN_TRY(hear(mpi));
    return gan_board_speaker(&mpi->view, true, now) == mpi->base.rank ? tell(mpi, now) : GAN_OK;
}

gan_status gan_mpi_gossip_open(gan_mpi_comm *mpi)
{
    gan_mpi_gossip *gossip = &mpi->gossip;
    size_t hosts = (size_t)mpi->base.hosts;
    if (hosts == 1)
        return GAN_OK;
    gossip->leads = malloc(hosts * sizeof *gossip->leads);
    gossip->requests = malloc(hosts * sizeof *gossip->requests);
    gossip->words = calloc((size_t)mpi->base.local_size, sizeof(word));
    if (!gossip->leads || !gossip->requests || !gossip->words)
        return gan_error(GAN_FAILED, "no memory for messages to %zu hosts", hosts);
    for (size_t host = 0; host < hosts; host++)
        gossip->requests[host] = MPI_REQUEST_NULL;
    for (int rank = mpi->base.size - 1; rank >= 0; rank--)
        gossip->leads[mpi->base.peers[rank].host] = rank;
    return GAN_OK;
}

/* A message that has not gone out keeps its buffer: the process ends soon. */
void gan_mpi_gossip_close(gan_mpi_comm *mpi)
{
    gan_mpi_gossip *gossip = &mpi->gossip;
    bool all_gone = true;
    if (gossip->leads) {
        (void)hear(mpi);
        if (gan_mpi_test_all(mpi, gossip->requests, mpi->base.hosts, &all_gone, what) != GAN_OK)
            all_gone = false;
    }
    if (all_gone)
        free(gossip->words);
    free(gossip->leads);
    free(gossip->requests);
}
