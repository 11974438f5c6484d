/* name_classes.c FROM TO [NAMES]: a copy of a checkpoint whose classes have names, "cat/dog", or none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gan_dist/out.h"

#define PAIRS_MAX 64

/* The checkpoint's own pairs but for its checksums, which are made anew, and for the names. */
static size_t copy_metadata(gan_metadata *pairs, const gan_checkpoint *from)
{
    gan_metadata pair;
    size_t n = 0;
    for (size_t i = 0; n < PAIRS_MAX - 1 && gan_checkpoint_metadata_at(&pair, from, i); i++)
        if (strcmp(pair.key, GAN_META_CLASSES) != 0 && !strstr(pair.key, "_hash"))
            pairs[n++] = pair;
    return n;
}

static gan_status copy(const char *to, const gan_checkpoint *from, const char *names)
{
    gan_metadata pairs[PAIRS_MAX];
    size_t n = gan_checkpoint_count(from), n_pairs = copy_metadata(pairs, from);
    gan_tensor_view *views = calloc(n, sizeof *views);
    gan_status status = views ? GAN_OK : gan_error(GAN_FAILED, "out of memory");
    for (size_t i = 0; status == GAN_OK && i < n; i++) {
        GAN_TRY_OUT(status, gan_checkpoint_tensor(&views[i], from, i));
        size_t bytes = views[i].dtype == GAN_F32 ? 4 : 8;
        for (int d = 0; d < views[i].rank; d++)
            bytes *= (size_t)views[i].dims[d];
        views[i].data = malloc(bytes);
        if (!views[i].data)
            GAN_TRY_OUT(status, gan_error(GAN_FAILED, "out of memory"));
    }
    if (names)
        pairs[n_pairs++] = (gan_metadata){GAN_META_CLASSES, names};
    GAN_TRY_OUT(status, gan_checkpoint_read(from, views, n));
    status = gan_checkpoint_write(to, views, n, pairs, n_pairs);
out:
    for (size_t i = 0; views && i < n; i++)
        free(views[i].data);
    free(views);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 4)
        return 2;
    gan_checkpoint *from;
    gan_status status = gan_checkpoint_open(&from, argv[1]);
    if (status == GAN_OK) {
        status = copy(argv[2], from, argc == 4 ? argv[3] : NULL);
        gan_checkpoint_close(from);
    }
    if (status != GAN_OK)
        fprintf(stderr, "name_classes: %s\n", gan_error_message());
    return status;
}
