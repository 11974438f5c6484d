/* Sums of a few doubles, blocking: batch-norm statistics, many times a step, so what counts is the number of
 * messages one after another. A power of two of ranks: log2(N) exchanges of the whole message; else the same
 * tree by way of rank 0. */
#include "comm_mpi.h"

#include <stdlib.h>
#include "gan_dist/base.h"

#define DOUBLE_TAG  32000             /* above the tags of mpi_sum.c; MPI promises tags up to 32767 */
#define MAX_DOUBLES ((size_t)1 << 16) /* of one message */

static const char what[] = "the sum of statistics over the ranks";

static gan_status swap(gan_mpi_comm *mpi, const double *send, size_t n_send, double *receive,
                       size_t n_receive, int peer)
{
    MPI_Request requests[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    int code = MPI_SUCCESS;
    if (n_receive > 0)
        code = MPI_Irecv(receive, (int)n_receive, MPI_DOUBLE, peer, DOUBLE_TAG, mpi->world, &requests[0]);
    if (code == MPI_SUCCESS && n_send > 0)
        code = MPI_Isend(send, (int)n_send, MPI_DOUBLE, peer, DOUBLE_TAG, mpi->world, &requests[1]);
    GAN_TRY(gan_mpi_check(mpi, code, what));
    return gan_mpi_wait_all(mpi, requests, 2, mpi->present, what);
}

static void add(double *restrict to, const double *restrict from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

static gan_status sum_whole(gan_mpi_comm *mpi, double *buffer, size_t n)
{
    for (int distance = 1; distance < mpi->base.size; distance *= 2) {
        GAN_TRY(swap(mpi, buffer, n, mpi->scratch, n, mpi->base.rank ^ distance));
        add(buffer, mpi->scratch, n);
    }
    return GAN_OK;
}

static gan_status sum_along_tree(gan_mpi_comm *mpi, double *buffer, size_t n)
{
    for (int step = 0; step < gan_tree_steps(mpi->base.size); step++) {
        gan_move move;
        gan_tree_move(&move, mpi->base.rank, mpi->base.size, step, n);
        double *to = move.add ? mpi->scratch : buffer + move.receive_at;
        GAN_TRY(swap(mpi, buffer + move.send_at, move.n_send, to, move.n_receive, move.peer));
        if (move.add)
            add(buffer + move.receive_at, mpi->scratch, move.n_receive);
    }
    return GAN_OK;
}

gan_status gan_mpi_sum_double(gan_comm *comm, double *buffer, size_t n)
{
    gan_mpi_comm *mpi = (gan_mpi_comm *)comm;
    if (!mpi->scratch)
        mpi->scratch = gan_alloc(MAX_DOUBLES * sizeof(double));
    if (!mpi->scratch)
        return gan_error(GAN_FAILED, "rank %d: no memory for a receive buffer", comm->rank);
    mpi->present = gan_watch_arrive(comm->watch);
    GAN_TRY(gan_mpi_sum_progress(mpi));
    for (size_t at = 0; at < n; at += MAX_DOUBLES) {
        size_t count = n - at < MAX_DOUBLES ? n - at : MAX_DOUBLES;
        GAN_TRY(gan_tree_halves(comm->size) ? sum_whole(mpi, buffer + at, count)
                                            : sum_along_tree(mpi, buffer + at, count));
    }
    return GAN_OK;
}
