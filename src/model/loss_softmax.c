/* loss_softmax.c: cross entropy of a softmax over two logits: class 0 = fake, class 1 = real (system 003).
 *
 * With s = logit[1] - logit[0] the value equals loss_bce's; the derivative goes to both logits, with opposite
 * signs. */
#include "losses.h"

static float value(float *dlogit, const float *logit, gan_loss_role role)
{
    float difference = logit[1] - logit[0], derivative;
    float loss = gan_loss_bce.value(&derivative, &difference, role);
    dlogit[0] = -derivative;
    dlogit[1] = derivative;
    return loss;
}

static float probability(const float *logit)
{
    float difference = logit[1] - logit[0];
    return gan_loss_bce.probability(&difference);
}

const gan_loss gan_loss_softmax = {
    .name = "softmax",
    .help = "cross entropy of two logits: fake, real",
    .logits = 2,
    .value = value,
    .probability = probability,
};
