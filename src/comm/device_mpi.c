/* Sums of a device's memory through the host's: fetched when a sum starts, put back when it is waited for. In
 * between they are sums of the comm below, so their bits are those of a host's backend. For ranks that share
 * a device, and where there is no NCCL: each sum waits for the device. */
#include "device_mpi.h"

#include <stdlib.h>
#include "comm_ops.h"
#include "gan_dist/base.h"

typedef struct device_exchange {
    gan_exchange base;
    gan_exchange *below;
    void *host;
    float *buffer; /* the device's */
    size_t n, room;
} device_exchange;

typedef struct device_comm {
    gan_comm_ops ops;
    const gan_comm_ops *below;
    gan_comm_device device;
    device_exchange exchanges[GAN_EXCHANGES];
    void *doubles;
    size_t room;
} device_comm;

static gan_status grow(void **memory, size_t *room, size_t bytes)
{
    if (bytes <= *room)
        return GAN_OK;
    free(*memory);
    *memory = gan_alloc(bytes);
    *room = *memory ? bytes : 0;
    return *memory ? GAN_OK : gan_error(GAN_FAILED, "no memory to bring %zu bytes to the host", bytes);
}

static gan_status device_sum_start(gan_comm *comm, gan_exchange **out, float *buffer, size_t n)
{
    device_comm *over = comm->over;
    device_exchange *exchange = over->exchanges;
    while (exchange < over->exchanges + GAN_EXCHANGES && exchange->base.in_flight)
        exchange++;
    if (exchange == over->exchanges + GAN_EXCHANGES)
        return gan_error(GAN_FAILED, "more than %d sums in flight", GAN_EXCHANGES);
    exchange->base.in_flight = true;
    exchange->buffer = buffer;
    exchange->n = n;
    *out = &exchange->base;
    GAN_TRY(grow(&exchange->host, &exchange->room, n * sizeof(float)));
    GAN_TRY(over->device.download(over->device.context, exchange->host, buffer, n * sizeof(float)));
    return over->below->sum_start(comm, &exchange->below, exchange->host, n);
}

static gan_status device_sum_wait(gan_comm *comm, gan_exchange *base)
{
    device_comm *over = comm->over;
    device_exchange *exchange = (device_exchange *)base;
    GAN_TRY(over->below->sum_wait(comm, exchange->below));
    base->in_flight = false;
    return over->device.upload(over->device.context, exchange->buffer, exchange->host,
                               exchange->n * sizeof(float));
}

static gan_status device_sum_double(gan_comm *comm, double *buffer, size_t n)
{
    device_comm *over = comm->over;
    GAN_TRY(grow(&over->doubles, &over->room, n * sizeof(double)));
    GAN_TRY(over->device.download(over->device.context, over->doubles, buffer, n * sizeof(double)));
    GAN_TRY(over->below->sum_double(comm, over->doubles, n));
    return over->device.upload(over->device.context, buffer, over->doubles, n * sizeof(double));
}

static void device_leave(gan_comm *comm)
{
    device_comm *over = comm->over;
    for (int i = 0; i < GAN_EXCHANGES; i++)
        free(over->exchanges[i].host);
    free(over->doubles);
    comm->ops = over->below;
    comm->over = NULL;
    free(over);
}

gan_status gan_device_mpi_use(gan_comm *comm, const gan_comm_device *device)
{
    device_comm *over = calloc(1, sizeof *over);
    if (!over)
        return gan_error(GAN_FAILED, "no memory for the sums of a device");
    over->device = *device;
    over->below = comm->ops;
    over->ops = *comm->ops;
    over->ops.sum_start = device_sum_start;
    over->ops.sum_wait = device_sum_wait;
    over->ops.sum_double = device_sum_double;
    over->ops.leave_device = device_leave;
    comm->ops = &over->ops;
    comm->over = over;
    return GAN_OK;
}
