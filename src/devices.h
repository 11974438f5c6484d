/* devices.h: which backend, which of its devices, and what carries the sums over the ranks: from the
 * configuration and what the hosts have. All ranks reach the same conclusion. */
#ifndef GAN_DEVICES_H
#define GAN_DEVICES_H

#include "gan_dist/backend.h"
#include "gan_dist/comm.h"
#include "gan_dist/config.h"

typedef struct gan_placement {
    const char *backend;
    int device;       /* of this rank */
    int seen;         /* devices that this rank sees */
    gan_comm_way way; /* of the sums, where the backend has a device and there are several ranks */
    char why[512];    /* why this backend; "" when it was asked for by name */
} gan_placement;

/* Collective. Points into `config`. GAN_BAD_INPUT where a backend is to be chosen and a rank has a driver
 * that does not work. */
gan_status gan_devices_place(gan_placement *out, gan_comm *comm, const gan_config *config);

/* Opens what was placed; a message of a device's backend names the rank, too. Not collective: the ranks agree
 * on the outcome. */
gan_status gan_devices_open(gan_backend **out, const gan_comm *comm, const gan_placement *placement,
                            gan_precision precision, int threads);

/* From here on the comm sums the memory of this backend. Collective, agreed;
 * gan_comm_leave_device() ends it. */
gan_status gan_devices_use(gan_comm *comm, gan_backend *be, gan_comm_way way);

/* Whether the batch is cut into one shard a rank when nobody has said otherwise: a GPU wants much work at a
 * time. More shards are for the bits of the fixed tree, which NCCL's own sum does not promise, and for batch
 * norm over each of them. */
bool gan_devices_shard_each(const gan_placement *placement, const gan_config *config);

/* The backend of one process that needs no other rank. */
gan_status gan_devices_backend(const char **out, const gan_config *config);

/* For people: "NCCL's all-reduce". */
const char *gan_devices_way(gan_comm_way way);

#endif
