/* comm_ops.h: what an implementation of gan_comm provides. comm.c dispatches, agree.c builds on all_gather
 * and broadcast.
 *
 * An implementation embeds gan_comm and gan_exchange as the first member of its own structs. One that sums
 * the memory of a device is put over another: it takes that one's table and replaces the sums. */
#ifndef GAN_COMM_OPS_H
#define GAN_COMM_OPS_H

#include "gan_dist/comm.h"
#include "watch.h"

typedef struct gan_comm_ops {
    void (*close)(gan_comm *comm, bool abort_others, int status);
    gan_status (*sum_start)(gan_comm *comm, gan_exchange **out, float *buffer, size_t n);
    gan_status (*sum_wait)(gan_comm *comm, gan_exchange *exchange);
    gan_status (*sum_double)(gan_comm *comm, double *buffer, size_t n);
    gan_status (*broadcast)(gan_comm *comm, void *buffer, size_t bytes, int root);
    gan_status (*barrier)(gan_comm *comm);
    /* out[r*bytes .. (r+1)*bytes) = rank r's `mine`, on every rank. */
    gan_status (*all_gather)(gan_comm *comm, void *out, const void *mine, size_t bytes);
    gan_status (*shared_alloc)(gan_comm *comm, void **out, size_t bytes);
    gan_status (*shared_sync)(gan_comm *comm);
    void (*shared_free)(gan_comm *comm, void *memory);
    gan_status (*poll)(gan_comm *comm);   /* whether a wait may go on, wherever the host waits; attends */
    gan_status (*replay)(gan_comm *comm); /* NULL: sums cannot be recorded */
    void (*leave_device)(gan_comm *comm); /* NULL: there is none */
} gan_comm_ops;

struct gan_comm {
    const gan_comm_ops *ops;
    int rank, size, local_rank, local_size, host, hosts;
    char library[128];
    gan_peer *peers;  /* of all ranks */
    gan_watch *watch; /* NULL when there is nobody to wait for */
    void *over;       /* what has taken over the sums */
    void (*on_wait)(void *context);
    void *on_wait_context;
};

/* comm.c: what was asked for by gan_comm_on_wait. */
void gan_comm_attend(const gan_comm *comm);

struct gan_exchange {
    bool in_flight;
};

#endif
