/* comm_mpi: the world over MPI: opening, closing, waiting, and the plain collectives. */
#include "comm_mpi.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "gan_dist/log.h"
#include "launch_env.h"

#define MAX_BYTES     ((size_t)1 << 30) /* of one broadcast: MPI counts in int */
#define ABORT_SECONDS 10.0              /* MPI_Abort may wait for a host that cannot be reached */
#define TURNS         256               /* polls between two looks at the clock */

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

/* Not MPI_Testall: gcc 12 takes MPICH's MPI_STATUSES_IGNORE for an array that is too short. */
gan_status gan_mpi_test_all(const gan_mpi_comm *comm, MPI_Request *requests, int n, bool *done,
                            const char *what)
{
    *done = true;
    for (int i = 0; i < n; i++) {
        int one = 0;
        GAN_TRY(gan_mpi_check(comm, MPI_Test(&requests[i], &one, MPI_STATUS_IGNORE), what));
        *done = *done && one;
    }
    return GAN_OK;
}

static gan_status mpi_poll(gan_comm *comm)
{
    gan_comm_attend(comm);
    GAN_TRY(gan_watch_verdict(comm->watch));
    if (comm->rank == 0 && comm->size > 1)
        GAN_TRY(gan_mpi_hear_last_words((gan_mpi_comm *)comm));
    return gan_mpi_gossip_turn((gan_mpi_comm *)comm);
}

/* Polls, and now and then looks up: whether the wait must end, whether other hosts should hear of it. */
gan_status gan_mpi_wait_any(gan_mpi_comm *comm, MPI_Request *requests, int n, int *index, uint64_t number,
                            const char *what)
{
    int done = 0;
    gan_status status = GAN_OK;
    gan_watch_wait(comm->base.watch, number, what);
    for (unsigned turn = 1; status == GAN_OK; turn++) {
        status = gan_mpi_check(comm, MPI_Testany(n, requests, index, &done, MPI_STATUS_IGNORE), what);
        if (done || status != GAN_OK)
            break;
        if (turn % TURNS == 0)
            status = mpi_poll(&comm->base);
    }
    gan_watch_done(comm->base.watch);
    return status;
}

gan_status gan_mpi_wait_all(gan_mpi_comm *comm, MPI_Request *requests, int n, uint64_t number,
                            const char *what)
{
    int index = 0;
    while (index != MPI_UNDEFINED)
        GAN_TRY(gan_mpi_wait_any(comm, requests, n, &index, number, what));
    return GAN_OK;
}

static gan_status mpi_broadcast(gan_comm *comm, void *buffer, size_t bytes, int root)
{
    gan_mpi_comm *mpi = (gan_mpi_comm *)comm;
    uint64_t number = gan_watch_arrive(comm->watch);
    for (size_t at = 0; at < bytes; at += MAX_BYTES) {
        size_t n = bytes - at < MAX_BYTES ? bytes - at : MAX_BYTES;
        MPI_Request request = MPI_REQUEST_NULL;
        int code = MPI_Ibcast((char *)buffer + at, (int)n, MPI_BYTE, root, mpi->world, &request);
        GAN_TRY(gan_mpi_check(mpi, code, "a broadcast"));
        GAN_TRY(gan_mpi_wait_all(mpi, &request, 1, number, "a broadcast"));
    }
    return GAN_OK;
}

static gan_status mpi_barrier(gan_comm *comm)
{
    gan_mpi_comm *mpi = (gan_mpi_comm *)comm;
    MPI_Request request = MPI_REQUEST_NULL;
    uint64_t number = gan_watch_arrive(comm->watch);
    GAN_TRY(gan_mpi_check(mpi, MPI_Ibarrier(mpi->world, &request), "a barrier"));
    return gan_mpi_wait_all(mpi, &request, 1, number, "a barrier");
}

static gan_status mpi_all_gather(gan_comm *comm, void *out, const void *mine, size_t bytes)
{
    gan_mpi_comm *mpi = (gan_mpi_comm *)comm;
    MPI_Request request = MPI_REQUEST_NULL;
    uint64_t number = gan_watch_arrive(comm->watch);
    if (bytes > MAX_BYTES)
        return gan_error(GAN_FAILED, "gathering %zu bytes from each rank is more than MPI can count", bytes);
    int code = MPI_Iallgather(mine, (int)bytes, MPI_BYTE, out, (int)bytes, MPI_BYTE, mpi->world, &request);
    GAN_TRY(gan_mpi_check(mpi, code, "gathering from all ranks"));
    return gan_mpi_wait_all(mpi, &request, 1, number, "gathering from all ranks");
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
    gan_watch *watch = comm->watch;
    if (abort_others && comm->size > 1) {
        gan_watch_leave(watch, GAN_LAST_WORDS_SECONDS + ABORT_SECONDS);
        gan_mpi_last_words(mpi, status);
        MPI_Abort(MPI_COMM_WORLD, status);
    }
    gan_watch_leave(watch, 0);
    gan_watch_wait(watch, gan_watch_arrive(watch), "the end of all ranks");
    gan_watch_detach(watch);
    gan_mpi_gossip_close(mpi);
    while (mpi->windows)
        gan_mpi_shared_free(comm, mpi->windows->memory);
    free_comms(mpi);
    gan_mpi_sum_free(mpi);
    free(mpi->scratch);
    free(mpi->view.watched);
    free(comm->peers);
    free(mpi);
    MPI_Finalize();
    gan_watch_done(watch);
    gan_watch_close(watch);
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
    .poll = mpi_poll,
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

static gan_status meet_peers(gan_mpi_comm *mpi)
{
    gan_peer me = {.host = mpi->base.host, .pid = (long)getpid()};
    gethostname(me.name, sizeof me.name - 1);
    mpi->base.peers = calloc((size_t)mpi->base.size, sizeof me);
    if (!mpi->base.peers)
        return gan_error(GAN_FAILED, "no memory for a list of %d ranks", mpi->base.size);
    int code = MPI_Allgather(&me, sizeof me, MPI_BYTE, mpi->base.peers, sizeof me, MPI_BYTE, mpi->world);
    return gan_mpi_check(mpi, code, "meeting the other ranks");
}

static gan_status open_comms(gan_mpi_comm *mpi)
{
    static const char what[] = "opening the communicator";
    gan_watch_wait(mpi->base.watch, 0, what);
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
    GAN_TRY(number_hosts(mpi));
    GAN_TRY(meet_peers(mpi));
    gan_watch_done(mpi->base.watch);
    return GAN_OK;
}

/* The board of this host, with a seat for every rank of the job. */
static gan_status open_board(gan_mpi_comm *mpi)
{
    gan_board_view *view = &mpi->view;
    int size = mpi->base.size;
    void *board;
    *view = (gan_board_view){.peers = mpi->base.peers, .rank = mpi->base.rank, .size = size};
    view->watched = calloc((size_t)size, sizeof *view->watched);
    gan_status status = view->watched ? GAN_OK : gan_error(GAN_FAILED, "no memory for %d ranks", size);
    GAN_TRY(gan_comm_agree(&mpi->base, status));
    GAN_TRY(gan_comm_agree(&mpi->base, gan_mpi_gossip_open(mpi)));
    GAN_TRY(gan_mpi_shared_alloc(&mpi->base, &board, gan_board_bytes(size)));
    view->board = board;
    /* In containers a neighbour's process may have no number here; then its end cannot be seen. */
    for (int rank = 0; rank < size; rank++)
        view->watched[rank] = view->peers[rank].host == mpi->base.host &&
                              (kill((pid_t)view->peers[rank].pid, 0) == 0 || errno == EPERM);
    gan_watch_attach(mpi->base.watch, view);
    return gan_mpi_shared_sync(&mpi->base);
}

static gan_status open_world(gan_mpi_comm *mpi)
{
    int rank = 0, size = 1;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    gan_log_init(rank, size); /* before the first wait, which may have to be told */
    gan_launch_warn();
    if (size > 1)
        GAN_TRY(gan_watch_open(&mpi->base.watch, rank));
    GAN_TRY(open_comms(mpi));
    GAN_TRY(gan_launch_check_world(size));
    return size > 1 ? open_board(mpi) : GAN_OK;
}

gan_status gan_comm_open_mpi(gan_comm **out, int *argc, char ***argv)
{
    int provided = MPI_THREAD_SINGLE;
    *out = NULL;
    GAN_TRY(gan_launch_check_alone());
    GAN_TRY(gan_launch_defaults());
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
    GAN_TRY_OUT(status, open_world(mpi));
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
