#include "scan.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 64

typedef struct walk {
    gan_scan *scan;
    const char *root;    /* for messages */
    char path[PATH_MAX]; /* relative to the folder; "" or ending in '/' while a folder is walked */
    size_t length;
    struct {
        dev_t device;
        ino_t inode;
    } above[DEPTH_MAX]; /* the folders being walked */
    int depth;
    bool root_is_run;
} walk;

static bool picture_name(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot &&
           (strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0 || strcasecmp(dot, ".png") == 0);
}

/* Appends a copy of prefix + name. */
static gan_status append(char ***names, size_t *count, size_t *room, const char *prefix, size_t n_prefix,
                         const char *name)
{
    if (*count == *room) {
        size_t larger = *room ? 2 * *room : 1024;
        char **moved = realloc(*names, larger * sizeof *moved);
        if (!moved)
            return gan_error(GAN_FAILED, "out of memory for a list of %zu file names", larger);
        *names = moved;
        *room = larger;
    }
    size_t n = strlen(name);
    char *copy = malloc(n_prefix + n + 1);
    if (!copy)
        return gan_error(GAN_FAILED, "out of memory for a list of %zu file names", *count);
    memcpy(copy, prefix, n_prefix);
    memcpy(copy + n_prefix, name, n + 1);
    (*names)[(*count)++] = copy;
    return GAN_OK;
}

static gan_status keep(walk *w, const char *name)
{
    return append(&w->scan->names, &w->scan->count, &w->scan->room, w->path, w->length, name);
}

static gan_status note_left(walk *w, const char *name)
{
    return append(&w->scan->left, &w->scan->n_left, &w->scan->left_room, w->path, w->length, name);
}

/* A file that is no picture by its name. */
static void count_left(gan_scan *scan, const char *name)
{
    char text[sizeof scan->endings[0].text] = "";
    const char *dot = strrchr(name, '.');
    size_t i = 0, n = dot ? strlen(dot) : 0;
    if (n >= sizeof text) {
        scan->others++;
        return;
    }
    for (size_t k = 0; k < n; k++)
        text[k] = iscntrl((unsigned char)dot[k]) ? '?' : (char)tolower((unsigned char)dot[k]);
    while (i < scan->n_endings && strcmp(scan->endings[i].text, text) != 0)
        i++;
    if (i == GAN_ENDINGS_MAX) {
        scan->others++;
        return;
    }
    if (i == scan->n_endings)
        memcpy(scan->endings[scan->n_endings++].text, text, sizeof text);
    scan->endings[i].count++;
}

/* The folder of a run: its grids are pictures, and no data. */
static bool is_run(int folder)
{
    return faccessat(folder, "lock", F_OK, 0) == 0 && faccessat(folder, "checkpoints", F_OK, 0) == 0;
}

static gan_status walk_folder(walk *w, int folder);

static gan_status enter(walk *w, int parent, const char *name)
{
    size_t n = strlen(name), length = w->length;
    if (length + n + 2 > sizeof w->path || w->depth == DEPTH_MAX)
        return gan_error(GAN_BAD_INPUT,
                         "--data %s: %s%s: folders are nested too deeply (limits: %d levels, %d bytes)",
                         w->root, w->path, name, DEPTH_MAX, PATH_MAX);
    int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        if (!w->scan->closed_reason)
            snprintf(w->scan->closed, sizeof w->scan->closed, "%.120s%.130s", w->path, name);
        w->scan->closed_reason = w->scan->closed_reason ? w->scan->closed_reason : errno;
        return keep(w, name);
    }
    if (is_run(folder)) {
        close(folder);
        char run[NAME_MAX + 2];
        snprintf(run, sizeof run, "%s/", name);
        w->scan->runs++;
        return note_left(w, run);
    }
    memcpy(w->path + length, name, n);
    memcpy(w->path + length + n, "/", 2);
    w->length = length + n + 1;
    gan_status status = walk_folder(w, folder);
    w->length = length;
    w->path[length] = '\0';
    return status;
}

/* A folder directly in the one that was named. */
static gan_status enter_class(walk *w, int parent, const char *name)
{
    gan_scan *scan = w->scan;
    const size_t pictures = scan->count;
    const uint64_t runs = scan->runs;
    GAN_TRY(enter(w, parent, name));
    if (scan->runs > runs && scan->count == pictures)
        return GAN_OK;
    return append(&scan->folders, &scan->n_folders, &scan->folders_room, "", 0, name);
}

static gan_status visit(walk *w, int folder, const struct dirent *entry)
{
    const char *name = entry->d_name;
    if (name[0] == '.')
        return GAN_OK;
    if (strcmp(name, GAN_LOST_FOUND) == 0) /* that of a disk, which most users may not read, and no class */
        return faccessat(folder, name, R_OK | X_OK, 0) == 0 ? GAN_OK : keep(w, name);
    if (w->root_is_run && w->depth == 1 && (strcmp(name, "samples") == 0 || strcmp(name, "checkpoints") == 0))
        return GAN_OK;
    bool is_folder = entry->d_type == DT_DIR, is_file = entry->d_type == DT_REG;
    if (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN) {
        struct stat info;
        bool broken = fstatat(folder, name, &info, 0) != 0;
        is_folder = !broken && S_ISDIR(info.st_mode);
        is_file = broken || S_ISREG(info.st_mode);
    }
    if (is_folder)
        return w->depth == 1 ? enter_class(w, folder, name) : enter(w, folder, name);
    if (is_file && picture_name(name))
        return keep(w, name);
    count_left(w->scan, name);
    return note_left(w, name);
}

/* Owns `folder` and closes it. */
static gan_status walk_folder(walk *w, int folder)
{
    struct stat info;
    DIR *stream = fstat(folder, &info) == 0 ? fdopendir(folder) : NULL;
    if (!stream) {
        int reason = errno;
        close(folder);
        return gan_error(GAN_FAILED, "%s/%s: cannot list the folder: %s", w->root, w->path, strerror(reason));
    }
    gan_status status = GAN_OK;
    for (int i = 0; i < w->depth; i++)
        if (w->above[i].device == info.st_dev && w->above[i].inode == info.st_ino)
            goto out;
    w->above[w->depth].device = info.st_dev;
    w->above[w->depth++].inode = info.st_ino;
    for (struct dirent *entry; status == GAN_OK;) {
        errno = 0;
        entry = readdir(stream);
        if (!entry) {
            if (errno)
                status = gan_error(GAN_FAILED, "%s/%s: cannot list the folder: %s", w->root, w->path,
                                   strerror(errno));
            break;
        }
        status = visit(w, folder, entry);
    }
    w->depth--;
out:
    closedir(stream);
    return status;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

gan_status gan_scan_folder(gan_scan *out, const char *folder)
{
    *out = (gan_scan){0};
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0)
        return gan_error(GAN_BAD_INPUT, "--data %s: cannot open the folder: %s", folder, strerror(errno));
    walk w = {.scan = out, .root = folder, .root_is_run = is_run(file)};
    out->runs += w.root_is_run;
    gan_status status = walk_folder(&w, file);
    if (status != GAN_OK) {
        gan_scan_free(out);
        return status;
    }
    if (out->count > 1)
        qsort(out->names, out->count, sizeof *out->names, by_bytes);
    if (out->n_folders > 1)
        qsort(out->folders, out->n_folders, sizeof *out->folders, by_bytes);
    if (out->n_left > 1)
        qsort(out->left, out->n_left, sizeof *out->left, by_bytes);
    return GAN_OK;
}

void gan_scan_free(gan_scan *scan)
{
    for (size_t i = 0; i < scan->count; i++)
        free(scan->names[i]);
    for (size_t i = 0; i < scan->n_folders; i++)
        free(scan->folders[i]);
    for (size_t i = 0; i < scan->n_left; i++)
        free(scan->left[i]);
    free(scan->left);
    free(scan->names);
    free(scan->folders);
    *scan = (gan_scan){0};
}
