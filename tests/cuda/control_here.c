/* control_here.c: /dev/nvidiactl as CUDASIM_CONTROL has it, whatever this machine has: not there when that is
 * not set, there (yes), there for others (denied), or a name with nothing behind it (dead). The linker puts
 * this in front of open() (--wrap). */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

static int open_control(void)
{
    const char *is = getenv("CUDASIM_CONTROL");
    if (is && strcmp(is, "yes") == 0)
        return __real_open("/dev/null", O_RDONLY | O_CLOEXEC);
    errno = !is ? ENOENT : strcmp(is, "denied") == 0 ? EACCES : ENXIO;
    return -1;
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    int mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(arguments, int) : 0;
    va_end(arguments);
    return strcmp(path, "/dev/nvidiactl") == 0 ? open_control() : __real_open(path, flags, mode);
}
