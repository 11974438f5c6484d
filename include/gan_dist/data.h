/* data.h: the pictures of a run, decoded once per host, and the next batch, prepared while the step runs.
 *
 * The store holds every picture as uint8 HWC of the target size, in memory shared by the ranks of a host (a
 * plain or packed IDX file of the right size is mapped instead). A loader owns a thread and two batch
 * buffers, but not those of bytes. */
#ifndef GAN_DIST_DATA_H
#define GAN_DIST_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gan_dist/comm.h"
#include "gan_dist/config.h"
#include "gan_dist/error.h"

typedef struct gan_data gan_data;

/* Opens config->data as the configuration says (collective). Unreadable files are skipped, counted and listed
 * with their reason in BAD_FILES (written by rank 0; NULL = nowhere). Errors, agreed by all ranks: path
 * missing, nothing usable found, more than max_bad_fraction bad, fewer pictures than the batch, labels
 * missing or out of range. */
gan_status gan_data_open(gan_data **out, const gan_config *config, gan_comm *comm, const char *bad_files);
void gan_data_close(gan_data *data); /* collective; NULL is fine */

/* What gan_data_open would find, told in the log, and the same refusals (collective); it lists files and
 * reads headers, and decodes nothing. */
gan_status gan_data_look(const gan_config *config, gan_comm *comm);

uint64_t gan_data_count(const gan_data *data);     /* usable pictures */
uint64_t gan_data_bad_count(const gan_data *data); /* skipped files */
uint64_t gan_data_fingerprint(
    const gan_data *data); /* hash of all pixels and labels, the same on every rank and host */
const char *gan_data_describe(const gan_data *data); /* one line for the log; belongs to the store */
/* Classes have numbers, and names where they are folders: the folders directly in the one that was named,
 * also those without pictures, in the order of their names. 0 classes without labels. */
size_t gan_data_classes(const gan_data *data);
const char *gan_data_class_name(const gan_data *data, size_t k); /* NULL: a number alone */
/* Lines for the log: what was left out, by the ending of its name; the classes, and a warning of those
 * without pictures. */
void gan_data_tell(const gan_data *data);

const uint8_t *gan_data_image(const gan_data *data, uint64_t index); /* height*width*channels bytes, HWC */
int gan_data_label(const gan_data *data, uint64_t index);            /* -1 without labels */

/* Where global sample `i` (0..batch-1) of `step` lies in the data set: epoch = step / (count / batch), a
 * keyed bijection per epoch, the incomplete tail of an epoch left out. A pure function; `step` counts from 0.
 * Needs count >= batch, which gan_data_open sees to. */
uint64_t gan_data_position(uint64_t count, uint64_t batch, uint64_t seed, uint64_t step, uint64_t i);

/* One prepared part of a batch: samples first .. first+n-1 of the global batch at `step`.
 * Its pictures are floats in `images`, or the `picks` among the bytes of `pixels`:
 * 2 * index, and 1 more where it is mirrored. */
typedef struct gan_batch {
    uint64_t step;
    const float *images;       /* [n][height][width][channels] in the configured range, or NULL */
    const uint8_t *pixels;     /* [][height][width][channels] */
    const uint64_t *picks;     /* [n] */
    const int *labels;         /* [n], NULL without labels */
    const uint64_t *positions; /* [n] place in the data set (for paired noise) */
} gan_batch;

/* What the loader's thread makes of the pictures. */
typedef enum gan_form {
    GAN_FORM_FLOATS, /* images */
    GAN_FORM_BYTES,  /* pixels of this batch alone, and picks among them */
    GAN_FORM_PICKS   /* picks among the pictures of the data set */
} gan_form;

#define GAN_LOADER_BUFFERS 2

typedef struct gan_loader_spec {
    int first, n;  /* samples first .. first+n-1 of each global batch */
    uint64_t step; /* the first one */
    gan_form form;
    uint8_t *pixels[GAN_LOADER_BUFFERS]; /* GAN_FORM_BYTES: where to; n pictures each, the caller's */
} gan_loader_spec;

/* Starts a thread that prepares step after step. Not collective. */
typedef struct gan_loader gan_loader;
gan_status gan_loader_open(gan_loader **out, const gan_data *data, const gan_config *config,
                           const gan_loader_spec *spec);
/* The next step's batch, waiting if it is not ready; valid until the next call (or close). Each sample's
 * images start at a multiple of its size; the block itself is 64-byte aligned. */
gan_status gan_loader_next(gan_loader *loader, gan_batch *out);
void gan_loader_close(gan_loader *loader); /* NULL is fine */

/* Draws built-in face number `index` of `seed`: height x width x 3, antialiased. A pure function. */
void gan_faces_draw(uint8_t *out, int height, int width, uint64_t seed, uint64_t index);

/* Writes all pictures (and FILE-labels beside it, if any) of `data` as an IDX file that --data maps directly:
 * 3 dimensions for one channel, 4 for three. Labels go to PATH with "-labels" appended. */
gan_status gan_data_pack(const gan_data *data, const gan_config *config, const char *path);

#endif
