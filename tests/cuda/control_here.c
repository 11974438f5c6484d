/* control_here.c: /dev/nvidiactl is there when CUDASIM_CONTROL is set, whatever this machine has; the linker
 * puts this in front of access() (--wrap). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);

int __wrap_access(const char *path, int mode)
{
    if (strcmp(path, "/dev/nvidiactl") != 0)
        return __real_access(path, mode);
    errno = ENOENT;
    return getenv("CUDASIM_CONTROL") ? 0 : -1;
}
