/* checks_bn.h: the known answers of the batch norm rows. */
#ifndef GAN_TESTS_OPS_CHECKS_BN_H
#define GAN_TESTS_OPS_CHECKS_BN_H

#include "ops.h"

void check_bn_sums(gan_backend *be);
void check_bn_forward(gan_backend *be);
void check_bn_gradients(gan_backend *be); /* dx, dgamma, dbeta by finite differences, over two shards */
void check_bn_statistics(gan_backend *be);
void check_gradient_sums(gan_backend *be);
void check_bn_inference(gan_backend *be);

#endif
