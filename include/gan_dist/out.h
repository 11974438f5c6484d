/* out.h: everything a run leaves behind, written by rank 0. Nothing here changes the state of a run.
 *
 * Called by rank 0's main thread alone (reading checkpoints: any rank).
 * Buffers are host memory of the caller. */
#ifndef GAN_DIST_OUT_H
#define GAN_DIST_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gan_dist/config.h"
#include "gan_dist/error.h"

/* --- the run folder ---------------------------------------------------------------------------- */

/* Creates DIR, samples/ and checkpoints/ below it, and takes DIR/lock (flock), held until gan_run_close or
 * the end of the process, however it ends; clears away half-written checkpoints. GAN_BAD_INPUT: not writable
 * (path, reason), in use (names the host and pid found in the lock). */
typedef struct gan_run gan_run;
gan_status gan_run_open(gan_run **out, const char *folder);
/* Whether gan_run_open would succeed, by trying it: nothing that was not there stays. */
gan_status gan_run_look(const char *folder);
/* Whether nobody holds the folder: its run has ended, however that was. */
bool gan_run_is_over(const char *folder);
void gan_run_close(gan_run *run); /* NULL is fine */

/* --- pictures ---------------------------------------------------------------------------------- */

/* One picture or a grid of `n` pictures [n][h][w][c] (c = 1 or 3) as an 8-bit PNG, replaced atomically.
 * `columns` 0: the smallest square that holds n, so 64 gives 8x8 and 5 gives 3x3; missing tiles and pixels
 * that are not a number are black. `range` maps -1..1 or 0..1 linearly to 0..255 (clamped, rounded). */
gan_status gan_grid_write(const char *path, const float *images, int n, int h, int w, int c, int columns,
                          gan_range range);

/* --- log.csv ----------------------------------------------------------------------------------- */

/* One logged step. Losses and opinions are means over the global batch at that step,
 * before that step's updates. */
typedef struct gan_log_row {
    uint64_t step; /* steps done, 1 = the first */
    double epoch;
    double d_loss, g_loss; /* d_loss = real + fake */
    double d_loss_real, d_loss_fake;
    double d_real, d_fake; /* D(x), D(G(z)) */
    double images_per_second, seconds;
    double seconds_left; /* NaN = not known: an empty field */
} gan_log_row;

/* Opens log.csv for appending (header line when new), first dropping rows of steps above `step`: they will be
 * computed again. A torn last line is dropped too. A file that does not begin with our header line is left
 * alone: GAN_BAD_INPUT. */
typedef struct gan_csv gan_csv;
gan_status gan_csv_open(gan_csv **out, const char *path, uint64_t step);
/* Whether gan_csv_open would take the file; changes nothing. */
gan_status gan_csv_look(const char *path);
/* Written at once. A row that cannot be written (GAN_FAILED: a full disk) is kept in memory and written with
 * the next one, or at the close. */
gan_status gan_csv_append(gan_csv *csv, const gan_log_row *row);
void gan_csv_close(gan_csv *csv); /* NULL is fine */

/* --- status.json ------------------------------------------------------------------------------- */

/* What it says. Texts belong to the caller. */
typedef struct gan_run_status {
    const char *state;        /* starting, running, stopped, done or failed */
    uint64_t step, steps;     /* done, in all */
    const char *checkpoint;   /* the newest one's path; NULL or "": none yet */
    double images_per_second; /* no number: null */
    const char *reason;       /* of a stop or failure; "" else */
    const char *const *hosts; /* names of the job's hosts */
    size_t n_hosts;
} gan_run_status;

/* Replaced atomically. A state of another name is GAN_BAD_INPUT. Thread-safe for different paths. */
gan_status gan_status_write(const char *path, const gan_run_status *run);
/* For whoever finds that its writer is gone: "starting" or "running" becomes "failed"; what else stands there
 * stays. */
gan_status gan_status_fail(const char *path, const char *reason);

/* --- checkpoints (safetensors) ----------------------------------------------------------------- */

/* GAN_OTHER_DTYPE: another safetensors type, met in foreign files: listed, but neither written nor read. */
typedef enum gan_dtype { GAN_F32, GAN_I64, GAN_OTHER_DTYPE } gan_dtype;
#define GAN_RANK_MAX 8

typedef struct gan_tensor_view {
    const char *name; /* "generator.main.0.weight" */
    gan_dtype dtype;
    int rank; /* 0 = scalar */
    int64_t dims[GAN_RANK_MAX];
    void *data; /* host memory, row-major; read by save, filled by gan_checkpoint_read */
} gan_tensor_view;

/* Key/value text pairs of the header's __metadata__. */
typedef struct gan_metadata {
    const char *key, *value;
} gan_metadata;

/* The keys a run writes, read by a resume and by `gan_dist info`. */
#define GAN_META_STEP   "gan_dist.step"             /* decimal */
#define GAN_META_PRESET "gan_dist.preset"           /* may be "" */
#define GAN_META_DATA   "gan_dist.data_fingerprint" /* 16 hexadecimal digits */
#define GAN_META_CONFIG "gan_dist.config"           /* gan_config_text(.., true) */
/* The names of the classes in the order of their numbers, with a "/" between two, which no folder's name has;
 * not there when the labels are numbers alone. Bytes that are no UTF-8 or no text are '?'. */
#define GAN_META_CLASSES "gan_dist.classes"

/* Writes a checkpoint atomically (temporary file, fsync, rename, fsync of the folder), tensors in the given
 * order, with checksums of header and data in the metadata. The bytes depend on the arguments alone. A
 * name or key used twice, or not UTF-8, is GAN_BAD_INPUT. */
gan_status gan_checkpoint_write(const char *path, const gan_tensor_view *tensors, size_t n_tensors,
                                const gan_metadata *metadata, size_t n_metadata);

/* An opened, fully validated checkpoint: structure, bounds, overlaps, duplicates, both checksums (a
 * safetensors file without ours is accepted and said to be unchecked). It keeps the file open and the data on
 * disk; close when done. Bad file, failing disk: GAN_FAILED with path and reason; one that is not there, or
 * no file: GAN_BAD_INPUT. */
typedef struct gan_checkpoint gan_checkpoint;
gan_status gan_checkpoint_open(gan_checkpoint **out, const char *path);
void gan_checkpoint_close(gan_checkpoint *checkpoint);         /* NULL is fine */
bool gan_checkpoint_checked(const gan_checkpoint *checkpoint); /* it carried checksums, and they agree */
/* It carries the checksums of a file that another program has read and written again, as safetensors' library
 * does in an order of its own: they were not compared. A file of ours in which something changed is damaged
 * instead. */
bool gan_checkpoint_rewritten(const gan_checkpoint *checkpoint);
size_t gan_checkpoint_count(const gan_checkpoint *checkpoint);
size_t gan_checkpoint_size(const gan_checkpoint *checkpoint); /* of the file, in bytes */
/* Tensor `index` in the order of the data; its name belongs to the checkpoint, its data is NULL: give it
 * memory and call gan_checkpoint_read. */
gan_status gan_checkpoint_tensor(gan_tensor_view *out, const gan_checkpoint *checkpoint, size_t index);
/* Its type as the file says it, "F32", "BF16" ...; NULL past the end. */
const char *gan_checkpoint_dtype(const gan_checkpoint *checkpoint, size_t index);
const char *gan_checkpoint_metadata(const gan_checkpoint *checkpoint, const char *key); /* NULL if absent */
/* Metadata pair `index` in file order; false past the end. The text belongs to the checkpoint. */
bool gan_checkpoint_metadata_at(gan_metadata *out, const gan_checkpoint *checkpoint, size_t index);
/* Fills the views' data by name. A missing name, another shape or dtype is GAN_BAD_INPUT, "a checkpoint of
 * another network: ...", and then nothing has been filled. Tensors that no view asks for are left out. The
 * checksums are compared again, with what was read now: GAN_FAILED when they or the disk fail, and then some
 * views may have been filled. */
gan_status gan_checkpoint_read(const gan_checkpoint *checkpoint, const gan_tensor_view *views, size_t n);

/* Below, `folder` is the run's folder DIR; its checkpoints are DIR/checkpoints/step-NNNNNNNN.safetensors
 * (more digits where needed) and nothing else in there is one. */
void gan_checkpoint_path(char path[GAN_TEXT_MAX], const char *folder, uint64_t step);
/* The newest whole checkpoint, opened, and its path; *out = NULL when there is none at all. Whole: valid, and
 * with checksums that agree. Each one passed over is told through `passed_over` (may be NULL) as one line:
 * path and why. If files exist but none is whole: GAN_FAILED saying so. */
gan_status gan_checkpoint_newest(gan_checkpoint **out, char path[GAN_TEXT_MAX], const char *folder,
                                 void (*passed_over)(const char *line));
/* Removes all but the newest `keep` >= 1, and stale temporary files; never `current` (a path; NULL = none).
 * Call when no checkpoint is being written. */
gan_status gan_checkpoint_prune(const char *folder, int keep, const char *current);

#endif
