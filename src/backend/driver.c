#include "driver.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY   "libcuda.so.1"
#define CONTROL   "/dev/nvidiactl"
#define NO_DEVICE 100 /* CUDA_ERROR_NO_DEVICE */

void gan_devices_none(gan_backend_devices *out, gan_found found, const char *todo, const char *what, ...)
{
    va_list arguments;
    va_start(arguments, what);
    *out = (gan_backend_devices){.found = found};
    vsnprintf(out->why, sizeof out->why, what, arguments);
    snprintf(out->todo, sizeof out->todo, "%s", todo);
    va_end(arguments);
}

/* The loader names what it did not find: the library itself, or another one that it needs. */
static bool is_nowhere(const char *error)
{
    return strncmp(error, LIBRARY ":", strlen(LIBRARY ":")) == 0 && strstr(error, "No such file");
}

/* Whether a driver is behind it, which may refuse this process. The name alone says nothing: the library
 * makes it for root, also where no driver is. */
static bool has_control(void)
{
    int file = open(CONTROL, O_RDONLY | O_CLOEXEC);
    if (file >= 0)
        close(file);
    return file >= 0 || errno == EACCES || errno == EPERM;
}

void gan_driver_look(gan_driver *out)
{
    *out = (gan_driver){.control = has_control(), .library = dlopen(LIBRARY, RTLD_LAZY)};
    const char *error = out->library ? "" : dlerror();
    snprintf(out->why, sizeof out->why, "%s", error);
    out->library_there = out->library || !is_nowhere(error);
}

void gan_driver_without_library(gan_backend_devices *out, const gan_driver *driver)
{
    if (driver->library_there)
        gan_devices_none(out, GAN_FOUND_BROKEN, "install the driver again",
                         "the driver's " LIBRARY " is there but cannot be loaded (%s)", driver->why);
    else if (driver->control)
        gan_devices_none(
            out, GAN_FOUND_BROKEN,
            "install the driver's libraries (Debian: libcuda1), start a container with `--gpus all` "
            "and NVIDIA_DRIVER_CAPABILITIES=compute,utility",
            CONTROL " is there, but the driver's " LIBRARY " is not found");
    else
        gan_devices_none(out, GAN_FOUND_NONE, "install one where there is a GPU", "no NVIDIA driver is here");
}

/* -1: the library has no such function. */
static int call_init(const gan_driver *driver)
{
    int (*init)(unsigned flags);
    void *symbol = dlsym(driver->library, "cuInit");
    memcpy(&init, &symbol, sizeof init);
    return init ? init(0) : -1;
}

bool gan_driver_sees_none(const gan_driver *driver)
{
    return call_init(driver) == NO_DEVICE;
}

/* 0 too where the driver does not work: nothing is lost by that here. */
static int count_devices(const gan_driver *driver)
{
    int (*count)(int *devices), devices = 0;
    void *symbol = dlsym(driver->library, "cuDeviceGetCount");
    memcpy(&count, &symbol, sizeof count);
    return count && call_init(driver) == 0 && count(&devices) == 0 ? devices : 0;
}

void gan_driver_unused(gan_backend_devices *out)
{
    gan_driver driver;
    gan_driver_look(&driver);
    int devices = driver.library ? count_devices(&driver) : 0;
    if (devices > 0)
        gan_devices_none(out, GAN_FOUND_IDLE,
                         "to use it, build again where the CUDA Toolkit is (cmake -DGAN_CUDA=ON says what is "
                         "missing)",
                         "this program was built without CUDA and leaves %d NVIDIA GPU%s idle", devices,
                         devices == 1 ? "" : "s");
    else
        gan_devices_none(out, GAN_FOUND_NONE, "build it where the CUDA Toolkit is",
                         "this program was built without CUDA");
}
