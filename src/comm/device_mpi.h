/* device_mpi.h: puts sums of a device's memory over a comm that sums the host's. */
#ifndef GAN_COMM_DEVICE_MPI_H
#define GAN_COMM_DEVICE_MPI_H

#include "gan_dist/comm.h"

gan_status gan_device_mpi_use(gan_comm *comm, const gan_comm_device *device);

#endif
