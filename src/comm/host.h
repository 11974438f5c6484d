/* host.h: what this host lets this process have. Local questions, no message to other ranks, no MPI. */
#ifndef GAN_COMM_HOST_H
#define GAN_COMM_HOST_H

#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include "gan_dist/error.h"

typedef struct gan_host {
    char name[64];
    cpu_set_t cores;  /* this process may run on these */
    double quota;     /* cores' worth of time the container may use; 0 = no limit */
    double total_mib; /* memory of the host or of the container, whichever is less; 0 = unknown */
    double available_mib;
} gan_host;

void gan_host_read(gan_host *out);

double gan_mib(size_t bytes);

/* GAN_FAILED, saying how much was asked for, when the host has less than `bytes` of memory to give. */
gan_status gan_host_check_memory(size_t bytes);

/* The same for the file system that `folder` is on: memory shared by processes is a file there. */
gan_status gan_host_check_space(const char *folder, size_t bytes);

#endif
