/* find.c: what CUDA says of this machine's devices, in words that say what to do. */
#include "cuda.h"

#include <stdlib.h>
#include <string.h>
#include "backend/driver.h"
#include "backend/table.h"

/* Why CUDA does not begin, of those reasons that people meet. */
typedef struct reason {
    cudaError_t error;
    const char *what, *todo;
} reason;

static const reason reasons[] = {
    {cudaErrorInitializationError, "CUDA cannot initialise", "look at `nvidia-smi` and `dmesg`"},
    {cudaErrorStubLibrary, "the CUDA Toolkit's stub of libcuda.so.1 was loaded in place of the driver's",
     "take the folder `stubs` out of LD_LIBRARY_PATH"},
    {cudaErrorSystemNotReady, "the fabric manager of the NVSwitches does not run",
     "start it (`systemctl start nvidia-fabricmanager`), in the driver's own version"},
    {cudaErrorSystemDriverMismatch, "the driver's libraries and its kernel module are of different versions",
     "after an update of the driver start the machine again; in a container, take the host's libraries"},
    {cudaErrorCompatNotSupportedOnDevice,
     "the forward compatibility package (cuda-compat) does not work with this GPU",
     "take its folder out of LD_LIBRARY_PATH"},
    {cudaErrorUnknown, "CUDA reports an unknown error (999)",
     "load the kernel module nvidia-uvm (`modprobe nvidia-uvm`, `nvidia-smi`) or restart the machine; "
     "a container needs /dev/nvidia-uvm"},
};

static void broken(gan_backend_devices *out, cudaError_t error)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].error == error) {
            gan_devices_none(out, GAN_FOUND_BROKEN, reasons[i].todo, "%s", reasons[i].what);
            return;
        }
    gan_devices_none(out, GAN_FOUND_BROKEN, "look at `nvidia-smi` and `dmesg`", "CUDA says: %s (%d)",
                     cudaGetErrorString(error), (int)error);
}

/* Also Slurm's word for a step that was given no GPU. */
static bool hides_all(const char *visible)
{
    return visible[0] == '\0' || strcmp(visible, "-1") == 0 || strcmp(visible, "NoDevFiles") == 0;
}

static void no_device(gan_backend_devices *out, const gan_driver *driver)
{
    const char *visible = getenv("CUDA_VISIBLE_DEVICES");
    if (visible && hides_all(visible))
        gan_devices_none(out, GAN_FOUND_NONE, "unset it to use them",
                         "CUDA_VISIBLE_DEVICES='%.40s' hides all GPUs", visible);
    else if (!driver->control)
        gan_devices_none(out, GAN_FOUND_IDLE,
                         "where this machine has one, load the driver's kernel module (`modprobe nvidia`, "
                         "`nvidia-smi`), start a container with `--gpus all`",
                         "the driver's libraries are here, but no GPU and no /dev/nvidiactl");
    else if (visible)
        gan_devices_none(out, GAN_FOUND_BROKEN, "correct it (`nvidia-smi -L` lists what is there)",
                         "CUDA_VISIBLE_DEVICES='%.40s' names no GPU that is here", visible);
    else
        gan_devices_none(
            out, GAN_FOUND_BROKEN,
            "look at `nvidia-smi`; ask Slurm (`--gpus-per-node`) or the container (`--gpus all`) "
            "for GPUs",
            "CUDA sees no GPU, though /dev/nvidiactl is there");
}

/* CUDA says the same when it finds no driver's library at all; and where there is no GPU, nobody misses a
 * newer one. */
static void too_old(gan_backend_devices *out, const gan_driver *driver)
{
    int knows = 0, wants = 0;
    if (!driver->library) {
        gan_driver_without_library(out, driver);
        return;
    }
    if (!driver->control && gan_driver_sees_none(driver)) {
        no_device(out, driver);
        return;
    }
    cudaDriverGetVersion(&knows);
    cudaRuntimeGetVersion(&wants);
    gan_devices_none(out, GAN_FOUND_BROKEN,
                     "install a newer driver, or build with a CUDA Toolkit that is not newer than the driver "
                     "(-DCMAKE_CUDA_COMPILER=PATH of its nvcc)",
                     "the driver is too old: it knows CUDA %d.%d, and this program was built with %d.%d",
                     knows / 1000, knows % 1000 / 10, wants / 1000, wants % 1000 / 10);
}

void gan_cuda_look(gan_backend_devices *out)
{
    gan_driver driver;
    int devices = 0;
    cudaError_t error = cudaGetDeviceCount(&devices);
    if (error == cudaSuccess && devices > 0) {
        *out = (gan_backend_devices){.found = GAN_FOUND_DEVICES, .n = devices};
        return;
    }
    cudaGetLastError(); /* told here */
    gan_driver_look(&driver);
    if (error == cudaErrorInsufficientDriver)
        too_old(out, &driver);
    else if (error == cudaSuccess || error == cudaErrorNoDevice)
        no_device(out, &driver);
    else
        broken(out, error);
}

/* What the program finds in this module; in a program that is linked with it, the table's. */
void gan_cuda_find(gan_backend_devices *out)
{
    gan_cuda_look(out);
}
