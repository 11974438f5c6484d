/* module.c: finds the cuda backend, which is a file beside the program, when it is asked for: cuBLAS and the
 * CUDA runtime are large, and not on every machine that trains on its CPU. Part of the program; the rest of
 * this folder is the module, whose constructor has the same name. */
#include <dlfcn.h>
#include <string.h>
#include "backend/table.h"

/* Never closed: CUDA's threads do not end before the program does. */
static void *load(void)
{
    return dlopen("libgan_cuda.so", RTLD_NOW | RTLD_LOCAL);
}

gan_status gan_cuda_open(gan_backend **out, const gan_backend_options *options)
{
    gan_status (*open)(gan_backend **, const gan_backend_options *);
    *out = NULL;
    void *module = load();
    if (!module)
        return gan_error(GAN_BAD_INPUT, "backend cuda: %s; install the CUDA libraries, or use --backend cpu",
                         dlerror());
    void *symbol = dlsym(module, "gan_cuda_open");
    if (!symbol)
        return gan_error(GAN_FAILED, "backend cuda: %s; build again", dlerror());
    memcpy(&open, &symbol, sizeof open);
    return open(out, options);
}

/* Asked at every start: without the driver the module, which takes a while to load, has nothing to say. */
int gan_cuda_devices(void)
{
    int (*devices)(void);
    void *driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
    void *module = driver ? load() : NULL, *symbol = module ? dlsym(module, "gan_cuda_devices") : NULL;
    if (!symbol)
        return 0;
    memcpy(&devices, &symbol, sizeof devices);
    return devices();
}
