/* The sums. NCCL's own all-reduce adds in an order of its own choice; the tree is that of tree.h, carried by
 * messages and added by a kernel: the same bits as comm_mpi's, whatever the piece it is cut into. */
#include "comm_nccl.h"
#include "comm/tree.h"

static bool goes_on(ncclResult_t result)
{
    return result == ncclSuccess || result == ncclInProgress;
}

static gan_status swap(gan_nccl *over, const void *send, size_t n_send, void *receive, size_t n_receive,
                       int peer, ncclDataType_t type)
{
    if (n_send == 0 && n_receive == 0)
        return GAN_OK;
    ncclResult_t result = ncclGroupStart();
    if (goes_on(result) && n_send > 0)
        result = ncclSend(send, n_send, type, peer, over->nccl, over->stream);
    if (goes_on(result) && n_receive > 0)
        result = ncclRecv(receive, n_receive, type, peer, over->nccl, over->stream);
    ncclResult_t ended = ncclGroupEnd();
    return gan_nccl_settle(over, "ncclSend and ncclRecv", goes_on(result) ? ended : result);
}

static gan_status add(gan_nccl *over, void *buffer, size_t n, ncclDataType_t type)
{
    cudaError_t error = type == ncclDouble ? gan_nccl_add_doubles(buffer, over->piece, n, over->stream)
                                           : gan_nccl_add_floats(buffer, over->piece, n, over->stream);
    return gan_nccl_check_cuda(over, "the addition of two ranks' parts", error);
}

static gan_status sum_piece(gan_nccl *over, char *buffer, size_t n, ncclDataType_t type, size_t bytes)
{
    const gan_comm *comm = over->comm;
    for (int step = 0; step < gan_tree_steps(comm->size); step++) {
        gan_move move;
        gan_tree_move(&move, comm->rank, comm->size, step, n);
        char *at = buffer + move.receive_at * bytes;
        GAN_TRY(swap(over, buffer + move.send_at * bytes, move.n_send, move.add ? over->piece : at,
                     move.n_receive, move.peer, type));
        if (move.add && move.n_receive > 0)
            GAN_TRY(add(over, at, move.n_receive, type));
    }
    return GAN_OK;
}

static gan_status sum_tree(gan_nccl *over, char *buffer, size_t n, ncclDataType_t type)
{
    size_t bytes = type == ncclDouble ? sizeof(double) : sizeof(float), room = GAN_NCCL_PIECE_BYTES / bytes;
    for (size_t at = 0; at < n; at += room)
        GAN_TRY(sum_piece(over, buffer + at * bytes, n - at < room ? n - at : room, type, bytes));
    return GAN_OK;
}

/* `to` goes on when `from` has come to here. */
static gan_status order(gan_nccl *over, cudaEvent_t event, cudaStream_t from, cudaStream_t to)
{
    GAN_TRY(gan_nccl_check_cuda(over, "cudaEventRecord", cudaEventRecord(event, from)));
    return gan_nccl_check_cuda(over, "cudaStreamWaitEvent", cudaStreamWaitEvent(to, event, 0));
}

static gan_status start(gan_nccl *over, gan_nccl_exchange *exchange, void *buffer, size_t n,
                        ncclDataType_t type)
{
    GAN_TRY(gan_nccl_begin(over, type == ncclDouble ? "doubles" : "floats", n));
    GAN_TRY(order(over, exchange->ready, over->device.stream, over->stream));
    GAN_TRY(gan_nccl_mark_begin(over));
    if (over->tree)
        GAN_TRY(sum_tree(over, buffer, n, type));
    else if (n > 0)
        GAN_TRY(gan_nccl_settle(over, "ncclAllReduce",
                                ncclAllReduce(buffer, buffer, n, type, ncclSum, over->nccl, over->stream)));
    GAN_TRY(gan_nccl_check_cuda(over, "cudaEventRecord", cudaEventRecord(exchange->done, over->stream)));
    return gan_nccl_mark_end(over);
}

static gan_status finish(gan_nccl *over, gan_nccl_exchange *exchange)
{
    return gan_nccl_check_cuda(over, "cudaStreamWaitEvent",
                               cudaStreamWaitEvent(over->device.stream, exchange->done, 0));
}

gan_status gan_nccl_sum_start(gan_comm *comm, gan_exchange **out, float *buffer, size_t n)
{
    gan_nccl *over = comm->over;
    gan_nccl_exchange *exchange = over->exchanges;
    while (exchange < over->exchanges + GAN_EXCHANGES && exchange->base.in_flight)
        exchange++;
    if (exchange == over->exchanges + GAN_EXCHANGES)
        return gan_error(GAN_FAILED, "more than %d sums in flight", GAN_EXCHANGES);
    exchange->base.in_flight = true;
    *out = &exchange->base;
    return start(over, exchange, buffer, n, ncclFloat);
}

gan_status gan_nccl_sum_wait(gan_comm *comm, gan_exchange *exchange)
{
    exchange->in_flight = false;
    return finish(comm->over, (gan_nccl_exchange *)exchange);
}

gan_status gan_nccl_sum_double(gan_comm *comm, double *buffer, size_t n)
{
    gan_nccl *over = comm->over;
    GAN_TRY(start(over, &over->small, buffer, n, ncclDouble));
    return finish(over, &over->small);
}
