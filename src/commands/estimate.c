/* estimate.c: memory a rank will need, from the networks' text alone. */
#include "commands.h"
#include "gan_dist/step.h"

/* Measured for a rank that has done nothing yet: MPI, oneDNN and their tables. */
#define PROCESS_MIB 60.0

gan_status gan_estimate_memory(double *mib, const gan_config *config, int size)
{
    gan_shards shards;
    GAN_TRY(gan_shards_cut(&shards, config->batch, gan_config_shards(config), 0, size));
    gan_net_spec spec = {.name = "generator",
                         .config = &config->generator,
                         .input = {1, 1, config->noise_dim},
                         .classes = config->classes,
                         .shard_pictures = shards.pictures,
                         .n_local = shards.n_local,
                         .n_global = shards.n_global,
                         .passes = 1};
    gan_net *g = NULL, *d = NULL;
    GAN_TRY(gan_net_parse(&g, &spec));
    spec.name = "discriminator";
    spec.config = &config->discriminator;
    spec.input = gan_net_output_shape(g);
    spec.passes = 2;
    spec.input_gradient = true;
    gan_status status = gan_net_parse(&d, &spec);
    if (status == GAN_OK)
        *mib = PROCESS_MIB + (gan_net_memory_bytes(g) + gan_net_memory_bytes(d)) / (1 << 20);
    gan_net_destroy(g);
    gan_net_destroy(d);
    return status;
}
