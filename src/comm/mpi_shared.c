/* Memory shared by the ranks of a host: the lowest rank there allocates all of it, the others map it. */
#include "comm_mpi.h"
#include "gan_dist/host.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT ((size_t)64)

static const char what[] = "sharing memory between the ranks of a host";

/* Where Open MPI makes the file behind a shared window. */
static const char *backing_folder(void)
{
    const char *folder = getenv("OMPI_MCA_osc_sm_backing_directory");
    return folder ? folder : "/dev/shm";
}

static gan_status check_room(const gan_mpi_comm *mpi, size_t bytes)
{
    if (mpi->base.local_rank != 0)
        return GAN_OK;
    if (mpi->base.local_size > 1)
        GAN_TRY(gan_host_check_space(backing_folder(), bytes));
    return gan_host_check_memory(bytes);
}

static gan_status node_barrier(gan_mpi_comm *mpi)
{
    MPI_Request request = MPI_REQUEST_NULL;
    GAN_TRY(gan_mpi_check(mpi, MPI_Ibarrier(mpi->node, &request), what));
    return gan_mpi_wait_all(mpi, &request, 1, gan_watch_arrive(mpi->base.watch), what);
}

/* The window on this host, and in it the first aligned byte: windows begin at the same place in a page on
 * every rank. */
static gan_status allocate(gan_mpi_comm *mpi, gan_mpi_window *window, size_t bytes)
{
    size_t room = bytes + ALIGNMENT;
    MPI_Aint mine = mpi->base.local_rank == 0 ? (MPI_Aint)room : 0, size;
    void *start;
    int unit;
    gan_watch_wait(mpi->base.watch, gan_watch_arrive(mpi->base.watch), what);
    GAN_TRY(gan_mpi_check(
        mpi, MPI_Win_allocate_shared(mine, 1, MPI_INFO_NULL, mpi->node, &start, &window->window), what));
    gan_watch_done(mpi->base.watch);
    GAN_TRY(gan_mpi_check(mpi, MPI_Win_set_errhandler(window->window, MPI_ERRORS_RETURN), what));
    GAN_TRY(gan_mpi_check(mpi, MPI_Win_shared_query(window->window, 0, &size, &unit, &start), what));
    GAN_TRY(gan_mpi_check(mpi, MPI_Win_lock_all(MPI_MODE_NOCHECK, window->window), what));
    window->memory = (char *)start + (ALIGNMENT - (uintptr_t)start % ALIGNMENT) % ALIGNMENT;
    return GAN_OK;
}

/* The ranks of the host zero one share each, which also spreads the pages over their memory. */
static gan_status zero(gan_mpi_comm *mpi, void *memory, size_t bytes)
{
    size_t share = bytes / (size_t)mpi->base.local_size + 1;
    size_t from = share * (size_t)mpi->base.local_rank;
    if (from < bytes)
        memset((char *)memory + from, 0, bytes - from < share ? bytes - from : share);
    return gan_mpi_shared_sync(&mpi->base);
}

gan_status gan_mpi_shared_alloc(gan_comm *comm, void **out, size_t bytes)
{
    gan_mpi_comm *mpi = (gan_mpi_comm *)comm;
    gan_mpi_window *window = calloc(1, sizeof *window);
    *out = NULL;
    gan_status status = window ? check_room(mpi, bytes) : gan_error(GAN_FAILED, "no memory for a window");
    status = gan_comm_agree(comm, status);
    if (status != GAN_OK) {
        free(window);
        return status;
    }
    /* A window that one rank could not make cannot be freed by the others either (that is collective): the
     * job ends. */
    window->window = MPI_WIN_NULL;
    status = gan_comm_agree(comm, allocate(mpi, window, bytes));
    if (status != GAN_OK) {
        free(window);
        return status;
    }
    window->next = mpi->windows;
    mpi->windows = window;
    GAN_TRY(zero(mpi, window->memory, bytes));
    *out = window->memory;
    return GAN_OK;
}

gan_status gan_mpi_shared_sync(gan_comm *comm)
{
    gan_mpi_comm *mpi = (gan_mpi_comm *)comm;
    for (gan_mpi_window *w = mpi->windows; w; w = w->next)
        GAN_TRY(gan_mpi_check(mpi, MPI_Win_sync(w->window), what));
    GAN_TRY(node_barrier(mpi));
    for (gan_mpi_window *w = mpi->windows; w; w = w->next)
        GAN_TRY(gan_mpi_check(mpi, MPI_Win_sync(w->window), what));
    return GAN_OK;
}

void gan_mpi_shared_free(gan_comm *comm, void *memory)
{
    gan_mpi_comm *mpi = (gan_mpi_comm *)comm;
    for (gan_mpi_window **link = &mpi->windows; *link; link = &(*link)->next) {
        gan_mpi_window *window = *link;
        if (window->memory != memory)
            continue;
        *link = window->next;
        MPI_Win_unlock_all(window->window);
        MPI_Win_free(&window->window);
        free(window);
        return;
    }
}
