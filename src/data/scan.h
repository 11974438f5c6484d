/* scan.h: the picture files below a folder. Internal to src/data. */
#ifndef GAN_DATA_SCAN_H
#define GAN_DATA_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include "gan_dist/error.h"

typedef struct gan_scan {
    char **names; /* paths relative to the folder, sorted by bytes */
    size_t count, room;
} gan_scan;

/* Every regular file (or link to one) named .jpg, .jpeg or .png in any case, in the folder and all
 * folders below it. Links to folders are followed, but never into a folder being walked already.
 * Names that start with a dot are left out: they are other programs' notes, not pictures.
 * A folder below that cannot be opened and a broken link with a picture's name are in the list too,
 * to be found unreadable by whoever opens them. */
gan_status gan_scan_folder(gan_scan *out, const char *folder);
void gan_scan_free(gan_scan *scan);

#endif
