/* estimate.c: memory a rank will need, from the networks' text alone. */
#include "commands.h"
#include "gan_dist/step.h"

/* Measured for a rank that has done nothing yet: MPI, oneDNN and their tables. */
#define PROCESS_MIB 60.0

gan_status gan_estimate_memory(double *mib, const gan_config *config, int size)
{
    gan_shards shards;
    GAN_TRY(gan_shards_cut(&shards, config->batch, gan_config_shards(config), 0, size));
    double bytes = 0;
    GAN_TRY(gan_step_judge(&bytes, config, &shards));
    *mib = PROCESS_MIB + bytes / (1 << 20);
    return GAN_OK;
}
