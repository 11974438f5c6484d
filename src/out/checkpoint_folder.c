/* The checkpoints of a run's folder: their names, the newest whole one, and clearing away the old. */
#include "checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUBFOLDER "checkpoints"
#define NAME_MAX_ 64 /* step-, 20 digits, .safetensors.tmp */

typedef struct step_list {
    uint64_t *steps;
    size_t n, room;
} step_list;

static void step_name(char out[NAME_MAX_], uint64_t step)
{
    snprintf(out, NAME_MAX_, "step-%08" PRIu64 ".safetensors", step);
}

void gan_checkpoint_path(char path[GAN_TEXT_MAX], const char *folder, uint64_t step)
{
    char name[NAME_MAX_];
    step_name(name, step);
    snprintf(path, GAN_TEXT_MAX, "%s/" SUBFOLDER "/%s", folder, name);
}

/* Only the exact spelling counts, so two names never mean one step. */
static bool is_step_name(uint64_t *step, const char *name)
{
    char exact[NAME_MAX_];
    if (strncmp(name, "step-", 5) != 0)
        return false;
    *step = strtoull(name + 5, NULL, 10);
    step_name(exact, *step);
    return strcmp(name, exact) == 0;
}

/* What gan_file_begin leaves behind when the process dies: a checkpoint's name plus .tmp. */
static bool is_temporary_name(const char *name)
{
    char whole[NAME_MAX_];
    uint64_t step;
    size_t n = strlen(name);
    if (n < 4 || n - 4 >= sizeof whole || strcmp(name + n - 4, ".tmp") != 0)
        return false;
    snprintf(whole, sizeof whole, "%.*s", (int)(n - 4), name);
    return is_step_name(&step, whole);
}

static int compare_newest_first(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x > y ? -1 : x < y;
}

static gan_status remove_file(const char *folder, const char *name)
{
    char path[GAN_TEXT_MAX];
    if (snprintf(path, sizeof path, "%s/" SUBFOLDER "/%s", folder, name) >= (int)sizeof path)
        return gan_error(GAN_BAD_INPUT, "%.60s...: the path is longer than %d bytes", folder, GAN_TEXT_MAX);
    if (unlink(path) != 0 && errno != ENOENT)
        return gan_error(GAN_FAILED, "%s: cannot remove: %s", path, strerror(errno));
    return GAN_OK;
}

static gan_status add_step(step_list *list, const char *folder, uint64_t step)
{
    if (list->n == list->room) {
        size_t room = list->room ? 2 * list->room : 64;
        uint64_t *larger = realloc(list->steps, room * sizeof *larger);
        if (!larger)
            return gan_error(GAN_FAILED, "%s: out of memory", folder);
        list->steps = larger;
        list->room = room;
    }
    list->steps[list->n++] = step;
    return GAN_OK;
}

/* The steps with a checkpoint, newest first (steps freed by the caller).
 * A folder that is not there has none. */
static gan_status list_steps(step_list *list, const char *folder, bool remove_temporaries)
{
    gan_status status = GAN_OK;
    char path[GAN_TEXT_MAX];
    if (snprintf(path, sizeof path, "%s/" SUBFOLDER, folder) >= (int)(sizeof path - NAME_MAX_))
        return gan_error(GAN_BAD_INPUT, "%.60s...: the path is longer than %d bytes", folder, GAN_TEXT_MAX);
    DIR *directory = opendir(path);
    if (!directory && errno == ENOENT)
        return GAN_OK;
    if (!directory)
        return gan_error(GAN_FAILED, "%s: cannot read the folder: %s", path, strerror(errno));
    for (;;) {
        uint64_t step;
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (!entry) {
            if (errno)
                status = gan_error(GAN_FAILED, "%s: cannot read the folder: %s", path, strerror(errno));
            break;
        }
        if (is_step_name(&step, entry->d_name))
            GAN_TRY_OUT(status, add_step(list, folder, step));
        else if (remove_temporaries && is_temporary_name(entry->d_name))
            GAN_TRY_OUT(status, remove_file(folder, entry->d_name));
    }
    if (list->n > 1)
        qsort(list->steps, list->n, sizeof *list->steps, compare_newest_first);
out:
    closedir(directory);
    return status;
}

static gan_status open_whole(gan_checkpoint **out, const char *path)
{
    GAN_TRY(gan_checkpoint_open(out, path));
    if (gan_checkpoint_checked(*out) || gan_checkpoint_rewritten(*out))
        return GAN_OK;
    gan_checkpoint_close(*out);
    *out = NULL;
    return gan_error(GAN_FAILED, "%s: without checksums, so it cannot be told whether it is whole", path);
}

gan_status gan_checkpoint_newest(gan_checkpoint **out, char path[GAN_TEXT_MAX], const char *folder,
                                 void (*passed_over)(const char *line))
{
    step_list list = {0};
    char newest_reason[1024] = "";
    *out = NULL;
    gan_status status = list_steps(&list, folder, false);
    for (size_t i = 0; status == GAN_OK && !*out && i < list.n; i++) {
        gan_checkpoint_path(path, folder, list.steps[i]);
        if (open_whole(out, path) == GAN_OK)
            break;
        if (i == 0)
            snprintf(newest_reason, sizeof newest_reason, "%s", gan_error_message());
        if (passed_over)
            passed_over(gan_error_message());
    }
    if (status == GAN_OK && !*out && list.n > 0)
        status = gan_error(GAN_FAILED,
                           "%s/" SUBFOLDER ": none of the %zu checkpoints is whole (%s): "
                           "bring back a good one, or start in another folder",
                           folder, list.n, newest_reason);
    free(list.steps);
    return status;
}

gan_status gan_checkpoint_prune(const char *folder, int keep, const char *current)
{
    step_list list = {0};
    if (keep < 1)
        return gan_error(GAN_BAD_INPUT, "%s: cannot keep %d checkpoints: at least 1", folder, keep);
    const char *slash = current ? strrchr(current, '/') : NULL;
    const char *current_name = slash ? slash + 1 : current ? current : "";
    gan_status status = list_steps(&list, folder, true);
    for (size_t i = (size_t)keep; status == GAN_OK && i < list.n; i++) {
        char name[NAME_MAX_];
        step_name(name, list.steps[i]);
        if (strcmp(name, current_name) != 0)
            status = remove_file(folder, name);
    }
    free(list.steps);
    return status;
}
