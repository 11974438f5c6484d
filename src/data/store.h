/* store.h: the inside of gan_data. Internal to src/data. */
#ifndef GAN_DATA_STORE_H
#define GAN_DATA_STORE_H

#include <stdatomic.h>
#include "gan_dist/data.h"
#include "source.h"

/* What the ranks of a host fill together and then read: one block of shared memory, cut into arrays of
 * `count` (the source's, bad files included). */
typedef struct gan_shelf {
    void *memory;
    _Atomic uint64_t *next; /* the first picture that nobody has taken on yet */
    uint8_t *pixels;        /* NULL when the source is mapped */
    uint64_t *hashes;       /* of pixels and label */
    int32_t *labels;        /* -1 without */
    gan_bad *bad;
} gan_shelf;

struct gan_data {
    gan_comm *comm;
    gan_source *source; /* kept while it is mapped, else closed after filling */
    gan_shelf shelf;
    int height, width, channels;
    size_t record; /* bytes of a picture */
    uint64_t count, bad, fingerprint;
    bool has_labels;
    size_t n_classes;   /* that have a number: folders, or data.classes */
    char **class_names; /* [n_classes]; NULL where a class has no name */
    uint64_t *class_sizes;
    char describe[GAN_TEXT_MAX + 256];
    char left_out[640];
    char list[GAN_TEXT_MAX + 32]; /* where each of them is listed; "" nowhere */
};

/* classes.c. keep takes names from the source and counts; call when the pictures are settled. */
gan_status gan_data_keep_classes(gan_data *data, int classes);
void gan_data_drop_classes(gan_data *data);

/* Reads and hashes every picture of the source, all ranks of the host together (not collective in itself:
 * call it on every rank, then sync). The first worker's failure is the status. */
gan_status gan_fill(const gan_source *source, const gan_shelf *shelf, size_t record, int threads);

/* Threads this rank should decode with: the cores it may use, shared with the other ranks of its host. */
int gan_fill_threads(int local_size);

/* Rank 0's list of skipped files; a stale one of an earlier start is removed when there are none. */
gan_status gan_bad_files_write(const char *path, const gan_source *source, const gan_config *config,
                               const gan_bad *bad);

#endif
