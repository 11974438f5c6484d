/* device.cpp: the devices, each like a small H100. */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>
#include "report.h"
#include "stream.h"

static int device;

int current_device()
{
    return device;
}

/* CUDA_VISIBLE_DEVICES, as CUDA reads it: numbers up to the first that is none of a device. */
static std::vector<int> read_visible()
{
    std::vector<int> visible;
    const char *text = getenv("CUDA_VISIBLE_DEVICES");
    for (int i = 0; !text && i < settings().devices; i++)
        visible.push_back(i);
    while (text && *text) {
        char *end;
        const long number = strtol(text, &end, 10);
        if (end == text || number < 0 || number >= settings().devices)
            break;
        visible.push_back(static_cast<int>(number));
        text = *end == ',' ? end + 1 : "";
    }
    return visible;
}

static const std::vector<int> &visible()
{
    static const std::vector<int> devices = read_visible();
    return devices;
}

int board_of(int number)
{
    return visible().at(static_cast<size_t>(number));
}

static bool exists(int number)
{
    return number >= 0 && static_cast<size_t>(number) < visible().size();
}

extern "C" cudaError_t cudaDriverGetVersion(int *version)
{
    CUDASIM_ENTER("cudaDriverGetVersion");
    *version = atoi(getenv("CUDASIM_DRIVER") ? getenv("CUDASIM_DRIVER") : "13000");
    return cudaSuccess;
}

extern "C" cudaError_t cudaRuntimeGetVersion(int *version)
{
    CUDASIM_ENTER("cudaRuntimeGetVersion");
    *version = 13000;
    return cudaSuccess;
}

extern "C" cudaError_t cudaGetDeviceCount(int *count)
{
    CUDASIM_ENTER("cudaGetDeviceCount", cudaErrorNoDevice);
    *count = static_cast<int>(visible().size());
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
        *value = settings().capability / 10;
        return cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor:
        *value = settings().capability % 10;
        return cudaSuccess;
    }
    return fail(cudaErrorInvalidValue);
}

extern "C" cudaError_t cudaGetDeviceProperties(cudaDeviceProp *out, int number)
{
    CUDASIM_ENTER("cudaGetDeviceProperties");
    if (!exists(number))
        return fail(cudaErrorInvalidDevice);
    const int capability = settings().capability;
    *out = {"cudasim", size_t{16} << 30, 48 << 10,        227 << 10, 32,
            1024,      capability / 10,  capability % 10, 132,       50 << 20};
    return cudaSuccess;
}

extern "C" cudaError_t cudaDeviceGetPCIBusId(char *out, int length, int number)
{
    CUDASIM_ENTER("cudaDeviceGetPCIBusId");
    if (!exists(number))
        return fail(cudaErrorInvalidDevice);
    snprintf(out, static_cast<size_t>(length), "0000:%02x:00.0", board_of(number) + 1);
    return cudaSuccess;
}

extern "C" cudaError_t cudaDeviceGetStreamPriorityRange(int *least, int *greatest)
{
    CUDASIM_ENTER("cudaDeviceGetStreamPriorityRange");
    *least = 0;
    *greatest = -5;
    return cudaSuccess;
}
