/* kernel.cpp: what a launch may ask for. */
#include <cstring>
#include <map>
#include "cudasim_device.h"
#include "grid.h"
#include "report.h"
#include "stream.h"

static const size_t usual_shared = 48 << 10, most_shared = 227 << 10;
static std::map<const void *, size_t> allowed_shared;

extern "C" cudaError_t cudaFuncSetAttribute(const void *function, cudaFuncAttribute attribute, int value)
{
    CUDASIM_ENTER("cudaFuncSetAttribute");
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize || value < 0 ||
        static_cast<size_t>(value) > most_shared)
        return fail(cudaErrorInvalidValue);
    allowed_shared[function] = static_cast<size_t>(value);
    return cudaSuccess;
}

static void check_limits(const cudasim_launch &launch)
{
    const dim3 g = launch.grid, b = launch.block;
    const uint64_t threads = uint64_t{b.x} * b.y * b.z;
    if (threads < 1 || threads > 1024 || b.x > 1024 || b.y > 1024 || b.z > 64)
        misuse("kernel %s: block of %u x %u x %u threads (1 to 1024)", launch.name, b.x, b.y, b.z);
    if (g.x < 1 || g.x > 0x7fffffffu || g.y < 1 || g.y > 65535 || g.z < 1 || g.z > 65535)
        misuse("kernel %s: grid of %u x %u x %u blocks (1 to 2^31-1, 65535, 65535)", launch.name, g.x, g.y,
               g.z);
    const auto allowed = allowed_shared.find(launch.function);
    const size_t limit = allowed == allowed_shared.end() ? usual_shared : allowed->second;
    if (launch.shared > limit)
        misuse("kernel %s: %zu bytes of dynamic shared memory, %zu allowed", launch.name, launch.shared,
               limit);
}

/* An int and the padding behind it, which holds what was there before: half of an address, say. */
static bool is_padded_int(const void *pointer)
{
    return (reinterpret_cast<uintptr_t>(pointer) & 0xffffffffu) < (1u << 24);
}

/* Pointers must be NULL or in live memory of the device. In structs every aligned word that looks like one of
 * the stand-in's addresses is taken for a pointer. */
static void check_arguments(const cudasim_launch &launch, int device)
{
    for (size_t i = 0; i < launch.arguments.size(); i++) {
        const cudasim_argument &argument = launch.arguments[i];
        for (size_t at = 0; at + sizeof(void *) <= argument.bytes; at += sizeof(void *)) {
            const void *pointer;
            memcpy(&pointer, static_cast<const char *>(argument.at) + at, sizeof pointer);
            if (argument.pointer ? pointer == nullptr
                                 : is_padded_int(pointer) || allocation_near(pointer) == nullptr)
                continue;
            const std::string fault = fault_of(pointer, 0, device);
            if (!fault.empty())
                misuse("kernel %s: argument %zu points to %s", launch.name, i + 1, fault.c_str());
        }
    }
}

static int oldest_code()
{
    const int codes[] = {__CUDA_ARCH_LIST__};
    return codes[0];
}

void cudasim_enqueue(cudasim_launch launch)
{
    if (enter("launch", cudaErrorLaunchOutOfResources) != cudaSuccess)
        return;
    if (10 * settings().capability < oldest_code()) {
        fail(cudaErrorNoKernelImageForDevice);
        return;
    }
    check_stream(launch.name, launch.stream);
    check_limits(launch);
    CUstream_st *stream = launch.stream;
    const int device = stream->device;
    check_arguments(launch, device);
    Work work;
    work.name = "kernel " + std::string(launch.name);
    work.run = [launch = std::move(launch), device] {
        if (injected("kernel")) {
            kernel_failed();
            return;
        }
        check_arguments(launch, device);
        run_grid(launch);
    };
    queue_work(stream, std::move(work));
}
