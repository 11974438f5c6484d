/* bias_act.cu: biases and activations. Rows are positions, columns are channels. */
#include "act.h"
#include "sums.h"

static __global__ void __launch_bounds__(GAN_BLOCK) add_bias(float *y, const float *bias, size_t rows, int c)
{
    const int i = gan_column();
    if (i >= c)
        return;
    const float value = bias[i];
    for (size_t row = gan_first_row(); row < rows; row += gan_row_stride())
        y[row * c + i] += value;
}

gan_status gan_cuda_bias_add(gan_backend *be, float *y, const float *bias, size_t rows, int c)
{
    GAN_LAUNCH(add_bias, gan_row_grid(rows, c), gan_row_block(c), 0, gan_cuda_stream(be), y, bias, rows, c);
    return gan_cuda_launched(be, "bias_add");
}

namespace
{
struct plain_values {
    const float *dy;
    int c;
    __device__ void add(double &a, double &b, size_t row, int i) const
    {
        (void)b;
        a += dy[row * c + i];
    }
};

struct part_sink {
    float *part;
    int accumulate;
    __device__ void store(unsigned block, int i, double a, double b) const
    {
        (void)block;
        (void)b;
        part[i] = (float)(accumulate ? part[i] + a : a);
    }
};
} // namespace

gan_status gan_cuda_bias_gradient(gan_backend *be, float *part, const float *dy, size_t rows, int c,
                                  bool accumulate)
{
    return gan_sum_columns(be, "bias_gradient", plain_values{dy, c}, part_sink{part, accumulate}, rows, c);
}

static __global__ void __launch_bounds__(GAN_BLOCK) activate(float *y, gan_act act, size_t n)
{
    for (size_t i = gan_first(); i < n; i += gan_stride())
        y[i] = gan_act_value(act, y[i]);
}

gan_status gan_cuda_act_forward(gan_backend *be, float *y, gan_act act, size_t n)
{
    if (act == GAN_ACT_NONE)
        return GAN_OK;
    GAN_LAUNCH(activate, gan_blocks(n), GAN_BLOCK, 0, gan_cuda_stream(be), y, act, n);
    return gan_cuda_launched(be, "act_forward");
}

static __global__ void __launch_bounds__(GAN_BLOCK)
    slope_times(float *dy, const float *y, gan_act act, size_t n)
{
    for (size_t i = gan_first(); i < n; i += gan_stride())
        dy[i] *= gan_act_slope(act, y[i]);
}

gan_status gan_cuda_act_backward(gan_backend *be, float *dy, const float *y, gan_act act, size_t n)
{
    if (act == GAN_ACT_NONE)
        return GAN_OK;
    GAN_LAUNCH(slope_times, gan_blocks(n), GAN_BLOCK, 0, gan_cuda_stream(be), dy, y, act, n);
    return gan_cuda_launched(be, "act_backward");
}
