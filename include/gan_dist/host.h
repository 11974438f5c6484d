/* host.h: what this host lets this process have: cores, memory, room in a folder.
 *
 * Local questions: no message to other ranks. Any thread and rank may call; nothing is handed over. */
#ifndef GAN_DIST_HOST_H
#define GAN_DIST_HOST_H

#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include "gan_dist/error.h"

/* What gan_host_read found. What cannot be read is 0, and cores then all those online. */
typedef struct gan_host {
    char name[64];
    cpu_set_t cores;  /* this process may run on these */
    double quota;     /* cores' worth of time the container may use; 0 = no limit */
    double total_mib; /* memory of the host or of the container, whichever is less; 0 = unknown */
    double available_mib;
} gan_host;

/* Reads it anew: affinity mask, control group, memory. */
void gan_host_read(gan_host *out);

/* Bytes as MiB. */
double gan_mib(size_t bytes);

/* GAN_FAILED, saying how much was asked for, when the host has less than `bytes` of memory to give. */
gan_status gan_host_check_memory(size_t bytes);

/* The same for the file system that `folder` is on: memory shared by processes is a file there. */
gan_status gan_host_check_space(const char *folder, size_t bytes);

#endif
