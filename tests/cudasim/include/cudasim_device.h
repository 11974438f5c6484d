/* cudasim_device.h: device code for g++. Includes what kernels may use, and nothing else of CUDA: a word that
 * is missing here does not compile. Every barrier and warp operation knows its place in the source, which is
 * how the stand-in tells whether threads meet at the same one. */
#ifndef CUDASIM_DEVICE_H
#define CUDASIM_DEVICE_H

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <vector>
#include "cuda_runtime.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __CUDA_ARCH_LIST__ 750, 800, 900 /* what the real build is compiled for */

struct cudasim_place {
    const char *file;
    int line;
};
#define CUDASIM_HERE (cudasim_place{__FILE__, __LINE__})

/* --- where a thread is --- */
struct cudasim_thread {
    uint3 thread, block;
    dim3 block_size, grid_size;
};
extern const cudasim_thread *cudasim_this_thread;
#define threadIdx (cudasim_this_thread->thread)
#define blockIdx  (cudasim_this_thread->block)
#define blockDim  (cudasim_this_thread->block_size)
#define gridDim   (cudasim_this_thread->grid_size)

/* --- barriers and warps --- */
enum cudasim_warp_op { CUDASIM_SYNC, CUDASIM_BALLOT, CUDASIM_INDEX, CUDASIM_DOWN, CUDASIM_XOR };
void cudasim_barrier(cudasim_place place);
uint64_t cudasim_warp(cudasim_warp_op op, cudasim_place place, unsigned mask, uint64_t value, int argument,
                      int width);

template <typename T>
T cudasim_shuffle(cudasim_warp_op op, cudasim_place place, unsigned mask, T value, int argument,
                  int width = 32)
{
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "shuffles move 4 or 8 bytes");
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    bits = cudasim_warp(op, place, mask, bits, argument, width);
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

struct cudasim_syncwarp {
    cudasim_place place;
    void operator()(unsigned mask = 0xffffffffu) const
    {
        cudasim_warp(CUDASIM_SYNC, place, mask, 0, 0, 32);
    }
};

#define __syncthreads()             cudasim_barrier(CUDASIM_HERE)
#define __syncwarp                  (cudasim_syncwarp{CUDASIM_HERE})
#define __shfl_sync(mask, ...)      cudasim_shuffle(CUDASIM_INDEX, CUDASIM_HERE, mask, __VA_ARGS__)
#define __shfl_down_sync(mask, ...) cudasim_shuffle(CUDASIM_DOWN, CUDASIM_HERE, mask, __VA_ARGS__)
#define __shfl_xor_sync(mask, ...)  cudasim_shuffle(CUDASIM_XOR, CUDASIM_HERE, mask, __VA_ARGS__)
#define __ballot_sync(mask, predicate)                                                                       \
    static_cast<unsigned>(cudasim_warp(CUDASIM_BALLOT, CUDASIM_HERE, mask, (predicate) ? 1 : 0, 0, 32))

/* --- shared memory: slices of the block's arena, the same one for all threads that pass the same line --- */
void *cudasim_shared(cudasim_place place, const char *name, size_t bytes, size_t align);
void *cudasim_dynamic_shared(const char *name, size_t align);

#define GAN_SHARED(type, name, dims)                                                                         \
    using cudasim_type_##name = type dims;                                                                   \
    cudasim_type_##name &name = *static_cast<cudasim_type_##name *>(                                         \
        cudasim_shared(CUDASIM_HERE, #name, sizeof(cudasim_type_##name), alignof(cudasim_type_##name)))
#define GAN_DYNAMIC_SHARED(type, name)                                                                       \
    type *name = static_cast<type *>(cudasim_dynamic_shared(#name, alignof(type)))

/* --- arithmetic --- */
template <typename T> static inline T __ldg(const T *at)
{
    return *at;
}
static inline float __fmaf_rn(float a, float b, float c)
{
    return __builtin_fmaf(a, b, c);
}
static inline float __fmul_rn(float a, float b)
{
    return a * b;
}
static inline float __fadd_rn(float a, float b)
{
    return a + b;
}
static inline float rsqrtf(float x)
{
    return static_cast<float>(1.0 / std::sqrt(static_cast<double>(x)));
}
static inline void sincospif(float x, float *sine, float *cosine)
{
    const double angle = 3.14159265358979323846 * std::fmod(static_cast<double>(x), 2.0);
    *sine = static_cast<float>(std::sin(angle));
    *cosine = static_cast<float>(std::cos(angle));
}

/* --- launches --- */
struct cudasim_argument {
    const void *at;
    size_t bytes;
    bool pointer;
};
struct cudasim_launch {
    const char *name;
    const void *function;
    dim3 grid, block;
    size_t shared;
    cudaStream_t stream;
    std::function<void()> thread;            /* what one thread does */
    std::vector<cudasim_argument> arguments; /* into the copies that `thread` holds */
};
void cudasim_enqueue(cudasim_launch launch);

template <typename... P, typename... A>
void cudasim_start(void (*kernel)(P...), const char *name, dim3 grid, dim3 block, size_t shared,
                   cudaStream_t stream, A &&...values)
{
    auto copies = std::make_shared<std::tuple<std::decay_t<P>...>>(static_cast<std::decay_t<P>>(values)...);
    cudasim_launch launch = {name, reinterpret_cast<const void *>(kernel), grid, block, shared, stream, {},
                             {}};
    launch.thread = [kernel, copies] { std::apply(kernel, *copies); };
    std::apply(
        [&launch](const auto &...copy) {
            (launch.arguments.push_back(
                 {&copy, sizeof copy, std::is_pointer_v<std::decay_t<decltype(copy)>>}),
             ...);
        },
        *copies);
    cudasim_enqueue(std::move(launch));
}

/* Arguments are copied when the launch is called, which is when CUDA copies them. */
#define GAN_LAUNCH(kernel, grid, block, shared_bytes, stream, ...)                                           \
    cudasim_start(kernel, #kernel, dim3(grid), dim3(block), shared_bytes, stream, __VA_ARGS__)

#endif
