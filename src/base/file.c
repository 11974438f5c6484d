#include "gan_dist/base.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct gan_file_writer {
    int file;
    char path[PATH_MAX];
    char temporary[PATH_MAX];
};

gan_status gan_make_folders(const char *path)
{
    char part[PATH_MAX];
    if (!*path)
        return gan_error(GAN_BAD_INPUT, "the path of a folder is empty");
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
        return gan_error(GAN_BAD_INPUT, "%.60s...: the path is longer than %d bytes", path, PATH_MAX);
    for (char *p = part + 1;; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char end = *p;
        *p = '\0';
        struct stat info;
        if (mkdir(part, 0777) != 0 && (errno != EEXIST || stat(part, &info) != 0 || !S_ISDIR(info.st_mode))) {
            const char *reason = errno == EEXIST ? "a file of that name is in the way" : strerror(errno);
            return gan_error(GAN_FAILED, "%s: cannot create the folder: %s", part, reason);
        }
        if (end == '\0')
            return GAN_OK;
        *p = end;
    }
}

/* After a rename the folder itself must reach the disk, or a power cut may undo it. */
static gan_status sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash)
        strcpy(folder, ".");
    else
        slash[slash == folder] = '\0';
    int file = open(folder, O_RDONLY | O_DIRECTORY);
    if (file < 0)
        return gan_error(GAN_FAILED, "%s: cannot open the folder: %s", folder, strerror(errno));
    /* Some file systems cannot sync a folder and say EINVAL; there is nothing more to be done there. */
    int failed = fsync(file) != 0 && errno != EINVAL ? errno : 0;
    close(file);
    if (failed)
        return gan_error(GAN_FAILED, "%s: cannot sync the folder: %s", folder, strerror(failed));
    return GAN_OK;
}

gan_status gan_file_begin(gan_file_writer **out, const char *path)
{
    gan_file_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return gan_error(GAN_FAILED, "%s: out of memory", path);
    int n = snprintf(writer->temporary, sizeof writer->temporary, "%s.tmp", path);
    if (n >= (int)sizeof writer->temporary) {
        free(writer);
        return gan_error(GAN_BAD_INPUT, "%.60s...: the path is longer than %d bytes", path, PATH_MAX);
    }
    snprintf(writer->path, sizeof writer->path, "%s", path);
    writer->file = open(writer->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (writer->file < 0) {
        int reason = errno;
        free(writer);
        return gan_error(GAN_FAILED, "%s: cannot write: %s", path, strerror(reason));
    }
    *out = writer;
    return GAN_OK;
}

gan_status gan_file_append(gan_file_writer *writer, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n > 0) {
        ssize_t written = write(writer->file, p, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return gan_error(GAN_FAILED, "%s: cannot write: %s", writer->path, strerror(errno));
        p += written;
        n -= (size_t)written;
    }
    return GAN_OK;
}

/* The first failure stands in *action and *reason. */
static void note_failure(const char **action, int *reason, const char *what, bool failed)
{
    if (!failed || *action)
        return;
    *action = what;
    *reason = errno;
}

static gan_status commit(gan_file_writer *writer, bool rename_first)
{
    const char *action = NULL;
    int reason = 0;
    if (rename_first)
        note_failure(&action, &reason, "rename", rename(writer->temporary, writer->path) != 0);
    bool renamed = rename_first && !action;
    note_failure(&action, &reason, "sync", fsync(writer->file) != 0);
    note_failure(&action, &reason, "close", close(writer->file) != 0);
    writer->file = -1;
    if (!rename_first && !action)
        note_failure(&action, &reason, "rename", rename(writer->temporary, writer->path) != 0);
    gan_status status = GAN_OK;
    if (action)
        status = gan_error(GAN_FAILED, "%s: cannot %s: %s", writer->path, action, strerror(reason));
    else
        status = sync_folder_of(writer->path);
    if (action)
        unlink(renamed ? writer->path : writer->temporary);
    free(writer);
    return status;
}

gan_status gan_file_commit(gan_file_writer *writer)
{
    return commit(writer, false);
}

gan_status gan_file_commit_soon(gan_file_writer *writer)
{
    return commit(writer, true);
}

void gan_file_abandon(gan_file_writer *writer)
{
    if (!writer)
        return;
    close(writer->file);
    unlink(writer->temporary);
    free(writer);
}

gan_status gan_file_replace(const char *path, const void *bytes, size_t n)
{
    gan_file_writer *writer;
    GAN_TRY(gan_file_begin(&writer, path));
    gan_status status = gan_file_append(writer, bytes, n);
    if (status != GAN_OK) {
        gan_file_abandon(writer);
        return status;
    }
    return gan_file_commit(writer);
}

gan_status gan_file_read(void **out, size_t *n, const char *path, size_t limit)
{
    gan_status status = GAN_OK;
    char *bytes = NULL;
    size_t used = 0, room = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return gan_error(GAN_FAILED, "%s: cannot open: %s", path, strerror(errno));
    for (;;) {
        if (room - used < 2) {
            room = room ? 2 * room : 65536;
            char *larger = realloc(bytes, room);
            if (!larger) {
                status = gan_error(GAN_FAILED, "%s: out of memory", path);
                goto out;
            }
            bytes = larger;
        }
        ssize_t got = read(file, bytes + used, room - used - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            status = gan_error(GAN_FAILED, "%s: cannot read: %s", path, strerror(errno));
            goto out;
        }
        if (got == 0)
            break;
        used += (size_t)got;
        if (used > limit) {
            status = gan_error(GAN_BAD_INPUT, "%s: larger than the limit of %zu bytes", path, limit);
            goto out;
        }
    }
    bytes[used] = '\0';
    *out = bytes;
    *n = used;
    bytes = NULL;
out:
    free(bytes);
    close(file);
    return status;
}
