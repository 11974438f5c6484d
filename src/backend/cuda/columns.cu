/* columns.cu: pictures to columns and back. A row of columns holds the taps of one output position in the
 * order [kernel_h][kernel_w][c], so that a tap's channels lie together in both; where their number is a
 * multiple of four, four move at a time.
 *
 * Output (oh, ow) and tap (kh, kw) meet at
 * input (oh * stride_h + kh - pad_top, ow * stride_w + kw - pad_left). */
#include "device.h"

#include "bf16.h"

static __device__ __forceinline__ float4 operator+(float4 a, float4 b)
{
    return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}

template <class T> static __device__ __forceinline__ T zero();
template <> __device__ __forceinline__ float zero()
{
    return 0;
}
template <> __device__ __forceinline__ float4 zero()
{
    return make_float4(0, 0, 0, 0);
}

/* c counts T's; N is T or what it is narrowed to. */
template <class N, class T>
static __global__ void __launch_bounds__(GAN_BLOCK)
    to_columns(N *columns, const T *x, gan_conv_shape s, int c, size_t rows)
{
    const int i = gan_column(), width = s.kernel_h * s.kernel_w * c;
    if (i >= width)
        return;
    const int tap = i / c, kh = tap / s.kernel_w, kw = tap % s.kernel_w;
    for (size_t row = gan_first_row(); row < rows; row += gan_row_stride()) {
        const int at = (int)row, oh = at / s.out_w % s.out_h, ow = at % s.out_w;
        const int ih = oh * s.stride_h + kh - s.pad_top, iw = ow * s.stride_w + kw - s.pad_left;
        const size_t n = row / ((size_t)s.out_h * s.out_w);
        const bool inside = ih >= 0 && ih < s.h && iw >= 0 && iw < s.w;
        columns[row * width + i] =
            gan_narrow<N>(inside ? x[((n * s.h + ih) * s.w + iw) * c + i % c] : zero<T>());
    }
}

/* The first tap of an axis whose output lands on input i; the others follow in steps of the stride. */
static __device__ __forceinline__ int first_tap(int i, int stride, int pad, int kernel, int out)
{
    int k = (i + pad) % stride;
    while (k < kernel && (i + pad - k) / stride >= out)
        k += stride;
    return k;
}

template <class T>
static __global__ void __launch_bounds__(GAN_BLOCK)
    to_pixels(T *dx, const T *columns, gan_conv_shape s, int c, size_t rows)
{
    const int i = gan_column();
    if (i >= c)
        return;
    for (size_t row = gan_first_row(); row < rows; row += gan_row_stride()) {
        const size_t n = row / ((size_t)s.h * s.w);
        const int at = (int)(row % ((size_t)s.h * s.w)), ih = at / s.w, iw = at % s.w;
        const int kw_first = first_tap(iw, s.stride_w, s.pad_left, s.kernel_w, s.out_w);
        T sum = zero<T>();
        for (int kh = first_tap(ih, s.stride_h, s.pad_top, s.kernel_h, s.out_h);
             kh < s.kernel_h && kh <= ih + s.pad_top; kh += s.stride_h) {
            const int oh = (ih + s.pad_top - kh) / s.stride_h;
            for (int kw = kw_first; kw < s.kernel_w && kw <= iw + s.pad_left; kw += s.stride_w) {
                const int ow = (iw + s.pad_left - kw) / s.stride_w;
                const size_t from = (n * s.out_h + oh) * s.out_w + ow;
                sum = sum + columns[(from * s.kernel_h * s.kernel_w + kh * s.kernel_w + kw) * c + i];
            }
        }
        dx[row * c + i] = sum;
    }
}

template <class N, class T>
static void launch_columns(gan_backend *be, void *columns, const float *x, const gan_conv_shape *s, int n)
{
    const int c = (int)(s->c * sizeof(float) / sizeof(T)), width = s->kernel_h * s->kernel_w * c;
    const size_t rows = (size_t)n * s->out_h * s->out_w;
    GAN_LAUNCH((to_columns<N, T>), gan_row_grid(rows, width), gan_row_block(width), 0, gan_cuda_stream(be),
               static_cast<N *>(columns), reinterpret_cast<const T *>(x), *s, c, rows);
}

template <class T>
static void launch_pixels(gan_backend *be, float *dx, const float *columns, const gan_conv_shape *s, int n)
{
    const int c = (int)(s->c * sizeof(float) / sizeof(T));
    const size_t rows = (size_t)n * s->h * s->w;
    GAN_LAUNCH(to_pixels<T>, gan_row_grid(rows, c), gan_row_block(c), 0, gan_cuda_stream(be),
               reinterpret_cast<T *>(dx), reinterpret_cast<const T *>(columns), *s, c, rows);
}

gan_status gan_cuda_columns(gan_backend *be, void *columns, bool narrow, const float *x,
                            const gan_conv_shape *shape, int n)
{
    const bool fours = shape->c % 4 == 0;
    if (narrow && fours)
        launch_columns<gan_bf16x4, float4>(be, columns, x, shape, n);
    else if (narrow)
        launch_columns<__nv_bfloat16, float>(be, columns, x, shape, n);
    else if (fours)
        launch_columns<float4, float4>(be, columns, x, shape, n);
    else
        launch_columns<float, float>(be, columns, x, shape, n);
    return gan_cuda_launched(be, "columns of a convolution");
}

static __global__ void __launch_bounds__(GAN_BLOCK) to_bf16(__nv_bfloat16 *out, const float *x, size_t n)
{
    for (size_t i = gan_first(); i < n; i += gan_stride())
        out[i] = gan_narrow<__nv_bfloat16>(x[i]);
}

gan_status gan_cuda_narrow(gan_backend *be, void *out, const float *x, size_t n)
{
    GAN_LAUNCH(to_bf16, gan_blocks(n), GAN_BLOCK, 0, gan_cuda_stream(be), static_cast<__nv_bfloat16 *>(out),
               x, n);
    return gan_cuda_launched(be, "factors of a product");
}

gan_status gan_cuda_pixels(gan_backend *be, float *dx, const float *columns, const gan_conv_shape *shape,
                           int n)
{
    if (shape->c % 4 == 0)
        launch_pixels<float4>(be, dx, columns, shape, n);
    else
        launch_pixels<float>(be, dx, columns, shape, n);
    return gan_cuda_launched(be, "pixels of a convolution");
}
