/* check.c: gan_dist check: the launch, the networks, the pictures and the folder of a run, by train's own
 * code. All ranks reach the same verdict; rank 0 prints. */
#include "commands.h"

#include <stdlib.h>
#include "gan_dist/data.h"
#include "gan_dist/log.h"
#include "gan_dist/out.h"
#include "train.h"

/* Where a run would go on, and whether it may. */
static gan_status look_at_run(gan_comm *comm, const gan_config *config)
{
    static gan_training t; /* large */
    t = (gan_training){.config = *config, .comm = comm};
    t.defining = gan_config_text(config, true);
    gan_status status = t.defining ? gan_run_look(config->out) : gan_error(GAN_FAILED, "out of memory");
    if (status == GAN_OK)
        status = gan_training_look(&t);
    free(t.defining);
    return status;
}

/* The pictures and the folder of the run, by train's own code, as far as it goes without decoding a
 * picture. */
static gan_status look_at_files(gan_comm *comm, const gan_config *asked, const gan_placement *placement)
{
    gan_config config = *asked;
    const int size = gan_comm_size(comm);
    config.shards = gan_devices_shard_each(placement, asked)            ? 0
                    : gan_config_shards(asked) % size == 0 || size == 1 ? gan_config_shards(asked)
                                                                        : size;
    if (config.data[0])
        GAN_TRY(gan_data_look(&config, comm));
    else
        gan_log0("data       none is named: not looked at");
    return gan_comm_agree(comm, gan_comm_rank(comm) == 0 ? look_at_run(comm, &config) : GAN_OK);
}

gan_status gan_command_check(gan_comm *comm, const gan_config *config, double memory_mib)
{
    gan_placement placement;
    GAN_TRY(gan_check_launch(&placement, comm, config, memory_mib));
    GAN_TRY(look_at_files(comm, config, &placement));
    gan_log0("ready");
    return GAN_OK;
}
