/* kernels.cu: the additions of the tree, whose order is fixed: NCCL carries the parts, and adds none of them;
 * and the word by which a graph tells how far it is. */
#ifdef GAN_CUDASIM
#include <cudasim_device.h>
#else
#include <cuda_runtime.h>
#define GAN_LAUNCH(kernel, grid, block, shared_bytes, stream, ...)                                           \
    kernel<<<(grid), (block), (shared_bytes), (stream)>>>(__VA_ARGS__)
#endif

#include "comm_nccl.h"

#define BLOCK      256
#define BLOCKS_MAX 1024

template <typename T>
static __global__ void __launch_bounds__(BLOCK)
    add(T *__restrict__ buffer, const T *__restrict__ from, size_t n)
{
    const size_t stride = (size_t)gridDim.x * blockDim.x;
    for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride)
        buffer[i] += from[i];
}

static unsigned blocks(size_t n)
{
    const size_t wanted = (n + BLOCK - 1) / BLOCK;
    return (unsigned)(wanted < BLOCKS_MAX ? wanted : BLOCKS_MAX);
}

static __global__ void write_word(volatile uint32_t *word, uint32_t value)
{
    *word = value;
}

cudaError_t gan_nccl_tell(uint32_t *word, uint32_t value, cudaStream_t stream)
{
    GAN_LAUNCH(write_word, 1, 1, 0, stream, word, value);
    return cudaGetLastError();
}

cudaError_t gan_nccl_add_floats(float *buffer, const float *from, size_t n, cudaStream_t stream)
{
    GAN_LAUNCH(add<float>, blocks(n), BLOCK, 0, stream, buffer, from, n);
    return cudaGetLastError();
}

cudaError_t gan_nccl_add_doubles(double *buffer, const double *from, size_t n, cudaStream_t stream)
{
    GAN_LAUNCH(add<double>, blocks(n), BLOCK, 0, stream, buffer, from, n);
    return cudaGetLastError();
}
