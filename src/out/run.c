/* run.c: the folder of a run, and its lock. */
#include "gan_dist/out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "gan_dist/base.h"

struct gan_run {
    int lock;
};

static gan_status make_folder(const char *folder, const char *name)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s%s", folder, name) >= (int)sizeof path)
        return gan_error(GAN_BAD_INPUT, "%.60s...: the path is longer than %d bytes", folder, PATH_MAX);
    /* The folder is the user's choice, so a failure is theirs to mend. */
    if (gan_make_folders(path) != GAN_OK)
        return gan_error(GAN_BAD_INPUT, "%s: choose another --out", gan_error_message());
    if (faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) != 0)
        return gan_error(GAN_BAD_INPUT, "%s: cannot write in the folder: %s: choose another --out", path,
                         strerror(errno));
    return GAN_OK;
}

static gan_status refuse(int lock, const char *path, const char *folder, int reason)
{
    char holder[256] = "";
    if (reason != EWOULDBLOCK)
        return gan_error(GAN_BAD_INPUT, "%s: cannot lock: %s: choose an --out on a file system with locks",
                         path, strerror(reason));
    ssize_t n = pread(lock, holder, sizeof holder - 1, 0);
    holder[n > 0 ? n : 0] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    return gan_error(GAN_BAD_INPUT,
                     "%s: in use by another run (%s): wait for it, stop it, or choose another --out", folder,
                     *holder ? holder : "holder not known");
}

/* Who holds the lock, for the message of whoever is refused; the lock itself is the kernel's. */
static gan_status write_holder(int lock, const char *path)
{
    char host[128] = "", text[256];
    gethostname(host, sizeof host - 1);
    int n = snprintf(text, sizeof text, "host %s, pid %ld\n", host, (long)getpid());
    if (ftruncate(lock, 0) != 0 || pwrite(lock, text, (size_t)n, 0) != n)
        return gan_error(GAN_FAILED, "%s: cannot write: %s", path, strerror(errno));
    return GAN_OK;
}

gan_status gan_run_open(gan_run **out, const char *folder)
{
    gan_status status = GAN_OK;
    char path[PATH_MAX];
    GAN_TRY(make_folder(folder, ""));
    if (snprintf(path, sizeof path, "%s/lock", folder) >= (int)sizeof path)
        return gan_error(GAN_BAD_INPUT, "%.60s...: the path is longer than %d bytes", folder, PATH_MAX);
    gan_run *run = calloc(1, sizeof *run);
    if (!run)
        return gan_error(GAN_FAILED, "%s: out of memory", folder);
    run->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (run->lock < 0) {
        status = gan_error(GAN_BAD_INPUT, "%s: cannot open: %s: choose another --out", path, strerror(errno));
        goto out;
    }
    if (flock(run->lock, LOCK_EX | LOCK_NB) != 0) {
        status = refuse(run->lock, path, folder, errno);
        goto out;
    }
    GAN_TRY_OUT(status, write_holder(run->lock, path));
    GAN_TRY_OUT(status, make_folder(folder, "/samples"));
    GAN_TRY_OUT(status, make_folder(folder, "/checkpoints"));
    /* What a killed save has left may take the very room that the next one needs. */
    GAN_TRY_OUT(status, gan_checkpoint_prune(folder, INT_MAX, NULL));
    *out = run;
    run = NULL;
out:
    gan_run_close(run);
    return status;
}

/* Whether the first n bytes of a path end in "." or "..". */
static bool is_dots(const char *path, size_t n)
{
    size_t dots = 0;
    while (dots < n && path[n - 1 - dots] == '.')
        dots++;
    return (dots == 1 || dots == 2) && (dots == n || path[n - 1 - dots] == '/');
}

/* Removes the folders of `path` that were not `there`, the last first; there[n]: the first n bytes of it. */
static void remove_made(const char *path, const bool *there)
{
    char part[PATH_MAX];
    snprintf(part, sizeof part, "%s", path);
    for (size_t n = strlen(part); n > 0; n--) {
        const bool is_end = path[n] == '\0' || path[n] == '/';
        part[n] = '\0';
        if (is_end && path[n - 1] != '/' && !is_dots(path, n) && !there[n])
            rmdir(part);
    }
}

gan_status gan_run_look(const char *folder)
{
    static const char *const names[] = {"lock", "samples", "checkpoints"};
    enum { NAMES = sizeof names / sizeof *names };
    char path[PATH_MAX];
    bool there[PATH_MAX] = {false}, has[NAMES];
    gan_run *run = NULL;
    for (size_t n = 1; n <= strlen(folder) && n < sizeof path; n++) {
        snprintf(path, n + 1, "%s", folder);
        there[n] = (folder[n] == '\0' || folder[n] == '/') && access(path, F_OK) == 0;
    }
    for (int i = 0; i < NAMES; i++) {
        snprintf(path, sizeof path, "%.3900s/%s", folder, names[i]);
        has[i] = access(path, F_OK) == 0;
    }
    gan_status status = gan_run_open(&run, folder);
    gan_run_close(run);
    for (int i = 0; i < NAMES; i++) {
        snprintf(path, sizeof path, "%.3900s/%s", folder, names[i]);
        if (!has[i])
            remove(path);
    }
    remove_made(folder, there);
    return status;
}

bool gan_run_is_over(const char *folder)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.3900s/lock", folder);
    int lock = open(path, O_RDONLY | O_CLOEXEC);
    bool over = lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0;
    if (lock >= 0)
        close(lock);
    return over;
}

void gan_run_close(gan_run *run)
{
    if (!run)
        return;
    /* The lock file stays: removing it would let a third run lock a new file
     * while a second waits on the old one. */
    if (run->lock >= 0)
        close(run->lock);
    free(run);
}
