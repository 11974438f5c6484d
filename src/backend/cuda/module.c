/* module.c: finds the cuda backend, which is a file of its own, when it is asked for: cuBLAS and the CUDA
 * runtime are large, and not on every machine that trains on its CPU. Part of the program; the rest of this
 * folder is the module, whose functions have the same names. */
#include <dlfcn.h>
#include <string.h>
#include "backend/driver.h"
#include "backend/table.h"
#include "gan_dist/base.h"

#define MODULE "libgan_cuda.so"

gan_status gan_cuda_open(gan_backend **out, const gan_backend_options *options)
{
    gan_status (*open)(gan_backend **, const gan_backend_options *);
    void *module;
    *out = NULL;
    if (gan_module_load(&module, MODULE) != GAN_OK)
        return gan_error(GAN_BAD_INPUT, "backend cuda: %s; install the CUDA libraries, or use --backend cpu",
                         gan_error_message());
    void *symbol = dlsym(module, "gan_cuda_open");
    if (!symbol)
        return gan_error(GAN_FAILED, "backend cuda: %s; build again", dlerror());
    memcpy(&open, &symbol, sizeof open);
    return open(out, options);
}

/* Asked at every start: without the driver the module, which takes a while to load, has nothing to say. */
void gan_cuda_find(gan_backend_devices *out)
{
    void (*find)(gan_backend_devices *);
    gan_driver driver;
    void *module;
    gan_driver_look(&driver);
    if (!driver.library) {
        gan_driver_without_library(out, &driver);
        return;
    }
    if (gan_module_load(&module, MODULE) != GAN_OK) {
        const bool gpu = driver.control || !gan_driver_sees_none(&driver);
        gan_devices_none(out, gpu ? GAN_FOUND_BROKEN : GAN_FOUND_IDLE,
                         "install the CUDA libraries that it needs, or build again", "%s",
                         gan_error_message());
        return;
    }
    void *symbol = dlsym(module, "gan_cuda_find");
    if (!symbol) {
        gan_devices_none(out, GAN_FOUND_BROKEN, "build again", "%s", dlerror());
        return;
    }
    memcpy(&find, &symbol, sizeof find);
    find(out);
}
