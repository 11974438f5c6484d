/* losses.h: the rows of the loss table, one per file loss_NAME.h: name, logits, help. The host makes
 * functions of them (losses.c), a device the cases of a switch. */
#ifndef GAN_BACKEND_LOSSES_H
#define GAN_BACKEND_LOSSES_H

#include "loss_bce.h"
#include "loss_softmax.h"

#define GAN_LOSSES(ROW)                                                                                      \
    ROW(bce, 1, "binary cross entropy on one logit, non-saturating for G")                                   \
    ROW(softmax, 2, "cross entropy of two logits: fake, real")

#define GAN_LOSS_ID(name)                   gan_loss_id_##name
#define GAN_LOSS_ID_ROW(name, logits, help) GAN_LOSS_ID(name),
enum { GAN_LOSSES(GAN_LOSS_ID_ROW) };

#endif
