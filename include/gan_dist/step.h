/* step.h: the GAN step of one rank: which passes run, whose gradients they fill. It knows that this is a GAN
 * and never exchanges gradients: between `begin` and `end` of an update, and before an update's result is
 * used, the conductor (train.c) waits for exchanges and runs the optimiser.
 *
 * An update is split in two so that an exchange can hide behind work that does not need its result:
 *   D:     begin: D(real)                 end: G(z) if it is stale, D(G(z)), back through both passes of D
 *   G:     begin: G(z) if it is stale     end: D(G(z)), back through D without its weights, back through G
 *   (D G): begin: D(real), G(z) if stale  end: D(G(z)), D's gradients, G's gradients from the same passes
 *
 * begin(D) needs D's newest weights only, begin(G) G's only; end needs both. (D G) needs both from the start.
 *
 * The step owns its networks, noise and batch pointers. Main thread only. */
#ifndef GAN_DIST_STEP_H
#define GAN_DIST_STEP_H

#include <stdbool.h>
#include <stdint.h>
#include "gan_dist/config.h"
#include "gan_dist/data.h"
#include "gan_dist/net.h"

/* A word of train.order. */
typedef enum gan_op { GAN_OP_NOISE, GAN_OP_D, GAN_OP_G, GAN_OP_BOTH } gan_op;
#define GAN_OPS_MAX 32

typedef struct gan_order {
    gan_op ops[GAN_OPS_MAX];
    int n;
    int d_updates, g_updates; /* in one step */
} gan_order;

/* Parses "z D G", "z (D G)" ...: words z, D, G, (D G). At least one D and one G, and z before them. */
gan_status gan_order_parse(gan_order *out, const char *text);

/* Where this rank stands in the cut of the global batch. */
typedef struct gan_shards {
    int n_global; /* S */
    int n_local;  /* shards of this rank */
    int first;    /* global number of its first shard */
    int pictures; /* pictures per shard */
} gan_shards;

/* Cuts `batch` into `shards` for rank `rank` of `size`. When size does not divide shards, shards becomes
 * size; when that does not divide the batch either: GAN_BAD_INPUT saying what would work. */
gan_status gan_shards_cut(gan_shards *out, int batch, int shards, int rank, int size);

/* Whether this can be trained: loss, order, networks that fit the data and each other. GAN_BAD_INPUT says
 * what does not, and what would. *bytes (may be NULL): memory of both networks on a rank. No memory is asked
 * for. */
gan_status gan_step_judge(double *bytes, const gan_config *config, const gan_shards *shards);
/* The networks as a step wants them, without workspace and reduce: the generator for g = NULL, else the
 * discriminator that meets it. */
gan_net_spec gan_step_spec(const gan_config *config, const gan_shards *shards, const gan_net *g);

typedef struct gan_step gan_step;

/* What rides at the end of a gradient exchange: sums over the pictures of
 * the shards. Indices into the extras. */
enum {
    GAN_EXTRA_LOSS_REAL,
    GAN_EXTRA_D_REAL,
    GAN_EXTRA_LOSS_FAKE,
    GAN_EXTRA_D_FAKE,
    GAN_EXTRA_LOSS_G,
    GAN_EXTRA_D_FAKE_G,
    GAN_EXTRA_STOP, /* how many ranks were asked to stop */
    GAN_EXTRA_SAVE, /* rank 0 wants a checkpoint after this step */
    GAN_EXTRA_GRID, /* rank 0 wants a grid of samples after this step */
    GAN_EXTRAS_USED
};

gan_status gan_step_create(gan_step **out, gan_backend *backend, const gan_config *config,
                           const gan_shards *shards, gan_reduce_fn reduce, void *reduce_context);
void gan_step_destroy(gan_step *step); /* NULL is fine */

gan_net *gan_step_generator(gan_step *step);
gan_net *gan_step_discriminator(gan_step *step);
const gan_order *gan_step_order(const gan_step *step);

/* A new step: its number (from 0) and its real batch: this rank's samples, in host memory that stays until
 * the next call, but `pixels`, which are the backend's memory. */
gan_status gan_step_next(gan_step *step, uint64_t number, const gan_batch *batch);
gan_status gan_step_noise(gan_step *step);
gan_status gan_step_begin(gan_step *step, gan_op op);
gan_status gan_step_end(gan_step *step, gan_op op);
/* The weights of a network have changed: its activations are stale. */
void gan_step_changed(gan_step *step, const gan_net *net);

/* Noise of `generate` and of sample grids: picture i of the random space {seed, GAN_STREAM_SAMPLE, index i}:
 * n vectors of noise_dim floats from number `first` on, host memory. */
void gan_sample_noise(float *z, const gan_config *config, uint64_t seed, uint32_t first, int n);

/* Pictures [n][h][w][c] from noise [n][noise_dim] and labels [n] (NULL when unconditional), all host memory,
 * in inference mode (running statistics), any n. Local: no other rank takes part. Overwrites the activations
 * of the generator's pass 0, no state. */
gan_status gan_sample(gan_net *generator, float *out, const float *z, const int *labels, int n);

/* Floating-point operations of one step per picture: as the reference counts an update of D and of G, and as
 * executed here. */
double gan_count_d_update(const gan_net *g, const gan_net *d);
double gan_count_g_update(const gan_net *g, const gan_net *d);
/* Training-mode forward passes per step, as executed: what BatchNorm calls num_batches_tracked. */
void gan_count_forwards(int *g, int *d, const gan_order *order);
double gan_count_step(const gan_net *g, const gan_net *d, const gan_order *order);

#endif
