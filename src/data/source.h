/* source.h: where pictures come from: a folder of files, IDX files,
 * or the built-in drawer. Internal to src/data.
 *
 * Opening one only looks (names, headers): it reads no pictures and says nothing to other ranks. After it,
 * `read` may be called by any number of threads, each with its own scratch. */
#ifndef GAN_DATA_SOURCE_H
#define GAN_DATA_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include "bad.h"
#include "gan_dist/config.h"
#include "gan_dist/error.h"
#include "picture.h"

typedef struct gan_source gan_source;

typedef struct gan_source_ops {
    /* Picture `index` in the target's size into `out`. A bad file is told through `bad`; a failure ends the
     * run. Each thread asks in rising order of index. */
    gan_status (*read)(const gan_source *source, gan_scratch *scratch, uint8_t *out, uint64_t index,
                       gan_bad *bad);
    void (*release)(gan_scratch *scratch); /* what `read` keeps open in a scratch; NULL = nothing */
    int32_t (*label)(const gan_source *source, uint64_t index); /* only if has_labels */
    const char *(*path)(const gan_source *source,
                        uint64_t index); /* below config->data; NULL = none is ever bad */
    /* The pixels where they lie in a mapped file; NULL = this kind is always read. Only if `mapped`. */
    const uint8_t *(*pixels)(const gan_source *source, uint64_t index);
    void (*close)(gan_source *source);
} gan_source_ops;

/* The head of every kind's own struct. */
struct gan_source {
    const gan_source_ops *ops;
    const gan_config *config; /* valid only while opening the data */
    uint64_t count;           /* pictures, or files that claim to be pictures */
    uint64_t identity;        /* hash of what was found; all ranks must have found the same */
    bool has_labels;
    bool mapped;             /* needs no decoding: lies in memory in the target's size */
    int threads;             /* that can usefully read at once in one process; 0 = any number */
    char what[GAN_TEXT_MAX]; /* for the log: "the drawn faces" */
    char left_out[640];      /* for the log: "65 left out: .webp 50, .gif 15"; "": nothing was */
    char *const *left;       /* the source's: what was left out, below config->data; see gan_scan */
    size_t n_left;
    char *const *class_names; /* the source's; NULL: labels are numbers alone */
    size_t n_class_names;
};

/* Looks at config->data and opens the right kind. */
gan_status gan_source_open(gan_source **out, const gan_config *config);
void gan_source_close(gan_source *source); /* NULL is fine */

/* The kinds. */
bool gan_faces_named(const char *path); /* "faces" or "faces:..." */
gan_status gan_source_open_faces(gan_source **out, const gan_config *config);
gan_status gan_source_open_folder(gan_source **out, const gan_config *config);
/* Whether a folder holds MNIST's files, by their names. */
bool gan_idx_in_folder(const char *path);
gan_status gan_source_open_idx(gan_source **out, const gan_config *config, bool folder);

#endif
