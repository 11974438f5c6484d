/* bn.c: batch normalisation in pieces: the sums that need every shard's rows are taken between the pieces. */
#include "ref.h"

#include <math.h>

gan_status gan_ref_bn_sums(gan_backend *be, double *sums, const float *x, size_t rows, int c)
{
    (void)be;
    for (int i = 0; i < c; i++) {
        double sum = 0, squares = 0;
        for (size_t row = 0; row < rows; row++) {
            double value = x[row * c + i];
            sum += value;
            squares += value * value;
        }
        sums[i] = sum;
        sums[c + i] = squares;
    }
    return GAN_OK;
}

static float normalised(const gan_bn_args *args, float x, int i)
{
    return (x - args->mean[i]) * args->inverse_deviation[i];
}

gan_status gan_ref_bn_forward(gan_backend *be, float *y, const float *x, const gan_bn_args *args)
{
    (void)be;
    for (size_t row = 0; row < args->rows; row++)
        for (int i = 0; i < args->c; i++) {
            size_t at = row * args->c + i;
            float value = args->gamma[i] * normalised(args, x[at], i) + args->beta[i];
            y[at] = gan_ref_act(args->act, value);
        }
    return GAN_OK;
}

/* act'(y): relu's and lrelu's from x, so that nobody needs to keep y for them. */
static float slope(const gan_bn_args *args, float x, const float *y, int i)
{
    if (args->act == GAN_ACT_TANH || args->act == GAN_ACT_SIGMOID)
        return gan_ref_act_slope(args->act, *y);
    return gan_ref_act_slope(args->act, args->gamma[i] * normalised(args, x, i) + args->beta[i]);
}

gan_status gan_ref_bn_backward_sums(gan_backend *be, double *sums, const float *dy, const float *x,
                                    const float *y, const gan_bn_args *args)
{
    (void)be;
    for (int i = 0; i < args->c; i++) {
        double sum = 0, products = 0;
        for (size_t row = 0; row < args->rows; row++) {
            size_t at = row * args->c + i;
            double g = (double)dy[at] * slope(args, x[at], y + at, i);
            sum += g;
            products += g * normalised(args, x[at], i);
        }
        sums[i] = sum;
        sums[args->c + i] = products;
    }
    return GAN_OK;
}

gan_status gan_ref_bn_backward(gan_backend *be, float *dx, const float *dy, const float *x, const float *y,
                               const double *sums, double count, const gan_bn_args *args)
{
    (void)be;
    for (int i = 0; i < args->c; i++) {
        float mean_g = (float)(sums[i] / count), mean_gx = (float)(sums[args->c + i] / count);
        for (size_t row = 0; row < args->rows; row++) {
            size_t at = row * args->c + i;
            float g = dy[at] * slope(args, x[at], y + at, i);
            float centred = g - mean_g - normalised(args, x[at], i) * mean_gx;
            dx[at] = args->gamma[i] * args->inverse_deviation[i] * centred;
        }
    }
    return GAN_OK;
}

gan_status gan_ref_bn_gradients(gan_backend *be, float *dgamma, float *dbeta, const double *sums, int c,
                                bool accumulate)
{
    (void)be;
    for (int i = 0; i < c; i++) {
        dbeta[i] = (float)(accumulate ? dbeta[i] + sums[i] : sums[i]);
        dgamma[i] = (float)(accumulate ? dgamma[i] + sums[c + i] : sums[c + i]);
    }
    return GAN_OK;
}

gan_status gan_ref_bn_statistics(gan_backend *be, float *mean, float *inverse_deviation, float *running_mean,
                                 float *running_var, const double *sums, int c, double count, double epsilon,
                                 double momentum)
{
    (void)be;
    for (int i = 0; i < c; i++) {
        double m = sums[i] / count;
        double biased =
            fmax(sums[c + i] / count - m * m, 0); /* rounding can leave a constant channel below zero */
        double unbiased = count > 1 ? biased * count / (count - 1) : biased;
        mean[i] = (float)m;
        inverse_deviation[i] = (float)(1 / sqrt(biased + epsilon));
        if (running_mean)
            running_mean[i] = (float)((1 - momentum) * running_mean[i] + momentum * m);
        if (running_var)
            running_var[i] = (float)((1 - momentum) * running_var[i] + momentum * unbiased);
    }
    return GAN_OK;
}

gan_status gan_ref_bn_inference(gan_backend *be, float *inverse_deviation, const float *running_var, int c,
                                double epsilon)
{
    (void)be;
    for (int i = 0; i < c; i++)
        inverse_deviation[i] = (float)(1 / sqrt(running_var[i] + epsilon));
    return GAN_OK;
}
