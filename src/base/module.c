/* module.c: loads the program's modules, which are files of their own because they need large libraries. */
#include "gan_dist/base.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ROOM 4096 /* PATH_MAX */

/* Beside the program, where the build leaves it, and where an installation has it: relative to the program's
 * own place, so that a tree that was moved still works. */
static const char *const folders[] = {"", "../lib/gan_dist/"};

#define FOLDERS (sizeof folders / sizeof *folders)

/* The folder that this program's file is in, with a slash; "" when nobody knows. */
static void own_folder(char *out)
{
    ssize_t n = readlink("/proc/self/exe", out, ROOM - 1);
    out[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(out, '/');
    out[slash ? slash - out + 1 : 0] = '\0';
}

gan_status gan_module_load(void **out, const char *file)
{
    char here[ROOM], path[FOLDERS][2 * ROOM];
    *out = NULL;
    own_folder(here);
    for (size_t i = 0; i < FOLDERS; i++) {
        snprintf(path[i], sizeof path[i], "%s%s%s", here, folders[i], file);
        if (here[0] == '\0' || access(path[i], F_OK) != 0)
            continue;
        *out = dlopen(path[i], RTLD_NOW | RTLD_LOCAL);
        if (*out)
            return GAN_OK;
        return gan_error(GAN_BAD_INPUT, "%s cannot be loaded: %s", path[i], dlerror());
    }
    *out = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (*out)
        return GAN_OK;
    const char *reason = dlerror();
    return gan_error(GAN_BAD_INPUT,
                     "%s cannot be loaded: tried %s, %s and the folders of LD_LIBRARY_PATH: %s", file,
                     path[0], path[1], reason);
}
