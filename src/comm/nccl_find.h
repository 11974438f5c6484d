/* nccl_find.h: where the program finds the module of comm_nccl. */
#ifndef GAN_COMM_NCCL_FIND_H
#define GAN_COMM_NCCL_FIND_H

#include "gan_dist/comm.h"

/* Puts NCCL over `comm`. Collective; every failure is agreed. */
typedef gan_status gan_nccl_use_fn(gan_comm *comm, const gan_comm_device *device, bool tree);
gan_nccl_use_fn gan_nccl_use; /* the module's */

/* GAN_BAD_INPUT with the reason where this build or this machine has none. */
gan_status gan_nccl_find(gan_nccl_use_fn **out);

#endif
