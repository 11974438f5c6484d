/* ranks.h: what every rank knows about its own process and host, gathered on all ranks. Collective. */
#ifndef GAN_COMMANDS_RANKS_H
#define GAN_COMMANDS_RANKS_H

#include "gan_dist/host.h"
#include "gan_dist/comm.h"

typedef struct gan_rank_facts {
    int host; /* gan_comm_host() */
    int threads;
    gan_host of; /* as the rank sees it */
} gan_rank_facts;

/* out[0..size) by rank, freed by the caller. `threads` is this rank's own number. */
gan_status gan_ranks_gather(gan_rank_facts **out, gan_comm *comm, int threads);

/* The ranks on `facts[rank]`'s host that may use exactly the same cores as it does, itself included. */
int gan_ranks_sharing(const gan_rank_facts *facts, int size, int rank);

/* Cores for one rank: its own, shared evenly with those that have the same,
 * within the container's share of time. */
int gan_ranks_cores(const gan_rank_facts *facts, int size, int rank);

#endif
