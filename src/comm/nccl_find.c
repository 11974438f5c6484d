/* Finds comm_nccl, which is a file beside the program, when it is asked for:
 * NCCL is large, and not on every machine. */
#include "nccl_find.h"

#ifdef GAN_NCCL

#include <dlfcn.h>
#include <string.h>

gan_status gan_nccl_find(gan_nccl_use_fn **out)
{
    *out = NULL;
    /* Never closed: NCCL's threads do not end before the program does. */
    void *module = dlopen("libgan_nccl.so", RTLD_NOW | RTLD_LOCAL);
    if (!module)
        return gan_error(GAN_BAD_INPUT, "NCCL: %s; install it, or set train.comm = mpi", dlerror());
    void *symbol = dlsym(module, "gan_nccl_use");
    if (!symbol)
        return gan_error(GAN_FAILED, "NCCL: %s; build again", dlerror());
    memcpy(out, &symbol, sizeof *out);
    return GAN_OK;
}

#else

gan_status gan_nccl_find(gan_nccl_use_fn **out)
{
    *out = NULL;
    return gan_error(GAN_BAD_INPUT, "this build has no NCCL; build it where nccl.h and libnccl are, or set "
                                    "train.comm = mpi");
}

#endif
