/* add.cu: the additions of the tree, whose order is fixed: NCCL carries the parts, and adds none of them. */
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
