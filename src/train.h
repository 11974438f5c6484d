/* train.h: a training run as one struct, and the parts of its conductor: setup.c builds it, feed.c brings
 * the pictures, train.c runs the step, cadence.c does what is due between steps, state.c moves the state to
 * and from checkpoints, status.c keeps status.json fresh, stop.c takes signals. */
#ifndef GAN_TRAIN_H
#define GAN_TRAIN_H

#include "feed.h"
#include "gan_dist/comm.h"
#include "gan_dist/config.h"
#include "gan_dist/data.h"
#include "gan_dist/optim.h"
#include "gan_dist/out.h"
#include "gan_dist/step.h"

/* Where the time goes; every moment of a step belongs to one phase. */
typedef enum gan_phase {
    GAN_PHASE_DATA,
    GAN_PHASE_D,
    GAN_PHASE_G,
    GAN_PHASE_EXCHANGE,
    GAN_PHASE_OPTIMISER,
    GAN_PHASE_OUTPUT,
    GAN_PHASES
} gan_phase;

enum { GAN_NET_G, GAN_NET_D, GAN_NETS };

/* What the last finished updates said, as means over the global batch. */
typedef struct gan_losses {
    double real, fake, g, d_real, d_fake;
} gan_losses;

typedef struct gan_reporter gan_reporter;

typedef struct gan_training {
    gan_config config;
    gan_comm *comm;
    gan_backend *backend;
    gan_shards shards;
    gan_step *step;
    gan_net *nets[GAN_NETS];
    gan_optim optims[GAN_NETS];
    gan_exchange *pending[GAN_NETS]; /* gradient sums in flight */
    uint64_t updates[GAN_NETS];      /* done so far, all steps */
    gan_losses losses;
    bool stop, save; /* agreed by all ranks: they rode with the gradients */
    bool agreed;     /* all ranks have met the same failure, so that none waits for another */

    gan_data *data;
    gan_feed *feed;
    gan_batch fixed; /* instead of a feed, for benchmarks */
    uint64_t steps_per_epoch;

    uint64_t done, total; /* steps */

    gan_run *run;                  /* rank 0 */
    gan_csv *csv;                  /* rank 0 */
    gan_reporter *reporter;        /* rank 0 */
    char *defining;                /* the configuration that defines the run, as text */
    char checkpoint[GAN_TEXT_MAX]; /* the last one written or read */
    uint64_t checkpoint_step;

    gan_phase phase;
    double phase_start, seconds[GAN_PHASES];
    double started, last_log, last_save;
    uint64_t first, last_log_step; /* steps done at the start, at the last log line */
    double images_per_second;
} gan_training;

/* setup.c. Every failure is agreed: all ranks return the same status. Close also after a failed open. */
gan_status gan_training_open(gan_training *t, gan_comm *comm, const gan_config *config);
/* Networks, optimisers and initial weights alone, for a batch of fixed pictures: what bench runs. */
gan_status gan_training_open_fixed(gan_training *t, gan_comm *comm, const gan_config *config);
void gan_training_close(gan_training *t);

/* train.c */
gan_status gan_training_step(gan_training *t);
gan_status gan_training_finish(gan_training *t,
                               int net); /* waits for a pending exchange and applies the update */
gan_phase gan_training_phase(gan_training *t, gan_phase phase); /* returns the one before */
/* *others_wait is set when a failure may be this rank's alone, so that the others must be ended. */
gan_status gan_command_train(bool *others_wait, gan_comm *comm, const gan_config *config);

/* cadence.c: log line, grid, checkpoint, comparison of the ranks, status; `last` after the last step. */
gan_status gan_training_cadence(gan_training *t, bool last);
gan_status gan_training_grid(gan_training *t);
gan_status gan_training_reals(gan_training *t);

/* status.c: the state of the run as others may read it. `state` and `reason` are written at once, progress
 * within seconds, by a thread. Ranks without a reporter do nothing. */
gan_status gan_reporter_open(gan_reporter **out, const char *folder, const gan_comm *comm);
void gan_reporter_close(gan_reporter *reporter); /* NULL is fine */
void gan_training_status(gan_training *t, const char *state, const char *reason);
void gan_training_progress(gan_training *t);

/* stop.c: SIGTERM, SIGINT and SIGUSR1. Divert before any other thread is started; until they are caught they
 * end the process. */
gan_status gan_stop_divert(void);
void gan_stop_catch(void);
bool gan_stop_asked(void);

/* state.c: rank 0 writes; rank 0 reads and all ranks receive. */
gan_status gan_training_save(gan_training *t);
gan_status gan_training_resume(gan_training *t);

#endif
