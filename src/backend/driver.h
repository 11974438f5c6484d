/* driver.h: NVIDIA's driver, as far as it can be known without CUDA: whether a machine has it, and whether it
 * can be used. */
#ifndef GAN_BACKEND_DRIVER_H
#define GAN_BACKEND_DRIVER_H

#include "gan_dist/backend.h"

typedef struct gan_driver {
    bool control;       /* /dev/nvidiactl: the kernel's part is there */
    void *library;      /* libcuda.so.1, which stays loaded; NULL: see `why` */
    bool library_there; /* it is there, whether it can be loaded or not */
    char why[256];      /* what the loader says of one that cannot be loaded */
} gan_driver;

void gan_driver_look(gan_driver *out);

/* What follows for CUDA where the library cannot be used. */
void gan_driver_without_library(gan_backend_devices *out, const gan_driver *driver);

/* Whether the driver, whose library is there, says itself that there is no GPU. */
bool gan_driver_sees_none(const gan_driver *driver);

/* What a build without CUDA says of the GPUs of this machine. */
void gan_driver_unused(gan_backend_devices *out);

/* Fills *out without devices; `what` is a format. */
void gan_devices_none(gan_backend_devices *out, gan_found found, const char *todo, const char *what, ...)
    __attribute__((format(printf, 4, 5)));

#endif
