/* loss.cu: the losses of the table on the device, from the formulas that the host compiles too. One block: a
 * shard has few samples. */
#include "device.h"
#include "backend/loss/losses.h"

#define VALUE_CASE(name, logits, help)                                                                       \
    case GAN_LOSS_ID(name):                                                                                  \
        return gan_loss_##name##_value(dlogit, logit, role);
#define PROBABILITY_CASE(name, logits, help)                                                                 \
    case GAN_LOSS_ID(name):                                                                                  \
        return gan_loss_##name##_probability(logit);

static __device__ __forceinline__ float value_of(int id, float *dlogit, const float *logit,
                                                 gan_loss_role role)
{
    switch (id) {
        GAN_LOSSES(VALUE_CASE)
    }
    return NAN;
}

static __device__ __forceinline__ float probability_of(int id, const float *logit)
{
    switch (id) {
        GAN_LOSSES(PROBABILITY_CASE)
    }
    return NAN;
}

namespace
{
struct job {
    int id, logits;
    gan_loss_role role;
    float *dlogits, *sums;
    const float *from;
    int n;
    float scale;
};
} // namespace

static __global__ void __launch_bounds__(GAN_BLOCK) take_loss(job j)
{
    GAN_SHARED(double, losses, [GAN_BLOCK]);
    GAN_SHARED(double, probabilities, [GAN_BLOCK]);
    double loss = 0, probability = 0;
    for (int i = (int)threadIdx.x; i < j.n; i += GAN_BLOCK) {
        float dlogit[GAN_LOGITS_MAX] = {}, logit[GAN_LOGITS_MAX];
        for (int k = 0; k < GAN_LOGITS_MAX; k++)
            logit[k] = k < j.logits ? j.from[(size_t)i * j.logits + k] : 0;
        loss += value_of(j.id, dlogit, logit, j.role);
        probability += probability_of(j.id, logit);
        for (int k = 0; k < GAN_LOGITS_MAX; k++)
            if (k < j.logits)
                j.dlogits[(size_t)i * j.logits + k] = dlogit[k] * j.scale;
    }
    losses[threadIdx.x] = loss;
    probabilities[threadIdx.x] = probability;
    for (unsigned half = GAN_BLOCK / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) {
            losses[threadIdx.x] += losses[threadIdx.x + half];
            probabilities[threadIdx.x] += probabilities[threadIdx.x + half];
        }
    }
    if (threadIdx.x == 0) {
        j.sums[0] = (float)losses[0];
        j.sums[1] = (float)probabilities[0];
    }
}

gan_status gan_cuda_loss(gan_backend *be, const gan_loss *loss, gan_loss_role role, float *dlogits,
                         float sums[2], const float *logits, int n, float scale)
{
    const job j = {loss->id, loss->logits, role, dlogits, sums, logits, n, scale};
    GAN_LAUNCH(take_loss, 1, GAN_BLOCK, 0, gan_cuda_stream(be), j);
    return gan_cuda_launched(be, "loss");
}
