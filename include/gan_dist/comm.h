/* comm.h: the ranks and what they say to each other. Flat buffers only: it never sees a network.
 *
 * Every call is collective (all ranks, same order) unless it says otherwise, and is made from the main
 * thread. Buffers belong to the caller and must stay untouched between start and wait. Sums follow one fixed
 * binary tree over the ranks (0+1, 2+3, then pairs of pairs, an odd one carried up), so that together with
 * the tree over a rank's own shards the result does not depend on how many ranks share the work. */
#ifndef GAN_DIST_COMM_H
#define GAN_DIST_COMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gan_dist/error.h"

typedef struct gan_comm gan_comm;
typedef struct gan_exchange gan_exchange; /* one sum in flight; owned by the comm, valid until its wait */

/* The world of this process. comm_mpi: calls MPI_Init_thread and tells the log who this rank is; comm_self:
 * one rank, no MPI calls at all. Refuses (GAN_BAD_INPUT) when the launcher (OMPI_COMM_WORLD_SIZE,
 * PMI_SIZE, SLURM_STEP_NUM_TASKS or, inside a step of Slurm, SLURM_NTASKS: the first that is set) says more
 * than 1 while MPI's world has 1: every copy would be rank 0. */
gan_status gan_comm_open_mpi(gan_comm **out, int *argc, char ***argv);
gan_status gan_comm_open_self(gan_comm **out);
/* A launcher starts N copies; what needs no rank is done by the first. The others end well, whatever comes of
 * it: the first to fail makes the launcher kill the rest, and that must be the one who has said why. */
bool gan_comm_is_first_copy(void);
/* Ends this process at once, at any time, from any thread; what MPI has left in temporary folders goes,
 * too. */
_Noreturn void gan_comm_exit(int status);
/* Ends it; with comm_mpi this is MPI_Finalize, or MPI_Abort(status) when `abort_others` is set because they
 * may be waiting. */
void gan_comm_close(gan_comm *comm, bool abort_others, int status);

int gan_comm_rank(const gan_comm *comm);
int gan_comm_size(const gan_comm *comm);
int gan_comm_local_rank(const gan_comm *comm); /* among the ranks of this host (those that share memory) */
int gan_comm_local_size(const gan_comm *comm);
int gan_comm_hosts(const gan_comm *comm); /* number of hosts in the job */
int gan_comm_host(const gan_comm *comm);  /* this rank's host, counted in the order of their lowest ranks */
/* Who a rank is. `host` as gan_comm_host(); the text belongs to the comm. */
typedef struct gan_peer {
    int host;
    long pid;
    char name[64]; /* of its host */
} gan_peer;
const gan_peer *gan_comm_peer(const gan_comm *comm, int rank);
/* What carries the messages, for people: "Open MPI v4.1.4", or "none, one process". */
const char *gan_comm_library(const gan_comm *comm);

/* --- deadlines --- */

/* Every call below that waits for other ranks has a deadline. When a wait has lasted `warning` seconds, one
 * rank prints who is missing: rank, host, pid, what it last reported. After `timeout` seconds the call fails
 * (GAN_FAILED, the same words) on every rank that waits. The death of a rank of the same host fails the calls
 * at once. 0 = never. Until it is called, the two constants count. Not collective; any time. */
#define GAN_STALL_WARNING 30.0
#define GAN_STALL_TIMEOUT 300.0
void gan_comm_deadlines(gan_comm *comm, double warning, double timeout);
/* What this rank is doing, for such messages: "computing D" (cut at 63 bytes).
 * Costs next to nothing. Not collective. */
void gan_comm_report(gan_comm *comm, uint64_t step, const char *doing);
/* A rank of this host has already printed why the job ends, so that nobody needs to say it again. */
bool gan_comm_has_told(gan_comm *comm);

/* --- sums --- */

/* A device whose memory the sums are in, as comm sees it: no word of any backend. The conductor fills it. */
typedef struct gan_comm_device {
    void *context; /* of the two functions */
    /* Waits for what is being computed. */
    gan_status (*download)(void *context, void *to_host, const void *from, size_t bytes);
    /* In order with what is being computed; the host's memory is the caller's again at once. */
    gan_status (*upload)(void *context, void *to, const void *from_host, size_t bytes);
    int index;         /* among those that this process sees; it is the current one */
    void *stream;      /* a cudaStream_t: what fills the buffers, and what reads the sums */
    const char *place; /* "device 0 of host a", for messages; the caller's */
} gan_comm_device;

/* What carries the sums of a device's memory. */
typedef enum gan_comm_way {
    GAN_COMM_MPI,      /* the host's memory and MPI, in the fixed tree; ranks may share a device */
    GAN_COMM_NCCL,     /* NCCL's all-reduce: its own order of adding, the same on all ranks */
    GAN_COMM_NCCL_TREE /* NCCL carries, in the fixed tree: comm_mpi's bits */
} gan_comm_way;

/* From here on the buffers of all sums are memory of this device. Once, after the backend is open; every
 * failure is agreed. Two ranks on one device are refused by NCCL. Leave before the buffers are freed and
 * after the graphs that hold sums: all ranks together, unless a rank is missing (without `use` before:
 * nothing happens). One rank's sums are what they were, whatever the way. */
gan_status gan_comm_use_device(gan_comm *comm, const gan_comm_device *device, gan_comm_way way);
void gan_comm_leave_device(gan_comm *comm);
/* GAN_OK where NCCL can be loaded, or GAN_BAD_INPUT and the reason. Not collective. */
gan_status gan_comm_find_nccl(void);

/* By NCCL the host does not wait in a sum: the device does. Whoever waits for the device calls this again and
 * again: a failure says that the wait has to end. Not collective; it never waits, and costs little. */
gan_status gan_comm_poll(gan_comm *comm);
/* Calls fn in gan_comm_poll, and while this thread waits for other ranks; it must not call comm. NULL: no
 * more. */
void gan_comm_on_wait(gan_comm *comm, void (*fn)(void *context), void *context);

/* Whether sums may be called while the device's work is recorded into a graph; each is then waited for in the
 * same recording. `replay` is called after each launch of it, for all the sums in it. */
bool gan_comm_capturable(const gan_comm *comm);
gan_status gan_comm_replay(gan_comm *comm);

/* Starts buffer[0..n) = sum over ranks, in place. At most GAN_EXCHANGES may be in flight; they are waited for
 * in start order or any other, but all ranks start them in the same order. */
#define GAN_EXCHANGES 10
gan_status gan_comm_sum_start(gan_comm *comm, gan_exchange **out, float *buffer, size_t n);
gan_status gan_comm_sum_wait(gan_comm *comm, gan_exchange *exchange);

/* The same for small messages in double, start and wait in one: batch-norm statistics. */
gan_status gan_comm_sum_double(gan_comm *comm, double *buffer, size_t n);

gan_status gan_comm_broadcast(gan_comm *comm, void *buffer, size_t bytes, int root);
gan_status gan_comm_barrier(gan_comm *comm);

/* All ranks learn the outcome of a step that may have failed on some: GAN_OK if all brought GAN_OK; else
 * every rank gets the status and the message of the lowest failing rank (GAN_BAD_INPUT and GAN_FAILED alike),
 * set as its own. */
gan_status gan_comm_agree(gan_comm *comm, gan_status mine);

/* GAN_OK when `value` is the same on all ranks; else GAN_FAILED naming `what` and the ranks that differ from
 * rank 0. */
gan_status gan_comm_check_same(gan_comm *comm, uint64_t value, const char *what);

/* Every rank's text (cut at `width`-1 bytes) on every rank: out has size()*width bytes. */
gan_status gan_comm_gather_text(gan_comm *comm, char *out, const char *text, size_t width);

/* Memory shared by the ranks of one host (MPI_Win_allocate_shared; comm_self: plain memory): the same bytes
 * seen by all of them, zeroed, 64-byte aligned. Freed collectively. `gan_comm_shared_sync` makes earlier
 * writes of all ranks of the host visible to all of them (barrier of the host). A request that this host
 * cannot meet is an agreed GAN_FAILED saying how much was asked for. */
gan_status gan_comm_shared_alloc(gan_comm *comm, void **out, size_t bytes);
gan_status gan_comm_shared_sync(gan_comm *comm);
void gan_comm_shared_free(gan_comm *comm, void *memory);

#endif
