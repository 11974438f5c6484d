/* cuda_bf16.h: the stand-in's bfloat16: the upper half of a float.
 * Device code writes it, and products read it. */
#ifndef CUDASIM_CUDA_BF16_H
#define CUDASIM_CUDA_BF16_H

#include <cstdint>
#include <cstring>

struct alignas(2) __nv_bfloat16 {
    uint16_t bits;
};

/* To the nearest, ties to even; a number that is none stays none. */
static inline __nv_bfloat16 __float2bfloat16_rn(const float value)
{
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    if (value != value)
        return {0x7fff};
    return {static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1)) >> 16)};
}

#endif
