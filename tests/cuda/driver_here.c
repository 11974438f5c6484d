/* driver_here.c: libcuda.so.1 as far as the program looks at it, on machines without one: it can be loaded,
 * and counts CUDASIM_DEVICES devices. With CUDASIM_CUINIT=999 it does not begin. */
#include <stdlib.h>

int cuInit(unsigned flags);
int cuDeviceGetCount(int *devices);

static int number(const char *name)
{
    const char *value = getenv(name);
    return value ? atoi(value) : 0;
}

int cuInit(unsigned flags)
{
    return flags == 0 ? number("CUDASIM_CUINIT") : 1;
}

int cuDeviceGetCount(int *devices)
{
    *devices = number("CUDASIM_DEVICES");
    return 0;
}
