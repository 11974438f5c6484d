/* device.cpp: the devices, each like a small H100. */
#include <cstdio>
#include <cstring>
#include "report.h"
#include "stream.h"

static int device;

int current_device()
{
    return device;
}

static bool exists(int number)
{
    return number >= 0 && number < settings().devices;
}

extern "C" cudaError_t cudaGetDeviceCount(int *count)
{
    CUDASIM_ENTER("cudaGetDeviceCount", cudaErrorNoDevice);
    *count = settings().devices;
    return *count > 0 ? cudaSuccess : fail(cudaErrorNoDevice);
}

extern "C" cudaError_t cudaSetDevice(int number)
{
    CUDASIM_ENTER("cudaSetDevice");
    if (!exists(number))
        return fail(cudaErrorInvalidDevice);
    device = number;
    return cudaSuccess;
}

extern "C" cudaError_t cudaGetDevice(int *number)
{
    CUDASIM_ENTER("cudaGetDevice");
    *number = device;
    return cudaSuccess;
}

extern "C" cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int number)
{
    CUDASIM_ENTER("cudaDeviceGetAttribute");
    if (!exists(number))
        return fail(cudaErrorInvalidDevice);
    switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
        *value = 1024;
        return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlock:
        *value = 48 << 10;
        return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
        *value = 227 << 10;
        return cudaSuccess;
    case cudaDevAttrWarpSize:
        *value = 32;
        return cudaSuccess;
    case cudaDevAttrMultiProcessorCount:
        *value = 132;
        return cudaSuccess;
    case cudaDevAttrL2CacheSize:
        *value = 50 << 20;
        return cudaSuccess;
    case cudaDevAttrComputeCapabilityMajor:
        *value = 9;
        return cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor:
        *value = 0;
        return cudaSuccess;
    }
    return fail(cudaErrorInvalidValue);
}

extern "C" cudaError_t cudaGetDeviceProperties(cudaDeviceProp *out, int number)
{
    CUDASIM_ENTER("cudaGetDeviceProperties");
    if (!exists(number))
        return fail(cudaErrorInvalidDevice);
    *out = {"cudasim", size_t{16} << 30, 48 << 10, 227 << 10, 32, 1024, 9, 0, 132, 50 << 20};
    return cudaSuccess;
}

extern "C" cudaError_t cudaDeviceGetPCIBusId(char *out, int length, int number)
{
    CUDASIM_ENTER("cudaDeviceGetPCIBusId");
    if (!exists(number))
        return fail(cudaErrorInvalidDevice);
    snprintf(out, static_cast<size_t>(length), "0000:%02x:00.0", number + 1);
    return cudaSuccess;
}

extern "C" cudaError_t cudaDeviceGetStreamPriorityRange(int *least, int *greatest)
{
    CUDASIM_ENTER("cudaDeviceGetStreamPriorityRange");
    *least = 0;
    *greatest = -5;
    return cudaSuccess;
}
