/* vector_types.h: the vector types of device code, with CUDA's alignments. */
#ifndef CUDASIM_VECTOR_TYPES_H
#define CUDASIM_VECTOR_TYPES_H

#ifdef __cplusplus
#define CUDASIM_ALIGN(bytes) alignas(bytes)
#else
#define CUDASIM_ALIGN(bytes) _Alignas(bytes)
#endif

struct uint3 {
    unsigned int x, y, z;
};
struct float2 {
    CUDASIM_ALIGN(8) float x;
    float y;
};
struct float4 {
    CUDASIM_ALIGN(16) float x;
    float y, z, w;
};
struct dim3 {
    unsigned int x, y, z;
#ifdef __cplusplus
    constexpr dim3(unsigned int vx = 1, unsigned int vy = 1, unsigned int vz = 1) : x(vx), y(vy), z(vz)
    {
    }
#endif
};
typedef struct uint3 uint3;
typedef struct float2 float2;
typedef struct float4 float4;
typedef struct dim3 dim3;

#endif
