/* comm_mpi.h: what the files of comm_mpi share. */
#ifndef GAN_COMM_MPI_H
#define GAN_COMM_MPI_H

#include <mpi.h>
#include "comm_ops.h"
#include "tree.h"

/* A large buffer is summed in pieces, several at a time, so that adding one overlaps the transfer of others
 * and the scratch memory stays in the cache. */
#define GAN_MPI_LANES 4

typedef struct gan_mpi_lane {
    size_t next;  /* number of the lane's next piece: its own number, then every GAN_MPI_LANES-th */
    float *piece; /* NULL: idle */
    size_t n;
    int step;
    gan_move move;
    float *scratch;
    size_t scratch_floats;
} gan_mpi_lane;

typedef struct gan_mpi_exchange {
    gan_exchange base;
    uint64_t number; /* of the call that started it */
    float *buffer;
    size_t n;
    int first_tag;
    gan_mpi_lane lanes[GAN_MPI_LANES];
} gan_mpi_exchange;

typedef struct gan_mpi_window {
    struct gan_mpi_window *next;
    void *memory;
    MPI_Win window;
} gan_mpi_window;

/* What hosts tell each other while they wait (mpi_gossip.c). */
typedef struct gan_mpi_gossip {
    int *leads;            /* the lowest rank of each host */
    MPI_Request *requests; /* to each host, the last message; MPI_REQUEST_NULL: arrived */
    void *words;           /* what they send */
    double last;           /* when */
} gan_mpi_gossip;

typedef struct gan_mpi_comm {
    gan_comm base;
    MPI_Comm world, node;
    gan_mpi_exchange exchanges[GAN_EXCHANGES];
    MPI_Request requests[GAN_EXCHANGES][GAN_MPI_LANES][2]; /* of each lane: what it receives, what it sends */
    uint64_t started;                                      /* exchanges so far; gives each its tags */
    uint64_t present;                                      /* number of the running sum_double */
    double *scratch;                                       /* of sum_double */
    gan_mpi_window *windows;
    gan_board_view view;
    gan_mpi_gossip gossip;
} gan_mpi_comm;

/* GAN_OK for MPI_SUCCESS; else GAN_FAILED with MPI's own words. `what` says what was being done. */
gan_status gan_mpi_check(const gan_mpi_comm *comm, int code, const char *what);

/* Whether all are done, without waiting; those that are become MPI_REQUEST_NULL. */
gan_status gan_mpi_test_all(const gan_mpi_comm *comm, MPI_Request *requests, int n, bool *done,
                            const char *what);

/* The one place where this process waits for another, in call `number`. Waits until one of `requests` is done
 * (it becomes MPI_REQUEST_NULL) and gives its index; MPI_UNDEFINED when all are null. */
gan_status gan_mpi_wait_any(gan_mpi_comm *comm, MPI_Request *requests, int n, int *index, uint64_t number,
                            const char *what);
gan_status gan_mpi_wait_all(gan_mpi_comm *comm, MPI_Request *requests, int n, uint64_t number,
                            const char *what);

/* Tells the other hosts what is known of this one's ranks, and hears them; for a wait that is long. */
gan_status gan_mpi_gossip_turn(gan_mpi_comm *comm);
gan_status gan_mpi_gossip_open(gan_mpi_comm *comm);
void gan_mpi_gossip_close(gan_mpi_comm *comm);

/* Why this rank ends the job, for rank 0, which gets so long on this host to write it down and end the job;
 * and what rank 0 hears: the status and message of the rank that ends it. */
#define GAN_LAST_WORDS_SECONDS 30.0
void gan_mpi_last_words(gan_mpi_comm *mpi, int status);
gan_status gan_mpi_hear_last_words(gan_mpi_comm *mpi);

/* Entries of the table. */
gan_status gan_mpi_sum_start(gan_comm *comm, gan_exchange **out, float *buffer, size_t n);
gan_status gan_mpi_sum_wait(gan_comm *comm, gan_exchange *exchange);
gan_status gan_mpi_sum_progress(gan_mpi_comm *mpi);
void gan_mpi_sum_free(gan_mpi_comm *mpi);
gan_status gan_mpi_sum_double(gan_comm *comm, double *buffer, size_t n);
gan_status gan_mpi_shared_alloc(gan_comm *comm, void **out, size_t bytes);
gan_status gan_mpi_shared_sync(gan_comm *comm);
void gan_mpi_shared_free(gan_comm *comm, void *memory);

#endif
