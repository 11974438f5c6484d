/* losses.h: the rows of the loss table, one per file loss_NAME.c. */
#ifndef GAN_LOSSES_H
#define GAN_LOSSES_H

#include "gan_dist/loss.h"

extern const gan_loss gan_loss_bce, gan_loss_softmax;

#endif
