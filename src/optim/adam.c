/* Adam: the coefficients of an update in double; the update itself is the backend's. */
#include "gan_dist/optim.h"

#include <math.h>

gan_status gan_optim_create(gan_optim *out, gan_backend *backend, const gan_net_config *config,
                            gan_adam_kind kind, size_t n)
{
    *out = (gan_optim){
        .backend = backend,
        .n = n,
        .learning_rate = config->learning_rate,
        .beta1 = config->beta1,
        .beta2 = config->beta2,
        .epsilon = config->epsilon,
        .kind = kind,
    };
    gan_status status = backend->ops->alloc(backend, (void **)&out->m, n * sizeof(float));
    if (status == GAN_OK)
        status = backend->ops->alloc(backend, (void **)&out->v, n * sizeof(float));
    if (status != GAN_OK)
        gan_optim_destroy(out);
    return status;
}

void gan_optim_destroy(gan_optim *optim)
{
    if (optim->backend) {
        optim->backend->ops->free(optim->backend, optim->m);
        optim->backend->ops->free(optim->backend, optim->v);
    }
    *optim = (gan_optim){0};
}

gan_adam_args gan_optim_args(const gan_optim *optim, uint64_t t)
{
    double correction1 = 1 - pow(optim->beta1, (double)t);
    double correction2 = sqrt(1 - pow(optim->beta2, (double)t));
    double epsilon = optim->kind == GAN_ADAM_PYTORCH ? optim->epsilon * correction2 : optim->epsilon;
    return (gan_adam_args){
        .step_size = (float)(optim->learning_rate * correction2 / correction1),
        .beta1 = (float)optim->beta1,
        .beta2 = (float)optim->beta2,
        .rest1 = (float)(1 - optim->beta1),
        .rest2 = (float)(1 - optim->beta2),
        .epsilon = (float)epsilon,
    };
}

gan_status gan_optim_update(gan_optim *optim, float *parameters, const float *gradient, uint64_t t)
{
    gan_adam_args arguments = gan_optim_args(optim, t);
    return optim->backend->ops->adam(optim->backend, parameters, optim->m, optim->v, gradient, optim->n,
                                     &arguments);
}
