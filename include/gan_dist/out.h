/* out.h: everything a run leaves behind, written by rank 0. Nothing here changes the state of a run.
 *
 * Called by rank 0's main thread alone (reading checkpoints: any rank). Buffers are host memory of the
 * caller. */
#ifndef GAN_DIST_OUT_H
#define GAN_DIST_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gan_dist/config.h"
#include "gan_dist/error.h"

/* --- the run folder ---------------------------------------------------------------------------- */

/* Creates DIR, samples/ and checkpoints/ below it, and takes DIR/lock (flock), held until gan_run_close or
 * the end of the process, however it ends. Errors: not writable (path, reason), in use (names the host and
 * pid found in the lock). */
typedef struct gan_run gan_run;
gan_status gan_run_open(gan_run **out, const char *folder);
void gan_run_close(gan_run *run); /* NULL is fine */

/* --- pictures ---------------------------------------------------------------------------------- */

/* One picture or a grid of `n` pictures [n][h][w][c] (c = 1 or 3) as an 8-bit PNG, replaced atomically.
 * `columns` 0: the smallest square that holds n, so 64 gives 8x8; missing tiles are black. `range` maps -1..1
 * or 0..1 linearly to 0..255 (clamped, rounded). */
gan_status gan_grid_write(const char *path, const float *images, int n, int h, int w, int c, int columns,
                          gan_range range);

/* --- log.csv ----------------------------------------------------------------------------------- */

/* One logged step. Losses and opinions are means over the global batch at that step, before that step's
 * updates. */
typedef struct gan_log_row {
    uint64_t step; /* steps done, 1 = the first */
    double epoch;
    double d_loss, g_loss; /* d_loss = real + fake */
    double d_loss_real, d_loss_fake;
    double d_real, d_fake; /* D(x), D(G(z)) */
    double images_per_second, seconds, seconds_left;
} gan_log_row;

/* Opens log.csv for appending (header line when new), first dropping rows of steps above `step`: they will be
 * computed again. */
typedef struct gan_csv gan_csv;
gan_status gan_csv_open(gan_csv **out, const char *path, uint64_t step);
gan_status gan_csv_append(gan_csv *csv, const gan_log_row *row); /* flushed at once */
void gan_csv_close(gan_csv *csv);                                /* NULL is fine */

/* --- status.json ------------------------------------------------------------------------------- */

/* Replaced atomically. state: starting, running, stopped, done, failed. reason may be "". */
gan_status gan_status_write(const char *path, const char *state, uint64_t step, uint64_t steps,
                            const char *checkpoint, double images_per_second, const char *reason,
                            const char *hosts);

/* --- checkpoints (safetensors) ----------------------------------------------------------------- */

typedef enum gan_dtype { GAN_F32, GAN_I64 } gan_dtype;

typedef struct gan_tensor_view {
    const char *name; /* "generator.main.0.weight" */
    gan_dtype dtype;
    int rank; /* 0 = scalar */
    int64_t dims[4];
    void *data; /* host memory, row-major; read by save, filled by gan_checkpoint_read */
} gan_tensor_view;

/* Key/value text pairs of the header's __metadata__. */
typedef struct gan_metadata {
    const char *key, *value;
} gan_metadata;

/* Writes a checkpoint atomically (temporary file, fsync, rename, fsync of the folder), tensors in the given
 * order, with checksums of header and data in the metadata. The bytes depend on the arguments alone. */
gan_status gan_checkpoint_write(const char *path, const gan_tensor_view *tensors, size_t n_tensors,
                                const gan_metadata *metadata, size_t n_metadata);

/* An opened, fully validated checkpoint: structure, bounds, overlaps, duplicates, both checksums (a
 * safetensors file without ours is accepted and said to be unchecked). Memory-mapped; close when done. Bad
 * file: GAN_FAILED with path and reason. */
typedef struct gan_checkpoint gan_checkpoint;
gan_status gan_checkpoint_open(gan_checkpoint **out, const char *path);
void gan_checkpoint_close(gan_checkpoint *checkpoint);         /* NULL is fine */
bool gan_checkpoint_checked(const gan_checkpoint *checkpoint); /* it carried checksums, and they agree */
size_t gan_checkpoint_count(const gan_checkpoint *checkpoint);
/* Tensor `index` in file order; name and data belong to the checkpoint (data must not be written). */
gan_status gan_checkpoint_tensor(gan_tensor_view *out, const gan_checkpoint *checkpoint, size_t index);
const char *gan_checkpoint_metadata(const gan_checkpoint *checkpoint, const char *key); /* NULL if absent */
/* Fills the views' data by name. A missing name, another shape or dtype is GAN_BAD_INPUT: "a checkpoint of
 * another network: ...". */
gan_status gan_checkpoint_read(const gan_checkpoint *checkpoint, const gan_tensor_view *views, size_t n);

/* The newest whole checkpoint of a folder (names step-NNNNNNNN.safetensors), opened; *out = NULL when the
 * folder has none at all. Each one passed over is told through `passed_over` (may be NULL) as one line: path
 * and why. If files exist but none is whole: GAN_FAILED saying so. */
gan_status gan_checkpoint_newest(gan_checkpoint **out, char path[GAN_TEXT_MAX], const char *folder,
                                 void (*passed_over)(const char *line));
/* DIR/checkpoints/step-NNNNNNNN.safetensors */
void gan_checkpoint_path(char path[GAN_TEXT_MAX], const char *folder, uint64_t step);
/* Removes all but the newest `keep` of a folder and stale temporary files; never the one named `current`. */
gan_status gan_checkpoint_prune(const char *folder, int keep, const char *current);

#endif
