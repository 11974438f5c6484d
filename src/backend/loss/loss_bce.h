/* loss_bce.h: binary cross entropy on one logit s (Goodfellow et al. 2014, non-saturating for G).
 *
 * D on real: softplus(-s). D on fake: softplus(s). G: softplus(-s). Stable for any s. */
#ifndef GAN_BACKEND_LOSS_BCE_H
#define GAN_BACKEND_LOSS_BCE_H

#include <math.h>
#include "gan_dist/formula.h"
#include "gan_dist/loss.h"

GAN_FORMULA float gan_loss_bce_sigmoid(float s)
{
    return s >= 0 ? 1 / (1 + expf(-s)) : expf(s) / (1 + expf(s));
}

GAN_FORMULA float gan_loss_bce_value(float *dlogit, const float *logit, gan_loss_role role)
{
    /* With t = -s where the target is "real" and t = s where it is "fake", all three are softplus(t). */
    float sign = role == GAN_LOSS_D_FAKE ? 1.0f : -1.0f;
    float t = sign * logit[0];
    dlogit[0] = sign * gan_loss_bce_sigmoid(t);
    return (t > 0 ? t : 0) + log1pf(expf(-fabsf(t)));
}

GAN_FORMULA float gan_loss_bce_probability(const float *logit)
{
    return gan_loss_bce_sigmoid(logit[0]);
}

#endif
