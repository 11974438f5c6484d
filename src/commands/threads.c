#include "commands.h"

#include <stdlib.h>
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
