/* What `gan_dist check` concludes: cores shared among ranks, ranks on the same core, too little memory. */
#include "expect.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include "commands/commands.h"
#include "commands/ranks.h"
#include "gan_dist/config.h"
#include "gan_dist/log.h"

static void bind_to(int first, int count)
{
    cpu_set_t cores;
    CPU_ZERO(&cores);
    for (int i = 0; i < count; i++)
        CPU_SET(first + i, &cores);
    EXPECT(sched_setaffinity(0, sizeof cores, &cores) == 0);
}

static int first_core(const cpu_set_t *cores)
{
    int core = 0;
    while (!CPU_ISSET(core, cores))
        core++;
    return core;
}

/* No host needed: eight cores, one limit after the other. */
static void shares_cores(void)
{
    gan_rank_facts facts[4];
    memset(facts, 0, sizeof facts);
    for (int r = 0; r < 4; r++)
        for (int core = 0; core < 8; core++)
            CPU_SET(core, &facts[r].of.cores);
    EXPECT(gan_ranks_cores(facts, 4, 0) == 2);
    EXPECT(gan_ranks_cores(facts, 3, 0) == 2);
    EXPECT(gan_ranks_cores(facts, 1, 0) == 8);
    facts[3].host = 1;
    EXPECT(gan_ranks_cores(facts, 4, 3) == 8);
    facts[3].host = 0;
    CPU_CLR(7, &facts[3].of.cores);
    EXPECT(gan_ranks_cores(facts, 4, 3) == 7);
    EXPECT(gan_ranks_sharing(facts, 4, 0) == 3);
    facts[0].of.quota = 4.0;
    EXPECT(gan_ranks_cores(facts, 1, 0) == 4);
    EXPECT(gan_ranks_cores(facts, 4, 0) == 1);
}

int main(int argc, char **argv)
{
    gan_comm *comm = expect_open(&argc, &argv);
    static gan_config config;
    strcpy(config.backend, "ref");
    config.threads = 1;
    shares_cores();

    gan_rank_facts *facts;
    EXPECT(gan_ranks_gather(&facts, comm, 3) == GAN_OK);
    int size = gan_comm_size(comm);
    gan_host here;
    gan_host_read(&here);
    for (int r = 0; r < size; r++) {
        EXPECT(facts[r].host == 0 && facts[r].threads == 3);
        EXPECT(strcmp(facts[r].of.name, here.name) == 0 && facts[r].of.total_mib > 0);
        EXPECT(CPU_EQUAL(&facts[r].of.cores, &here.cores));
    }
    free(facts);
    EXPECT(gan_threads_default(comm) >= 1);

    if (CPU_COUNT(&here.cores) > 1)
        EXPECT(gan_check_launch(&(gan_placement){0}, comm, &config, 1) == GAN_OK);
    EXPECT(gan_check_launch(&(gan_placement){0}, comm, &config, 1e12) == GAN_FAILED);
    EXPECT(strstr(gan_error_message(), "need about") != NULL);
    strcpy(config.backend, "abacus");
    EXPECT(gan_check_launch(&(gan_placement){0}, comm, &config, 0) == GAN_BAD_INPUT);
    strcpy(config.backend, "ref");

    bind_to(first_core(&here.cores), 1);
    gan_status crowded = gan_check_launch(&(gan_placement){0}, comm, &config, 0);
    EXPECT(crowded == (size > 1 ? GAN_FAILED : GAN_OK));
    EXPECT(size == 1 ||
           strstr(gan_error_message(), "ranks 0 and 1 are bound to the same single core") != NULL);
    return expect_close(comm);
}
