/* The public calls: each goes to the implementation behind the comm. */
#include "comm_ops.h"
#include "device_mpi.h"
#include "nccl_find.h"

void gan_comm_close(gan_comm *comm, bool abort_others, int status)
{
    if (comm)
        comm->ops->close(comm, abort_others, status);
}

int gan_comm_rank(const gan_comm *comm)
{
    return comm->rank;
}

int gan_comm_size(const gan_comm *comm)
{
    return comm->size;
}

int gan_comm_local_rank(const gan_comm *comm)
{
    return comm->local_rank;
}

int gan_comm_local_size(const gan_comm *comm)
{
    return comm->local_size;
}

int gan_comm_hosts(const gan_comm *comm)
{
    return comm->hosts;
}

int gan_comm_host(const gan_comm *comm)
{
    return comm->host;
}

const char *gan_comm_library(const gan_comm *comm)
{
    return comm->library;
}

const gan_peer *gan_comm_peer(const gan_comm *comm, int rank)
{
    return &comm->peers[rank];
}

void gan_comm_deadlines(gan_comm *comm, double warning, double timeout)
{
    gan_watch_deadlines(comm->watch, warning, timeout);
}

void gan_comm_report(gan_comm *comm, uint64_t step, const char *doing)
{
    gan_watch_report(comm->watch, step, doing);
}

bool gan_comm_has_told(gan_comm *comm)
{
    return gan_watch_has_told(comm->watch);
}

gan_status gan_comm_find_nccl(void)
{
    gan_nccl_use_fn *use;
    return gan_nccl_find(&use);
}

gan_status gan_comm_use_device(gan_comm *comm, const gan_comm_device *device, gan_comm_way way)
{
    gan_nccl_use_fn *use;
    if (comm->size == 1)
        return GAN_OK;
    if (way == GAN_COMM_MPI)
        return gan_comm_agree(comm, gan_device_mpi_use(comm, device));
    GAN_TRY(gan_comm_agree(comm, gan_nccl_find(&use)));
    return use(comm, device, way == GAN_COMM_NCCL_TREE);
}

void gan_comm_on_wait(gan_comm *comm, void (*fn)(void *context), void *context)
{
    comm->on_wait = fn;
    comm->on_wait_context = context;
}

void gan_comm_attend(const gan_comm *comm)
{
    if (comm->on_wait)
        comm->on_wait(comm->on_wait_context);
}

gan_status gan_comm_poll(gan_comm *comm)
{
    return comm->ops->poll(comm);
}

bool gan_comm_capturable(const gan_comm *comm)
{
    return comm->size == 1 || comm->ops->replay;
}

gan_status gan_comm_replay(gan_comm *comm)
{
    return comm->ops->replay ? comm->ops->replay(comm) : GAN_OK;
}

void gan_comm_leave_device(gan_comm *comm)
{
    if (comm->ops->leave_device)
        comm->ops->leave_device(comm);
}

gan_status gan_comm_sum_start(gan_comm *comm, gan_exchange **out, float *buffer, size_t n)
{
    return comm->ops->sum_start(comm, out, buffer, n);
}

gan_status gan_comm_sum_wait(gan_comm *comm, gan_exchange *exchange)
{
    return comm->ops->sum_wait(comm, exchange);
}

gan_status gan_comm_sum_double(gan_comm *comm, double *buffer, size_t n)
{
    return comm->ops->sum_double(comm, buffer, n);
}

gan_status gan_comm_broadcast(gan_comm *comm, void *buffer, size_t bytes, int root)
{
    return comm->ops->broadcast(comm, buffer, bytes, root);
}

gan_status gan_comm_barrier(gan_comm *comm)
{
    return comm->ops->barrier(comm);
}

gan_status gan_comm_shared_alloc(gan_comm *comm, void **out, size_t bytes)
{
    return comm->ops->shared_alloc(comm, out, bytes);
}

gan_status gan_comm_shared_sync(gan_comm *comm)
{
    return comm->ops->shared_sync(comm);
}

void gan_comm_shared_free(gan_comm *comm, void *memory)
{
    if (memory)
        comm->ops->shared_free(comm, memory);
}
