/* bn.cu: batch norm with its activation: each way one pass that sums and one that applies. Every number is
 * taken in the order of operations of ref, without fused multiply-adds, so that both find the same signs. */
#include "act.h"
#include "sums.h"

namespace
{
struct square_values {
    const float *x;
    int c;
    __device__ void add(double &a, double &b, size_t row, int i) const
    {
        const double value = x[row * c + i];
        a += value;
        b += value * value;
    }
};

/* One channel's values. */
struct channel {
    float mean, inverse_deviation, gamma, beta;
    __device__ channel(const gan_bn_args &args, int i)
        : mean(args.mean[i]), inverse_deviation(args.inverse_deviation[i]), gamma(args.gamma[i]),
          beta(args.beta[i])
    {
    }
    __device__ float normalised(float x) const
    {
        return (x - mean) * inverse_deviation;
    }
    /* dy * act'(y): the rectifiers' derivative from x, so that nobody needs to keep y for them. */
    __device__ float gradient(gan_act act, float dy, float xhat, const float *y) const
    {
        const bool by_y = act == GAN_ACT_TANH || act == GAN_ACT_SIGMOID;
        return dy * gan_act_slope(act, by_y ? *y : gamma * xhat + beta);
    }
};

struct gradient_values {
    const float *dy, *x, *y;
    gan_bn_args args;
    __device__ void add(double &a, double &b, size_t row, int i) const
    {
        const channel k(args, i);
        const size_t at = row * args.c + i;
        const float xhat = k.normalised(x[at]);
        const double g = k.gradient(args.act, dy[at], xhat, y + at);
        a += g;
        b += g * xhat;
    }
};
} // namespace

gan_status gan_cuda_bn_sums(gan_backend *be, double *sums, const float *x, size_t rows, int c)
{
    return gan_sum_columns(be, "bn_sums", square_values{x, c}, gan_sums_sink{sums, c}, rows, c);
}

gan_status gan_cuda_bn_backward_sums(gan_backend *be, double *sums, const float *dy, const float *x,
                                     const float *y, const gan_bn_args *args)
{
    return gan_sum_columns(be, "bn_backward_sums", gradient_values{dy, x, y, *args},
                           gan_sums_sink{sums, args->c}, args->rows, args->c);
}

static __global__ void __launch_bounds__(GAN_BLOCK) apply(float *y, const float *x, gan_bn_args args)
{
    const int i = gan_column();
    if (i >= args.c)
        return;
    const channel k(args, i);
    for (size_t row = gan_first_row(); row < args.rows; row += gan_row_stride()) {
        const size_t at = row * args.c + i;
        y[at] = gan_act_value(args.act, k.gamma * k.normalised(x[at]) + k.beta);
    }
}

gan_status gan_cuda_bn_forward(gan_backend *be, float *y, const float *x, const gan_bn_args *args)
{
    GAN_LAUNCH(apply, gan_row_grid(args->rows, args->c), gan_row_block(args->c), 0, gan_cuda_stream(be), y, x,
               *args);
    return gan_cuda_launched(be, "bn_forward");
}

/* dx may be dy. Every thread takes the means anew, with 1 / count: a division by each would take longer than
 * a kernel of its own. */
static __global__ void __launch_bounds__(GAN_BLOCK)
    apply_backward(float *dx, const float *dy, const float *x, const float *y, const double *sums,
                   double share, gan_bn_args args)
{
    const int i = gan_column();
    if (i >= args.c)
        return;
    const channel k(args, i);
    const float mean_g = (float)(sums[i] * share), mean_gx = (float)(sums[args.c + i] * share);
    for (size_t row = gan_first_row(); row < args.rows; row += gan_row_stride()) {
        const size_t at = row * args.c + i;
        const float xhat = k.normalised(x[at]);
        const float g = k.gradient(args.act, dy[at], xhat, y + at);
        dx[at] = k.gamma * k.inverse_deviation * (g - mean_g - xhat * mean_gx);
    }
}

gan_status gan_cuda_bn_backward(gan_backend *be, float *dx, const float *dy, const float *x, const float *y,
                                const double *sums, double count, const gan_bn_args *args)
{
    GAN_LAUNCH(apply_backward, gan_row_grid(args->rows, args->c), gan_row_block(args->c), 0,
               gan_cuda_stream(be), dx, dy, x, y, sums, 1 / count, *args);
    return gan_cuda_launched(be, "bn_backward");
}

static __global__ void __launch_bounds__(GAN_BLOCK)
    round_sums(float *dgamma, float *dbeta, const double *sums, size_t c, bool accumulate)
{
    for (size_t i = gan_first(); i < c; i += gan_stride()) {
        dbeta[i] = (float)(accumulate ? dbeta[i] + sums[i] : sums[i]);
        dgamma[i] = (float)(accumulate ? dgamma[i] + sums[c + i] : sums[c + i]);
    }
}

gan_status gan_cuda_bn_gradients(gan_backend *be, float *dgamma, float *dbeta, const double *sums, int c,
                                 bool accumulate)
{
    GAN_LAUNCH(round_sums, gan_blocks((size_t)c), GAN_BLOCK, 0, gan_cuda_stream(be), dgamma, dbeta, sums,
               (size_t)c, accumulate);
    return gan_cuda_launched(be, "bn_gradients");
}

namespace
{
struct statistics_args {
    float *mean, *inverse_deviation, *running_mean, *running_var;
    const double *sums;
    int c;
    double count, epsilon, momentum;
};
} // namespace

static __global__ void __launch_bounds__(GAN_BLOCK) take_statistics(statistics_args s)
{
    for (size_t i = gan_first(); i < (size_t)s.c; i += gan_stride()) {
        const double m = s.sums[i] / s.count;
        /* Rounding can leave a constant channel below zero. */
        const double biased = fmax(s.sums[s.c + i] / s.count - m * m, 0.0);
        const double unbiased = s.count > 1 ? biased * s.count / (s.count - 1) : biased;
        s.mean[i] = (float)m;
        s.inverse_deviation[i] = (float)(1 / sqrt(biased + s.epsilon));
        if (s.running_mean)
            s.running_mean[i] = (float)((1 - s.momentum) * s.running_mean[i] + s.momentum * m);
        if (s.running_var)
            s.running_var[i] = (float)((1 - s.momentum) * s.running_var[i] + s.momentum * unbiased);
    }
}

gan_status gan_cuda_bn_statistics(gan_backend *be, float *mean, float *inverse_deviation, float *running_mean,
                                  float *running_var, const double *sums, int c, double count, double epsilon,
                                  double momentum)
{
    const statistics_args args = {mean,  inverse_deviation, running_mean, running_var, sums, c,
                                  count, epsilon,           momentum};
    GAN_LAUNCH(take_statistics, gan_blocks((size_t)c), GAN_BLOCK, 0, gan_cuda_stream(be), args);
    return gan_cuda_launched(be, "bn_statistics");
}

static __global__ void __launch_bounds__(GAN_BLOCK)
    invert(float *inverse_deviation, const float *running_var, size_t n, double epsilon)
{
    for (size_t i = gan_first(); i < n; i += gan_stride())
        inverse_deviation[i] = (float)(1 / sqrt(running_var[i] + epsilon));
}

gan_status gan_cuda_bn_inference(gan_backend *be, float *inverse_deviation, const float *running_var, int c,
                                 double epsilon)
{
    GAN_LAUNCH(invert, gan_blocks((size_t)c), GAN_BLOCK, 0, gan_cuda_stream(be), inverse_deviation,
               running_var, (size_t)c, epsilon);
    return gan_cuda_launched(be, "bn_inference");
}
