/* loss_bce.c: binary cross entropy on one logit s (Goodfellow et al. 2014, non-saturating for G).
 *
 * D on real: softplus(-s). D on fake: softplus(s). G: softplus(-s). Stable for any s. */
#include <math.h>

#include "losses.h"

static float sigmoid(float s)
{
    return s >= 0 ? 1 / (1 + expf(-s)) : expf(s) / (1 + expf(s));
}

static float value(float *dlogit, const float *logit, gan_loss_role role)
{
    /* With t = -s where the target is "real" and t = s where it is "fake", all three are softplus(t). */
    float sign = role == GAN_LOSS_D_FAKE ? 1.0f : -1.0f;
    float t = sign * logit[0];
    dlogit[0] = sign * sigmoid(t);
    return (t > 0 ? t : 0) + log1pf(expf(-fabsf(t)));
}

static float probability(const float *logit)
{
    return sigmoid(logit[0]);
}

const gan_loss gan_loss_bce = {
    .name = "bce",
    .help = "binary cross entropy on one logit, non-saturating for G",
    .logits = 1,
    .value = value,
    .probability = probability,
};
