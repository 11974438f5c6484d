/* scan.h: the picture files below a folder. Internal to src/data. */
#ifndef GAN_DATA_SCAN_H
#define GAN_DATA_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include "gan_dist/error.h"

#define GAN_ENDINGS_MAX 16 /* told apart; the rest is one */
#define GAN_LOST_FOUND  "lost+found"

typedef struct gan_scan {
    char **names; /* paths relative to the folder, sorted by bytes */
    size_t count, room;

    /* The folders directly in it, sorted by bytes, also those without a picture: which is which class must
     * not depend on that. Without those whose only pictures belong to runs. */
    char **folders;
    size_t n_folders, folders_room;

    /* Files that are no pictures by their names, and, with a "/" at the end, folders of runs. */
    char **left;
    size_t n_left, left_room;

    /* Such files, counted. */
    struct {
        char text[16]; /* ".webp", in small letters; "" for a name without */
        uint64_t count;
    } endings[GAN_ENDINGS_MAX];
    size_t n_endings;
    uint64_t others; /* with endings that have no room above */

    uint64_t runs; /* folders of runs that were left out: their grids are no data */

    /* The first folder that could not be opened, and errno. */
    char closed[256];
    int closed_reason; /* 0: none */
} gan_scan;

/* Every regular file (or link to one) named .jpg, .jpeg or .png in any case, in the folder and all folders
 * below it. Links to folders are followed, but never into a folder being walked already. Left out are names
 * that start with a dot (other programs' notes), lost+found where it can be read, and, below the folder
 * itself, folders of runs (with `lock` and `checkpoints`). A folder below that cannot be opened and a broken
 * link with a picture's name are in the list too, to be found unreadable by whoever opens them. */
gan_status gan_scan_folder(gan_scan *out, const char *folder);
void gan_scan_free(gan_scan *scan);

#endif
