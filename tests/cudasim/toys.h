/* toys.h: what small programs for the stand-in need. */
#ifndef CUDASIM_TOYS_H
#define CUDASIM_TOYS_H

#include <cstdio>
#include <unistd.h>
#include "cudasim.h"
#include "cudasim_device.h"

/* The toys' own errors are not what is tested. */
static inline void expect(cudaError_t error)
{
    if (error != cudaSuccess) {
        fprintf(stderr, "toy: %s\n", cudaGetErrorString(error));
        _exit(2);
    }
}

static inline cudaStream_t new_stream()
{
    cudaStream_t stream;
    expect(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    return stream;
}

template <typename T> static T *new_device(size_t count)
{
    void *memory;
    expect(cudaMalloc(&memory, count * sizeof(T)));
    return static_cast<T *>(memory);
}

template <typename T> static T *new_pinned(size_t count)
{
    void *memory;
    expect(cudaMallocHost(&memory, count * sizeof(T)));
    return static_cast<T *>(memory);
}

template <typename T> static std::vector<T> fetch(const T *device, size_t count, cudaStream_t stream)
{
    std::vector<T> out(count);
    expect(cudaMemcpyAsync(out.data(), device, count * sizeof(T), cudaMemcpyDeviceToHost, stream));
    return out;
}

#endif
