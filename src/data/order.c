#include "gan_dist/data.h"
#include "gan_dist/rng.h"

uint64_t gan_data_position(uint64_t count, uint64_t batch, uint64_t seed, uint64_t step, uint64_t i)
{
    uint64_t steps = count / batch; /* in an epoch */
    gan_rng at = {.seed = seed, .stream = GAN_STREAM_ORDER, .step = (uint32_t)(step / steps)};
    return gan_rng_permute(step % steps * batch + i, count, at);
}
