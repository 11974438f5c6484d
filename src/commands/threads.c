#include "commands.h"

#include <stdlib.h>
#include <string.h>
#include "gan_dist/log.h"
#include "ranks.h"

int gan_threads_default(gan_comm *comm)
{
    gan_rank_facts *facts;
    if (gan_ranks_gather(&facts, comm, 0) != GAN_OK)
        return 0;
    int threads = gan_ranks_cores(facts, gan_comm_size(comm), gan_comm_rank(comm));
    free(facts);
    return threads;
}

static bool waits_passively(void)
{
    const char *policy = getenv("OMP_WAIT_POLICY");
    return policy && strcasecmp(policy, "passive") == 0;
}

/* Threads of the host, or 0 when they have a core each. */
static int crowd(const gan_rank_facts *facts, int size, int host, int *cores)
{
    int threads = 0;
    cpu_set_t all;
    CPU_ZERO(&all);
    for (int r = 0; r < size; r++) {
        if (facts[r].host != host)
            continue;
        threads += facts[r].threads;
        CPU_OR(&all, &all, &facts[r].of.cores);
    }
    *cores = CPU_COUNT(&all);
    return threads > *cores ? threads : 0;
}

gan_status gan_threads_warn(gan_comm *comm, int threads)
{
    gan_rank_facts *facts;
    int size = gan_comm_size(comm);
    GAN_TRY(gan_ranks_gather(&facts, comm, threads));
    for (int r = 0; r < size; r++) {
        int cores, crowded = crowd(facts, size, facts[r].host, &cores);
        if (facts[r].threads < 2 || crowded == 0 || waits_passively())
            continue;
        gan_warn0("host %s: %d threads on %d core%s, where waiting threads keep working ones from theirs: "
                  "steps may take a hundred times as long; use fewer --threads or ranks, "
                  "or set OMP_WAIT_POLICY=passive",
                  facts[r].of.name, crowded, cores, cores == 1 ? "" : "s");
        break;
    }
    free(facts);
    return GAN_OK;
}
