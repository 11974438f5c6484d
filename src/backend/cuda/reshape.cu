/* reshape.cu: ops that only move values: label maps and transposition. */
#include "device.h"

#include "bf16.h"

#define TILE  32
#define LINES 8

static __global__ void __launch_bounds__(GAN_BLOCK)
    append_labels(float *y, const float *x, const int *labels, size_t rows, size_t hw, int c, int classes)
{
    const int i = gan_column(), width = c + classes;
    if (i >= width)
        return;
    for (size_t row = gan_first_row(); row < rows; row += gan_row_stride())
        y[row * width + i] = i < c ? x[row * c + i] : i - c == labels[row / hw] ? 1 : 0;
}

gan_status gan_cuda_label_forward(gan_backend *be, float *y, const float *x, const int *labels, int n,
                                  size_t hw, int c, int classes)
{
    const size_t rows = (size_t)n * hw;
    GAN_LAUNCH(append_labels, gan_row_grid(rows, c + classes), gan_row_block(c + classes), 0,
               gan_cuda_stream(be), y, x, labels, rows, hw, c, classes);
    return gan_cuda_launched(be, "label_forward");
}

static __global__ void __launch_bounds__(GAN_BLOCK)
    cut_labels(float *dx, const float *dy, size_t rows, int c, int classes)
{
    const int i = gan_column();
    if (i >= c)
        return;
    for (size_t row = gan_first_row(); row < rows; row += gan_row_stride())
        dx[row * c + i] = dy[row * (c + classes) + i];
}

gan_status gan_cuda_label_backward(gan_backend *be, float *dx, const float *dy, int n, size_t hw, int c,
                                   int classes)
{
    const size_t rows = (size_t)n * hw;
    GAN_LAUNCH(cut_labels, gan_row_grid(rows, c), gan_row_block(c), 0, gan_cuda_stream(be), dx, dy, rows, c,
               classes);
    return gan_cuda_launched(be, "label_backward");
}

/* Through tiles in shared memory, so that both reading and writing go along lines; a tile's lines are one
 * float longer, so that its columns lie in different banks. */
template <class N>
static __global__ void __launch_bounds__(TILE *LINES)
    transpose_tiles(N *y, const float *x, int n, int rows, int columns)
{
    GAN_SHARED(float, tile, [TILE][TILE + 1]);
    const int column = (int)(blockIdx.x * TILE + threadIdx.x), row = (int)(blockIdx.y * TILE + threadIdx.x);
    for (int picture = (int)blockIdx.z; picture < n; picture += (int)gridDim.z) {
        const size_t start = (size_t)picture * rows * columns;
        for (int k = (int)threadIdx.y; k < TILE; k += LINES) {
            const int from = (int)(blockIdx.y * TILE) + k;
            if (from < rows && column < columns)
                tile[k][threadIdx.x] = x[start + (size_t)from * columns + column];
        }
        __syncthreads();
        for (int k = (int)threadIdx.y; k < TILE; k += LINES) {
            const int to = (int)(blockIdx.x * TILE) + k;
            if (to < columns && row < rows)
                y[start + (size_t)to * rows + row] = gan_narrow<N>(tile[threadIdx.x][k]);
        }
        __syncthreads();
    }
}

template <class N>
static gan_status launch_transpose(gan_backend *be, N *y, const float *x, int n, int rows, int columns)
{
    const unsigned across = ((unsigned)columns + TILE - 1) / TILE, down = ((unsigned)rows + TILE - 1) / TILE;
    GAN_LAUNCH(transpose_tiles<N>, dim3(across, down, (unsigned)(n < 4096 ? n : 4096)), dim3(TILE, LINES), 0,
               gan_cuda_stream(be), y, x, n, rows, columns);
    return gan_cuda_launched(be, "transpose");
}

gan_status gan_cuda_transpose(gan_backend *be, float *y, const float *x, int n, int rows, int columns)
{
    if (rows == 1 || columns == 1)
        return gan_cuda_check(be, "transpose",
                              cudaMemcpyAsync(y, x, (size_t)n * rows * columns * sizeof(float),
                                              cudaMemcpyDeviceToDevice, gan_cuda_stream(be)));
    return launch_transpose(be, y, x, n, rows, columns);
}

gan_status gan_cuda_transpose_narrow(gan_backend *be, void *y, const float *x, int n, int rows, int columns)
{
    if (rows == 1 || columns == 1)
        return gan_cuda_narrow(be, y, x, (size_t)n * rows * columns);
    return launch_transpose(be, static_cast<__nv_bfloat16 *>(y), x, n, rows, columns);
}
