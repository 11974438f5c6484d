/* bf16.h: factors of products as bfloat16, rounded to the nearest. Included by .cu files, after device.h. */
#ifndef GAN_BACKEND_CUDA_BF16_H
#define GAN_BACKEND_CUDA_BF16_H

#include <cuda_bf16.h>

struct alignas(8) gan_bf16x4 {
    __nv_bfloat16 x, y, z, w;
};

/* To what T says: the same, or narrower. */
template <class T> static __device__ __forceinline__ T gan_narrow(float value);
template <class T> static __device__ __forceinline__ T gan_narrow(float4 value);

template <> __device__ __forceinline__ float gan_narrow(float value)
{
    return value;
}

template <> __device__ __forceinline__ float4 gan_narrow(float4 value)
{
    return value;
}

template <> __device__ __forceinline__ __nv_bfloat16 gan_narrow(float value)
{
    return __float2bfloat16_rn(value);
}

template <> __device__ __forceinline__ gan_bf16x4 gan_narrow(float4 value)
{
    return {__float2bfloat16_rn(value.x), __float2bfloat16_rn(value.y), __float2bfloat16_rn(value.z),
            __float2bfloat16_rn(value.w)};
}

#endif
