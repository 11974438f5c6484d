/* loss.c: a loss row applied to each sample of a shard. */
#include "ref.h"

gan_status gan_ref_loss(gan_backend *be, const gan_loss *loss, gan_loss_role role, float *dlogits,
                        float sums[2], const float *logits, int n, float scale)
{
    (void)be;
    double losses = 0, probabilities = 0;
    for (int i = 0; i < n; i++) {
        const float *logit = logits + (size_t)i * loss->logits;
        float *dlogit = dlogits + (size_t)i * loss->logits;
        losses += loss->value(dlogit, logit, role);
        probabilities += loss->probability(logit);
        for (int k = 0; k < loss->logits; k++)
            dlogit[k] *= scale;
    }
    sums[0] = (float)losses;
    sums[1] = (float)probabilities;
    return GAN_OK;
}
