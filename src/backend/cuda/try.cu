/* try.cu: the first kernel on a device, before anything is built on it: there may be no code for it. */
#include "device.h"

#include <cstdio>

#define WORD 0x67616e21u

/* What nvcc compiles for: compute capabilities times 100. */
static const int codes[] = {__CUDA_ARCH_LIST__};

static __global__ void answer(unsigned *out, unsigned word)
{
    if (gan_first() == 0)
        *out = word;
}

static bool has_no_code(cudaError_t error)
{
    return error == cudaErrorNoKernelImageForDevice || error == cudaErrorInvalidDeviceFunction ||
           error == cudaErrorUnsupportedPtxVersion || error == cudaErrorJitCompilerNotFound;
}

static gan_status refuse(gan_backend *be, cudaError_t error)
{
    int major = 0, minor = 0;
    char known[128] = "";
    size_t n = 0;
    cudaGetLastError(); /* told here */
    GAN_TRY(gan_cuda_check(be, "cudaDeviceGetAttribute",
                           cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, be->device)));
    GAN_TRY(gan_cuda_check(be, "cudaDeviceGetAttribute",
                           cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, be->device)));
    for (const int code : codes)
        if (n < sizeof known)
            n += (size_t)snprintf(known + n, sizeof known - n, "%s%d.%d", n > 0 ? ", " : "", code / 100,
                                  code / 10 % 10);
    return gan_error(
        GAN_BAD_INPUT,
        "backend cuda: %s has compute capability %d.%d, and this build has code for %s alone (%s): "
        "build with -DCMAKE_CUDA_ARCHITECTURES=%d%d%s, or use --backend cpu",
        be->place, major, minor, known, cudaGetErrorString(error), major, minor,
        10 * major + minor < 75 ? " and an older CUDA Toolkit that knows it" : "");
}

gan_status gan_cuda_try(gan_backend *be)
{
    unsigned word = 0, *there = reinterpret_cast<unsigned *>(reinterpret_cast<gan_cuda *>(be)->partials);
    GAN_LAUNCH(answer, 1, 32, 0, gan_cuda_stream(be), there, WORD);
    const cudaError_t error = cudaGetLastError();
    if (has_no_code(error))
        return refuse(be, error);
    GAN_TRY(gan_cuda_check(be, "the first kernel", error));
    GAN_TRY(gan_cuda_download(be, &word, there, sizeof word));
    if (word != WORD)
        return gan_error(GAN_FAILED, "backend cuda: the first kernel computes nothing on %s", be->place);
    return GAN_OK;
}
