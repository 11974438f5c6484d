/* optim.h: Adam over one flat arena. It never sees ranks: the gradient it gets is already the global one.
 *
 * Kingma and Ba, "Adam" (2014). With t = 1 at the first update:
 *   m = beta1*m + (1-beta1)*g          v = beta2*v + (1-beta2)*g*g
 *   GAN_ADAM_TENSORFLOW: p -= lr * sqrt(1-beta2^t)/(1-beta1^t) * m / (sqrt(v) + epsilon)
 *   GAN_ADAM_PYTORCH:    p -= lr/(1-beta1^t) * m / (sqrt(v)/sqrt(1-beta2^t) + epsilon)
 * The second is the first with epsilon * sqrt(1-beta2^t), so a backend needs one op.
 *
 * Memory of m and v is the backend's. */
#ifndef GAN_DIST_OPTIM_H
#define GAN_DIST_OPTIM_H

#include <stdint.h>
#include "gan_dist/backend.h"
#include "gan_dist/config.h"

typedef struct gan_optim {
    gan_backend *backend;
    size_t n;
    float *m, *v; /* [n], zero at the start; part of every checkpoint */
    double learning_rate, beta1, beta2, epsilon;
    gan_adam_kind kind;
} gan_optim;

gan_status gan_optim_create(gan_optim *out, gan_backend *backend, const gan_net_config *config,
                            gan_adam_kind kind, size_t n);
void gan_optim_destroy(gan_optim *optim); /* frees m and v; a zeroed struct is fine */

/* Update number t (from 1) of `parameters`. t comes from the step counter, so there is no counter to save. */
gan_status gan_optim_update(gan_optim *optim, float *parameters, const float *gradient, uint64_t t);

/* The coefficients of update t, for tests and for backends that keep them on the device. */
gan_adam_args gan_optim_args(const gan_optim *optim, uint64_t t);

#endif
