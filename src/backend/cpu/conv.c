/* conv.c: the backend's convolution ops: one plan per layer geometry, handed to the kind that suits it. */
#include "conv.h"

#include <stdlib.h>
#include "backend/ref/ref.h"

gan_status gan_cpu_conv_create(gan_backend *be, gan_conv **out, const gan_conv_shape *shape)
{
    *out = NULL;
    GAN_TRY(gan_ref_conv_check(shape));
    if (gan_conv_dense_suits(shape))
        return gan_conv_dense_create(be, out, shape);
    if (gan_conv_winograd_suits(shape))
        return gan_conv_winograd_create(be, out, shape);
    if (gan_conv_columns_suits(shape))
        return gan_conv_columns_create(be, out, shape);
    return gan_conv_direct_create(be, out, shape);
}

void gan_cpu_conv_destroy(gan_backend *be, gan_conv *conv)
{
    (void)be;
    if (!conv)
        return;
    conv->kind->destroy(conv);
    free(conv);
}

gan_status gan_cpu_conv_prepare(gan_backend *be, gan_conv *conv, const float *weights)
{
    return conv->kind->prepare(be, conv, weights);
}

gan_status gan_cpu_conv_forward(gan_backend *be, gan_conv *conv, float *y, const float *x)
{
    return conv->kind->forward(be, conv, y, x);
}

gan_status gan_cpu_conv_backward_data(gan_backend *be, gan_conv *conv, float *dx, const float *dy)
{
    return conv->kind->backward_data(be, conv, dx, dy);
}

gan_status gan_cpu_conv_backward_weights(gan_backend *be, gan_conv *conv, float *part, const float *x,
                                         const float *dy, bool accumulate)
{
    return conv->kind->backward_weights(be, conv, part, x, dy, accumulate);
}

size_t gan_cpu_conv_part_floats(gan_backend *be, const gan_conv *conv)
{
    (void)be;
    return conv->kind->part_floats(conv);
}

gan_status gan_cpu_conv_weight_gradient(gan_backend *be, gan_conv *conv, float *dw, float *const *parts,
                                        int n)
{
    return conv->kind->weight_gradient(be, conv, dw, parts, n);
}
