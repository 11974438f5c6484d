/* comm_mpi: the world over MPI: opening, closing, waiting, and the plain collectives. */
#include "comm_mpi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "launch_env.h"

#define MAX_BYTES ((size_t)1 << 30) /* of one broadcast: MPI counts in int */

gan_status gan_mpi_check(const gan_mpi_comm *comm, int code, const char *what)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    if (code == MPI_SUCCESS)
        return GAN_OK;
    MPI_Error_string(code, text, &length);
    return gan_error(GAN_FAILED, "rank %d of %d: %s failed in MPI: %s", comm->base.rank, comm->base.size,
                     what, text);
}

gan_status gan_mpi_wait_any(const gan_mpi_comm *comm, MPI_Request *requests, int n, int *index,
                            const char *what)
{
    return gan_mpi_check(comm, MPI_Waitany(n, requests, index, MPI_STATUS_IGNORE), what);
}

gan_status gan_mpi_wait_all(const gan_mpi_comm *comm, MPI_Request *requests, int n, const char *what)
{
    int index = 0;
    while (index != MPI_UNDEFINED)
        GAN_TRY(gan_mpi_wait_any(comm, requests, n, &index, what));
    return GAN_OK;
}

static gan_status mpi_broadcast(gan_comm *comm, void *buffer, size_t bytes, int root)
{
    gan_mpi_comm *mpi = (gan_mpi_comm *)comm;
    for (size_t at = 0; at < bytes; at += MAX_BYTES) {
        size_t n = bytes - at < MAX_BYTES ? bytes - at : MAX_BYTES;
        MPI_Request request = MPI_REQUEST_NULL;
        int code = MPI_Ibcast((char *)buffer + at, (int)n, MPI_BYTE, root, mpi->world, &request);
        GAN_TRY(gan_mpi_check(mpi, code, "a broadcast"));
        GAN_TRY(gan_mpi_wait_all(mpi, &request, 1, "a broadcast"));
    }
    return GAN_OK;
}

static gan_status mpi_barrier(gan_comm *comm)
{
    gan_mpi_comm *mpi = (gan_mpi_comm *)comm;
    MPI_Request request = MPI_REQUEST_NULL;
    GAN_TRY(gan_mpi_check(mpi, MPI_Ibarrier(mpi->world, &request), "a barrier"));
    return gan_mpi_wait_all(mpi, &request, 1, "a barrier");
}

static gan_status mpi_all_gather(gan_comm *comm, void *out, const void *mine, size_t bytes)
{
    gan_mpi_comm *mpi = (gan_mpi_comm *)comm;
    MPI_Request request = MPI_REQUEST_NULL;
    if (bytes > MAX_BYTES)
        return gan_error(GAN_FAILED, "gathering %zu bytes from each rank is more than MPI can count", bytes);
    int code = MPI_Iallgather(mine, (int)bytes, MPI_BYTE, out, (int)bytes, MPI_BYTE, mpi->world, &request);
    GAN_TRY(gan_mpi_check(mpi, code, "gathering from all ranks"));
    return gan_mpi_wait_all(mpi, &request, 1, "gathering from all ranks");
}

static void free_comms(gan_mpi_comm *mpi)
{
    if (mpi->node != MPI_COMM_NULL)
        MPI_Comm_free(&mpi->node);
    if (mpi->world != MPI_COMM_NULL)
        MPI_Comm_free(&mpi->world);
}

static void mpi_close(gan_comm *comm, bool abort_others, int status)
{
    gan_mpi_comm *mpi = (gan_mpi_comm *)comm;
    if (abort_others && comm->size > 1)
        MPI_Abort(MPI_COMM_WORLD, status);
    while (mpi->windows)
        gan_mpi_shared_free(comm, mpi->windows->memory);
    free_comms(mpi);
    gan_mpi_sum_free(mpi);
    free(mpi->scratch);
    free(mpi);
    MPI_Finalize();
}

static const gan_comm_ops mpi_ops = {
    .close = mpi_close,
    .sum_start = gan_mpi_sum_start,
    .sum_wait = gan_mpi_sum_wait,
    .sum_double = gan_mpi_sum_double,
    .broadcast = mpi_broadcast,
    .barrier = mpi_barrier,
    .all_gather = mpi_all_gather,
    .shared_alloc = gan_mpi_shared_alloc,
    .shared_sync = gan_mpi_shared_sync,
    .shared_free = gan_mpi_shared_free,
};

/* "Open MPI v4.1.4, package: ..." -> "Open MPI v4.1.4". */
static void read_library(gan_comm *comm)
{
    char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length = 0;
    MPI_Get_library_version(text, &length);
    text[strcspn(text, ",\n")] = '\0';
    snprintf(comm->library, sizeof comm->library, "%.100s", text);
}

/* Hosts are numbered by their lowest ranks, which count themselves and tell the others of their host. */
static gan_status number_hosts(gan_mpi_comm *mpi)
{
    static const char what[] = "counting the hosts";
    int leads = mpi->base.local_rank == 0, before = 0;
    GAN_TRY(
        gan_mpi_check(mpi, MPI_Allreduce(&leads, &mpi->base.hosts, 1, MPI_INT, MPI_SUM, mpi->world), what));
    GAN_TRY(gan_mpi_check(mpi, MPI_Exscan(&leads, &before, 1, MPI_INT, MPI_SUM, mpi->world), what));
    mpi->base.host = mpi->base.rank == 0 ? 0 : before;
    return gan_mpi_check(mpi, MPI_Bcast(&mpi->base.host, 1, MPI_INT, 0, mpi->node), what);
}

static gan_status check_places(void)
{
    gan_launch_place mine, *places;
    int size = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    places = calloc((size_t)size, sizeof *places);
    if (!places)
        return gan_error(GAN_FAILED, "no memory for the hosts of %d ranks", size);
    gan_launch_place_read(&mine);
    MPI_Allgather(&mine, sizeof mine, MPI_BYTE, places, sizeof mine, MPI_BYTE, MPI_COMM_WORLD);
    gan_status status = gan_launch_check_places(places, size);
    free(places);
    return status;
}

static gan_status open_comms(gan_mpi_comm *mpi)
{
    static const char what[] = "opening the communicator";
    GAN_TRY(gan_mpi_check(mpi, MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), what));
    GAN_TRY(check_places());
    GAN_TRY(gan_mpi_check(mpi, MPI_Comm_dup(MPI_COMM_WORLD, &mpi->world), what));
    MPI_Comm_rank(mpi->world, &mpi->base.rank);
    MPI_Comm_size(mpi->world, &mpi->base.size);
    int code =
        MPI_Comm_split_type(mpi->world, MPI_COMM_TYPE_SHARED, mpi->base.rank, MPI_INFO_NULL, &mpi->node);
    GAN_TRY(gan_mpi_check(mpi, code, what));
    MPI_Comm_rank(mpi->node, &mpi->base.local_rank);
    MPI_Comm_size(mpi->node, &mpi->base.local_size);
    return number_hosts(mpi);
}

gan_status gan_comm_open_mpi(gan_comm **out, int *argc, char ***argv)
{
    int provided = MPI_THREAD_SINGLE;
    *out = NULL;
    GAN_TRY(gan_launch_check_alone());
    gan_launch_defaults();
    if (MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS)
        return gan_error(GAN_FAILED, "MPI could not be started");
    gan_mpi_comm *mpi = calloc(1, sizeof *mpi);
    gan_status status = GAN_OK;
    if (!mpi) {
        MPI_Finalize();
        return gan_error(GAN_FAILED, "no memory for the communicator");
    }
    mpi->base.ops = &mpi_ops;
    mpi->world = mpi->node = MPI_COMM_NULL;
    for (int i = 0; i < GAN_EXCHANGES * GAN_MPI_LANES * 2; i++)
        (&mpi->requests[0][0][0])[i] = MPI_REQUEST_NULL;
    read_library(&mpi->base);
    GAN_TRY_OUT(status, open_comms(mpi));
    GAN_TRY_OUT(status, gan_launch_check_world(mpi->base.size));
    if (provided < MPI_THREAD_FUNNELED)
        status = gan_error(GAN_FAILED, "this MPI (%s) does not allow threads beside it", mpi->base.library);
out:
    if (status == GAN_OK) {
        *out = &mpi->base;
        return GAN_OK;
    }
    mpi_close(&mpi->base, false, status);
    return status;
}
