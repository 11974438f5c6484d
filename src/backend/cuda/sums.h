/* sums.h: sums over the rows of a matrix, two for each column, in double and in an order that the shape alone
 * decides: no atomics.
 *
 * A thread adds every so-manieth row of its column, a block adds its threads as a tree; where there are many
 * rows, several blocks share a column, and a second launch adds what they found. */
#ifndef GAN_BACKEND_CUDA_SUMS_H
#define GAN_BACKEND_CUDA_SUMS_H

#include "device.h"

/* V::add(a, b, row, column) adds a row's two values; S::store(block, column, a, b) takes the sums. */
template <class V, class S> struct gan_sum_job {
    V values;
    S sink;
};

/* [block][2][c] */
struct gan_sums_sink {
    double *out;
    int c;
    __device__ void store(unsigned block, int i, double a, double b) const
    {
        out[2 * (size_t)block * c + i] = a;
        out[(2 * (size_t)block + 1) * c + i] = b;
    }
};

struct gan_sums_values {
    const double *sums;
    int c;
    __device__ void add(double &a, double &b, size_t row, int i) const
    {
        a += sums[2 * row * c + i];
        b += sums[(2 * row + 1) * c + i];
    }
};

template <class J>
static __global__ void __launch_bounds__(GAN_BLOCK)
    gan_column_sums(J job, size_t rows, size_t block_rows, int c)
{
    GAN_SHARED(double, first, [GAN_BLOCK]);
    GAN_SHARED(double, second, [GAN_BLOCK]);
    const int i = gan_column();
    const unsigned lane = threadIdx.y * blockDim.x + threadIdx.x;
    const size_t begin = blockIdx.y * block_rows, end = begin + block_rows < rows ? begin + block_rows : rows;
    double a = 0, b = 0;
    for (size_t row = begin + threadIdx.y; i < c && row < end; row += blockDim.y)
        job.values.add(a, b, row, i);
    first[lane] = a;
    second[lane] = b;
    for (unsigned half = blockDim.y / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.y < half) {
            first[lane] += first[lane + half * blockDim.x];
            second[lane] += second[lane + half * blockDim.x];
        }
    }
    if (threadIdx.y == 0 && i < c)
        job.sink.store(blockIdx.y, i, first[lane], second[lane]);
}

template <class J>
static void gan_launch_sums(gan_backend *be, const J &job, size_t rows, size_t blocks, int c)
{
    const dim3 block = gan_row_block(c), grid(((unsigned)c + block.x - 1) / block.x, (unsigned)blocks);
    GAN_LAUNCH(gan_column_sums<J>, grid, block, 0, gan_cuda_stream(be), job, rows,
               (rows + blocks - 1) / blocks, c);
}

/* At least 16 rows a thread, at most 256 blocks a column, and no more than the scratch memory takes. */
static inline size_t gan_sum_blocks(size_t rows, int c)
{
    const size_t room = GAN_CUDA_PARTIALS / (2 * (size_t)c), enough = rows / (16 * gan_row_block(c).y);
    const size_t blocks = enough < 256 ? enough : 256;
    return blocks < 2 || room < 2 ? 1 : blocks < room ? blocks : room;
}

template <class V, class S>
static gan_status gan_sum_columns(gan_backend *be, const char *what, const V &values, const S &sink,
                                  size_t rows, int c)
{
    const size_t blocks = gan_sum_blocks(rows, c);
    const gan_sums_sink partials = {((gan_cuda *)be)->partials, c};
    if (blocks == 1) {
        gan_launch_sums(be, gan_sum_job<V, S>{values, sink}, rows, 1, c);
        return gan_cuda_launched(be, what);
    }
    gan_launch_sums(be, gan_sum_job<V, gan_sums_sink>{values, partials}, rows, blocks, c);
    GAN_TRY(gan_cuda_launched(be, what));
    gan_launch_sums(be, gan_sum_job<gan_sums_values, S>{{partials.out, c}, sink}, blocks, 1, c);
    return gan_cuda_launched(be, what);
}

#endif
