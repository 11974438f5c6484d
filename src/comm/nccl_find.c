/* Finds comm_nccl, which is a file of its own, when it is asked for: NCCL is large, and not on every
 * machine. */
#include "nccl_find.h"

#ifdef GAN_NCCL

#include <dlfcn.h>
#include <string.h>
#include "gan_dist/base.h"

gan_status gan_nccl_find(gan_nccl_use_fn **out)
{
    void *module;
    *out = NULL;
    if (gan_module_load(&module, "libgan_nccl.so") != GAN_OK)
        return gan_error(GAN_BAD_INPUT, "NCCL: %s; install it, or set train.comm = mpi", gan_error_message());
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
