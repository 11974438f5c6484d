/* bias_act.c: biases and activations. Rows are positions, columns are channels. */
#include "ref.h"

#include <math.h>

gan_status gan_ref_bias_add(gan_backend *be, float *y, const float *bias, size_t rows, int c)
{
    (void)be;
    for (size_t row = 0; row < rows; row++)
        for (int i = 0; i < c; i++)
            y[row * c + i] += bias[i];
    return GAN_OK;
}

gan_status gan_ref_bias_gradient(gan_backend *be, float *part, const float *dy, size_t rows, int c,
                                 bool accumulate)
{
    (void)be;
    for (int i = 0; i < c; i++) {
        double sum = accumulate ? part[i] : 0;
        for (size_t row = 0; row < rows; row++)
            sum += dy[row * c + i];
        part[i] = (float)sum;
    }
    return GAN_OK;
}

float gan_ref_act(gan_act act, float x)
{
    switch (act) {
    case GAN_ACT_NONE:
        return x;
    case GAN_ACT_RELU:
        return x > 0 ? x : 0;
    case GAN_ACT_LRELU:
        return x > 0 ? x : GAN_LRELU_SLOPE * x;
    case GAN_ACT_TANH:
        return (float)tanh(x);
    case GAN_ACT_SIGMOID:
        return (float)(1 / (1 + exp(-(double)x)));
    }
    return NAN;
}

float gan_ref_act_slope(gan_act act, float y)
{
    switch (act) {
    case GAN_ACT_NONE:
        return 1;
    case GAN_ACT_RELU:
        return y > 0 ? 1 : 0;
    case GAN_ACT_LRELU:
        return y > 0 ? 1 : GAN_LRELU_SLOPE;
    case GAN_ACT_TANH:
        return 1 - y * y;
    case GAN_ACT_SIGMOID:
        return y * (1 - y);
    }
    return NAN;
}

gan_status gan_ref_act_forward(gan_backend *be, float *y, gan_act act, size_t n)
{
    (void)be;
    for (size_t i = 0; i < n; i++)
        y[i] = gan_ref_act(act, y[i]);
    return GAN_OK;
}

gan_status gan_ref_act_backward(gan_backend *be, float *dy, const float *y, gan_act act, size_t n)
{
    (void)be;
    for (size_t i = 0; i < n; i++)
        dy[i] *= gan_ref_act_slope(act, y[i]);
    return GAN_OK;
}
