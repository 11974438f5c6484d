/* comm_self: one rank, no MPI call at all. Sums are what they were, memory is plain memory. */
#include "comm_ops.h"
#include "gan_dist/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "gan_dist/base.h"

typedef struct self_comm {
    gan_comm base;
    gan_exchange exchanges[GAN_EXCHANGES];
    gan_peer peer;
} self_comm;

static void self_close(gan_comm *comm, bool abort_others, int status)
{
    (void)abort_others;
    (void)status;
    free(comm);
}

static gan_status self_sum_start(gan_comm *comm, gan_exchange **out, float *buffer, size_t n)
{
    self_comm *self = (self_comm *)comm;
    (void)buffer;
    (void)n;
    for (int i = 0; i < GAN_EXCHANGES; i++) {
        if (!self->exchanges[i].in_flight) {
            self->exchanges[i].in_flight = true;
            *out = &self->exchanges[i];
            return GAN_OK;
        }
    }
    return gan_error(GAN_FAILED, "more than %d sums in flight", GAN_EXCHANGES);
}

static gan_status self_sum_wait(gan_comm *comm, gan_exchange *exchange)
{
    (void)comm;
    exchange->in_flight = false;
    return GAN_OK;
}

static gan_status self_sum_double(gan_comm *comm, double *buffer, size_t n)
{
    (void)comm;
    (void)buffer;
    (void)n;
    return GAN_OK;
}

static gan_status self_broadcast(gan_comm *comm, void *buffer, size_t bytes, int root)
{
    (void)comm;
    (void)buffer;
    (void)bytes;
    if (root != 0)
        return gan_error(GAN_FAILED, "broadcast from rank %d, but there is only rank 0", root);
    return GAN_OK;
}

static gan_status self_nothing(gan_comm *comm)
{
    (void)comm;
    return GAN_OK;
}

static gan_status self_poll(gan_comm *comm)
{
    gan_comm_attend(comm);
    return GAN_OK;
}

static gan_status self_all_gather(gan_comm *comm, void *out, const void *mine, size_t bytes)
{
    (void)comm;
    memcpy(out, mine, bytes);
    return GAN_OK;
}

static gan_status self_shared_alloc(gan_comm *comm, void **out, size_t bytes)
{
    (void)comm;
    *out = NULL;
    GAN_TRY(gan_host_check_memory(bytes));
    *out = gan_alloc(bytes ? bytes : 1);
    if (!*out)
        return gan_error(GAN_FAILED, "no memory for %.1f MiB shared by the ranks of this host",
                         gan_mib(bytes));
    return GAN_OK;
}

static void self_shared_free(gan_comm *comm, void *memory)
{
    (void)comm;
    free(memory);
}

static const gan_comm_ops self_ops = {
    .close = self_close,
    .sum_start = self_sum_start,
    .sum_wait = self_sum_wait,
    .sum_double = self_sum_double,
    .broadcast = self_broadcast,
    .barrier = self_nothing,
    .all_gather = self_all_gather,
    .shared_alloc = self_shared_alloc,
    .shared_sync = self_nothing,
    .shared_free = self_shared_free,
    .poll = self_poll,
};

gan_status gan_comm_open_self(gan_comm **out)
{
    self_comm *self = calloc(1, sizeof *self);
    *out = NULL;
    if (!self)
        return gan_error(GAN_FAILED, "no memory for the communicator");
    self->base.ops = &self_ops;
    self->base.size = self->base.local_size = self->base.hosts = 1;
    self->base.peers = &self->peer;
    self->peer.pid = (long)getpid();
    gethostname(self->peer.name, sizeof self->peer.name - 1);
    snprintf(self->base.library, sizeof self->base.library, "none, one process");
    *out = &self->base;
    return GAN_OK;
}
