/* loss_softmax.h: cross entropy of a softmax over two logits: class 0 = fake, class 1 = real (system 003).
 *
 * With s = logit[1] - logit[0] the value equals loss_bce's;
 * the derivative goes to both logits, with opposite signs. */
#ifndef GAN_BACKEND_LOSS_SOFTMAX_H
#define GAN_BACKEND_LOSS_SOFTMAX_H

#include "loss_bce.h"

GAN_FORMULA float gan_loss_softmax_value(float *dlogit, const float *logit, gan_loss_role role)
{
    float difference = logit[1] - logit[0], derivative;
    float loss = gan_loss_bce_value(&derivative, &difference, role);
    dlogit[0] = -derivative;
    dlogit[1] = derivative;
    return loss;
}

GAN_FORMULA float gan_loss_softmax_probability(const float *logit)
{
    float difference = logit[1] - logit[0];
    return gan_loss_bce_probability(&difference);
}

#endif
