/* device.h: what every .cu file includes first: the words of device code, for nvcc, or for g++ and the
 * stand-in of tests/cudasim, and how threads share work.
 *
 * A kernel is started with GAN_LAUNCH, has its shared memory from GAN_SHARED, and uses what the stand-in
 * knows and no more: no default stream, no float atomics, no assembly. */
#ifndef GAN_BACKEND_CUDA_DEVICE_H
#define GAN_BACKEND_CUDA_DEVICE_H

#ifdef GAN_CUDASIM
#include <cudasim_device.h>
#define GAN_UNROLL
#else
#include <cuda_runtime.h>
#define GAN_LAUNCH(kernel, grid, block, shared_bytes, stream, ...)                                           \
    kernel<<<(grid), (block), (shared_bytes), (stream)>>>(__VA_ARGS__)
#define GAN_SHARED(type, name, dims) __shared__ type name dims
#define GAN_UNROLL                   _Pragma("unroll") /* arrays indexed by such a loop stay in registers */
#endif

#include "cuda.h"

#define GAN_BLOCK      256
#define GAN_BLOCKS_MAX 2048 /* enough to fill any GPU; threads then take more than one element */

/* --- a range: each thread takes every so-manieth element --- */
static inline unsigned gan_blocks(size_t n)
{
    const size_t blocks = (n + GAN_BLOCK - 1) / GAN_BLOCK;
    return (unsigned)(blocks < 1 ? 1 : blocks < GAN_BLOCKS_MAX ? blocks : GAN_BLOCKS_MAX);
}

static __device__ __forceinline__ size_t gan_first(void)
{
    return (size_t)blockIdx.x * blockDim.x + threadIdx.x;
}

static __device__ __forceinline__ size_t gan_stride(void)
{
    return (size_t)gridDim.x * blockDim.x;
}

/* --- rows of columns: a thread has one column and every so-manieth row;
 * neighbours have neighbouring columns */
static inline dim3 gan_row_block(int columns)
{
    unsigned width = 1;
    while (width < 32 && (int)width < columns)
        width *= 2;
    return dim3(width, GAN_BLOCK / width);
}

static inline dim3 gan_row_grid(size_t rows, int columns)
{
    const dim3 block = gan_row_block(columns);
    const size_t across = ((size_t)columns + block.x - 1) / block.x, down = (rows + block.y - 1) / block.y;
    const size_t most = across < GAN_BLOCKS_MAX ? GAN_BLOCKS_MAX / across : 1;
    return dim3((unsigned)across, (unsigned)(down < 1 ? 1 : down < most ? down : most));
}

static __device__ __forceinline__ int gan_column(void)
{
    return (int)(blockIdx.x * blockDim.x + threadIdx.x);
}

static __device__ __forceinline__ size_t gan_first_row(void)
{
    return (size_t)blockIdx.y * blockDim.y + threadIdx.y;
}

static __device__ __forceinline__ size_t gan_row_stride(void)
{
    return (size_t)gridDim.y * blockDim.y;
}

#endif
