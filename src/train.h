/* train.h: a training run as one struct, and the parts of its conductor: setup.c builds it, feed.c brings
 * the pictures, train.c runs the step, update.c what its gradients become, graph.c the step as one launch,
 * cadence.c does what is due between steps, state.c moves the state to and from checkpoints, status.c keeps
 * status.json fresh, stop.c takes signals. */
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

#define GAN_PIECES        4                /* in which gradients go between batch norm's sums */
#define GAN_PENDING       (GAN_PIECES + 1) /* two parts of a network's gradients may break one piece in two */
#define GAN_WISHES        3                /* GAN_EXTRA_STOP and those after it */
#define GAN_GRAPH_UPDATES (2 * GAN_OPS_MAX)

/* What the last finished updates said, as means over the global batch. */
typedef struct gan_losses {
    double real, fake, g, d_real, d_fake;
} gan_losses;

typedef struct gan_reporter gan_reporter;
typedef struct gan_snapshot gan_snapshot;

typedef struct gan_training {
    gan_config config;
    gan_comm *comm;
    gan_backend *backend;
    char backend_why[512]; /* why this one; "" when it was asked for by name */
    gan_shards shards;
    gan_step *step;
    gan_net *nets[GAN_NETS];
    gan_optim optims[GAN_NETS];
    gan_exchange *pending[GAN_NETS][GAN_PENDING]; /* gradient sums in flight */
    int n_pending[GAN_NETS];
    bool sums[GAN_NETS]; /* its passes call for sums on the line that gradients take */
    struct {
        size_t first, n; /* floats */
    } unsent[GAN_NETS];
    uint64_t updates[GAN_NETS]; /* done so far, all steps */

    /* What updates say travels behind the gradients; all of it is the backend's memory. */
    float *results; /* [GAN_NETS][GAN_NET_EXTRAS] of the last update of each network */
    float *wishes;  /* [GAN_WISHES] this rank's, for a graph */
    int wish_net;   /* which network's gradients they ride with: those that a step does not leave for later */
    bool wished;    /* some have come since the last read */
    uint64_t reads_asked, reads_taken;
    gan_losses losses;
    bool stop, save, grid; /* agreed by all ranks: they rode with the gradients */
    bool agreed;           /* all ranks have met the same failure, so that none waits for another */

    bool use_graph, capturing;
    gan_graph *graph; /* NULL until it is recorded */
    int last_net;     /* whose gradients a graph leaves unsent */
    bool deferred[GAN_NETS];
    int warm_up;
    int graph_updates[GAN_GRAPH_UPDATES], n_graph_updates; /* which networks it updates, in order */

    gan_data *data;
    gan_feed *feed;
    gan_batch fixed; /* instead of a feed, for benchmarks */
    uint64_t steps_per_epoch;

    uint64_t done, total; /* steps */

    gan_run *run;                  /* rank 0 */
    gan_csv *csv;                  /* rank 0 */
    gan_reporter *reporter;        /* rank 0 */
    char *defining;                /* the configuration that defines the run, as text */
    char *class_names;             /* joined by "/", for checkpoints; NULL: labels are numbers alone */
    char checkpoint[GAN_TEXT_MAX]; /* the last one written or read */
    uint64_t checkpoint_step;
    gan_snapshot *snapshot; /* rank 0: who saves locks it */

    gan_phase phase;
    double phase_start, seconds[GAN_PHASES];
    double started, last_log, last_save, last_grid;
    bool drew;                     /* a grid since the start of the training, beside that of step 0 */
    uint64_t first, last_log_step; /* steps done at the start, at the last log line */
    uint64_t won_since;            /* the step before the log lines in which D knows every picture */
    int won_lines;
    bool log_fails; /* the last row could not be written */
    double images_per_second;
} gan_training;

/* setup.c. Every failure is agreed: all ranks return the same status. Close also after a failed open. */
gan_status gan_training_open(gan_training *t, gan_comm *comm, const gan_config *config);
/* Networks, optimisers and initial weights alone, for a batch of fixed pictures: what bench runs. */
gan_status gan_training_open_fixed(gan_training *t, gan_comm *comm, const gan_config *config);
void gan_training_close(gan_training *t);

/* train.c */
gan_status gan_training_step(gan_training *t);
gan_status gan_training_ops(gan_training *t);                   /* the words of the order, one by one */
gan_phase gan_training_phase(gan_training *t, gan_phase phase); /* returns the one before */
/* *others_wait is set when a failure may be this rank's alone, so that the others must be ended. */
gan_status gan_command_train(bool *others_wait, gan_comm *comm, const gan_config *config);

/* update.c. send starts the exchange of a network's gradients; ready (a gan_ready_fn) that of a part of them;
 * send_more sends the next piece where they go in pieces; finish ends the exchange and applies the update.
 * read takes what is known of earlier steps' wishes into `stop` and `save`: on the host all, on a device all
 * but the last two steps'. settle finishes both networks and reads everything, the losses too. */
gan_status gan_training_open_results(gan_training *t);
void gan_training_close_results(gan_training *t);
gan_status gan_training_send(gan_training *t, int net);
gan_status gan_training_ready(void *training, gan_net *net, size_t first, size_t n);
gan_status gan_training_send_more(gan_training *t);
gan_status gan_training_finish(gan_training *t, int net);
gan_status gan_training_read(gan_training *t);
gan_status gan_training_settle(gan_training *t);
void gan_training_wish(const gan_training *t, float wishes[GAN_WISHES]);

/* graph.c. plan decides and says whether steps become graphs;
 * updated counts an update and returns its number. */
void gan_graph_plan(gan_training *t);
void gan_graph_close(gan_training *t);
bool gan_graph_due(gan_training *t);
gan_status gan_graph_step(gan_training *t);
uint64_t gan_training_updated(gan_training *t, int net);

/* cadence.c: log line, grid, checkpoint, comparison of the ranks, status; `last` after the last step. */
gan_status gan_training_cadence(gan_training *t, bool last);
gan_status gan_training_grid(gan_training *t);
gan_status gan_training_reals(gan_training *t);
bool gan_training_wants_grid(const gan_training *t); /* rank 0, by the clock: a wish */

/* status.c: the state of the run as others may read it. `state` and `reason` are written at once, progress
 * within seconds, by a thread. Ranks without a reporter do nothing. */
gan_status gan_reporter_open(gan_reporter **out, const char *folder, const gan_comm *comm);
void gan_reporter_close(gan_reporter *reporter); /* NULL is fine */
void gan_training_status(gan_training *t, const char *state, const char *reason);
void gan_training_progress(gan_training *t);
/* Any thread. early: says nothing where an earlier run's status stands. */
void gan_training_stopped(gan_training *t, uint64_t step, const char *reason);
void gan_training_stopped_early(gan_training *t, const char *reason);
/* Other ranks than 0: says "failed" where rank 0 no longer can, since its process has died. */
void gan_training_bury(const gan_training *t, const char *reason);

/* stop.c: requests to stop, by signals. Divert before any other thread is started; until a run is watched, a
 * request ends the process with GAN_STOPPED. saved: the last finished step has been saved at the request. */
gan_status gan_stop_divert(void);
void gan_stop_watch_start(gan_training *t); /* from when it has a status */
void gan_stop_watch(gan_training *t);
void gan_stop_unwatch(void); /* when what it reads is about to go; later requests do nothing */
bool gan_stop_asked(void);
bool gan_stop_saved(void);

/* state.c: rank 0 writes; rank 0 reads and all ranks receive. save_snapshot, by whoever has locked it: the
 * state after the last finished step, which goes to *step; 0: none is. */
gan_status gan_training_save(gan_training *t);
gan_status gan_training_save_snapshot(uint64_t *step, gan_training *t);
gan_status gan_training_resume(gan_training *t);
/* Rank 0: what resume would do, as far as configuration and folder tell; it reads no weights. Needs t->config
 * and t->defining. */
gan_status gan_training_look(gan_training *t);

/* class_names.c. What is no UTF-8 text in a name becomes '?'; the text is the caller's to free. joined by "/"
 * is NULL where classes have no names; comment stands behind `before`, the text of a configuration. */
gan_status gan_class_names_joined(char **out, const gan_training *t);
gan_status gan_class_names_comment(char **out, const gan_training *t, const char *before);

#endif
