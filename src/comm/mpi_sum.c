/* Sums of large float buffers, in place, not blocking. A buffer is cut into pieces; a lane takes one piece
 * through all steps of the tree, then takes the next. Messages of a lane arrive in the order in which they
 * were sent (same peer, same tag), so a fast rank may be a piece ahead. */
#include "comm_mpi.h"

#include <stdlib.h>
#include "gan_dist/base.h"

/* Floats of a piece: several fit in a gradient, so that they overlap, and each hides the latency of its
 * 2*log2(N) steps. */
#define PIECE_FLOATS ((size_t)1 << 18)
/* Tags are reused after this many exchanges; GAN_EXCHANGES are in flight at most. */
#define TAG_CYCLE 1024

static const char what[] = "the sum of a gradient over the ranks";

static void add(float *restrict to, const float *restrict from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

static size_t piece_floats(int size)
{
    /* Halving makes the last message of a piece `size` times smaller: many ranks need larger pieces. */
    size_t floor = (size_t)size << 15;
    return PIECE_FLOATS > floor ? PIECE_FLOATS : floor;
}

static gan_status grow_scratch(gan_mpi_comm *mpi, gan_mpi_lane *lane)
{
    size_t need = lane->n; /* the first piece is the largest */
    if (gan_tree_halves(mpi->base.size))
        need = (need + 1) / 2;
    if (need <= lane->scratch_floats)
        return GAN_OK;
    free(lane->scratch);
    lane->scratch = gan_alloc(need * sizeof(float));
    lane->scratch_floats = lane->scratch ? need : 0;
    if (!lane->scratch)
        return gan_error(GAN_FAILED, "rank %d: no memory for %zu bytes of receive buffer", mpi->base.rank,
                         need * sizeof(float));
    return GAN_OK;
}

/* The lane's next piece; none left makes it idle. Which lane takes which
 * piece is fixed, so that all ranks agree. */
static void take_piece(const gan_mpi_comm *mpi, const gan_mpi_exchange *exchange, gan_mpi_lane *lane)
{
    size_t room = piece_floats(mpi->base.size);
    size_t from = lane->next * room;
    lane->next += GAN_MPI_LANES;
    lane->step = 0;
    lane->piece = NULL;
    if (from < exchange->n) {
        lane->piece = exchange->buffer + from;
        lane->n = exchange->n - from < room ? exchange->n - from : room;
    }
}

/* Posts the messages of the lane's step. */
static gan_status post(gan_mpi_comm *mpi, gan_mpi_lane *lane, MPI_Request requests[2], int tag)
{
    gan_move *move = &lane->move;
    gan_tree_move(move, mpi->base.rank, mpi->base.size, lane->step, lane->n);
    if (move->n_receive > 0) {
        float *to = move->add ? lane->scratch : lane->piece + move->receive_at;
        int code = MPI_Irecv(to, (int)move->n_receive, MPI_FLOAT, move->peer, tag, mpi->world, &requests[0]);
        GAN_TRY(gan_mpi_check(mpi, code, what));
    }
    if (move->n_send > 0) {
        const float *from = lane->piece + move->send_at;
        int code = MPI_Isend(from, (int)move->n_send, MPI_FLOAT, move->peer, tag, mpi->world, &requests[1]);
        GAN_TRY(gan_mpi_check(mpi, code, what));
    }
    return GAN_OK;
}

/* Goes on with lane `l` of exchange `e` until it waits for a message or there is nothing left to do. */
static gan_status advance(gan_mpi_comm *mpi, int e, int l)
{
    gan_mpi_exchange *exchange = &mpi->exchanges[e];
    gan_mpi_lane *lane = &exchange->lanes[l];
    MPI_Request *requests = mpi->requests[e][l];
    while (lane->piece && requests[0] == MPI_REQUEST_NULL && requests[1] == MPI_REQUEST_NULL) {
        if (lane->move.add)
            add(lane->piece + lane->move.receive_at, lane->scratch, lane->move.n_receive);
        lane->step++;
        if (lane->step == gan_tree_steps(mpi->base.size))
            take_piece(mpi, exchange, lane);
        if (lane->piece)
            GAN_TRY(post(mpi, lane, requests, exchange->first_tag + l));
    }
    return GAN_OK;
}

static bool is_done(const gan_mpi_exchange *exchange)
{
    for (int l = 0; l < GAN_MPI_LANES; l++)
        if (exchange->lanes[l].piece)
            return false;
    return true;
}

gan_status gan_mpi_sum_start(gan_comm *comm, gan_exchange **out, float *buffer, size_t n)
{
    gan_mpi_comm *mpi = (gan_mpi_comm *)comm;
    int e = 0;
    while (e < GAN_EXCHANGES && mpi->exchanges[e].base.in_flight)
        e++;
    if (e == GAN_EXCHANGES)
        return gan_error(GAN_FAILED, "more than %d sums in flight", GAN_EXCHANGES);
    gan_mpi_exchange *exchange = &mpi->exchanges[e];
    exchange->base.in_flight = true;
    exchange->number = gan_watch_arrive(comm->watch);
    exchange->buffer = buffer;
    exchange->n = mpi->base.size > 1 ? n : 0;
    exchange->first_tag = (int)(mpi->started++ % TAG_CYCLE) * GAN_MPI_LANES;
    *out = &exchange->base;
    for (int l = 0; l < GAN_MPI_LANES; l++) {
        gan_mpi_lane *lane = &exchange->lanes[l];
        lane->next = (size_t)l;
        take_piece(mpi, exchange, lane);
        if (!lane->piece)
            continue;
        GAN_TRY(grow_scratch(mpi, lane));
        GAN_TRY(post(mpi, lane, mpi->requests[e][l], exchange->first_tag + l));
        GAN_TRY(advance(mpi, e, l));
    }
    return GAN_OK;
}

/* All exchanges go on whichever is waited for: another rank may be waiting for another one. */
gan_status gan_mpi_sum_wait(gan_comm *comm, gan_exchange *exchange)
{
    gan_mpi_comm *mpi = (gan_mpi_comm *)comm;
    const int n = (int)(sizeof mpi->requests / sizeof(MPI_Request));
    uint64_t number = ((gan_mpi_exchange *)exchange)->number;
    while (!is_done((gan_mpi_exchange *)exchange)) {
        int index;
        GAN_TRY(gan_mpi_wait_any(mpi, &mpi->requests[0][0][0], n, &index, number, what));
        GAN_TRY(advance(mpi, index / (2 * GAN_MPI_LANES), index / 2 % GAN_MPI_LANES));
    }
    exchange->in_flight = false;
    return GAN_OK;
}

gan_status gan_mpi_sum_progress(gan_mpi_comm *mpi)
{
    for (int e = 0; e < GAN_EXCHANGES; e++) {
        for (int l = 0; l < GAN_MPI_LANES; l++) {
            bool done;
            if (!mpi->exchanges[e].lanes[l].piece)
                continue;
            GAN_TRY(gan_mpi_test_all(mpi, mpi->requests[e][l], 2, &done, what));
            GAN_TRY(advance(mpi, e, l));
        }
    }
    return GAN_OK;
}

void gan_mpi_sum_free(gan_mpi_comm *mpi)
{
    for (int e = 0; e < GAN_EXCHANGES; e++)
        for (int l = 0; l < GAN_MPI_LANES; l++)
            free(mpi->exchanges[e].lanes[l].scratch);
}
