/* comm_nccl.h: sums of a device's memory over NCCL. A module of its own: the program loads it where it is
 * asked for (nccl_find.c), and nothing else includes this header.
 *
 * It is put over comm_mpi, which keeps all that is not a sum. One communicator, which does not block, and one
 * stream for all its calls, so that they run in the order in which they are made, on every rank the same.
 * Events order this stream and the one that computes; the host waits for none of it. It waits for the device
 * elsewhere, and asks gan_comm_poll() meanwhile: that finds what has failed, and tells the watch which
 * collective is not over yet. */
#ifndef GAN_COMM_NCCL_H
#define GAN_COMM_NCCL_H

#include <cuda_runtime_api.h>
#include <nccl.h>

#ifdef __cplusplus
extern "C" {
#endif

#include <stdint.h>
#include "gan_dist/error.h"

/* buffer[0..n) += from[0..n), in stream order. */
cudaError_t gan_nccl_add_floats(float *buffer, const float *from, size_t n, cudaStream_t stream);
cudaError_t gan_nccl_add_doubles(double *buffer, const double *from, size_t n, cudaStream_t stream);
/* *word = value, in stream order. */
cudaError_t gan_nccl_tell(uint32_t *word, uint32_t value, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus /* atomics of the other headers are C's */
#include "comm/comm_ops.h"

/* What the tree receives to add, at a time. Tests make it small, so that theirs take several pieces. */
#ifndef GAN_NCCL_PIECE_BYTES
#define GAN_NCCL_PIECE_BYTES ((size_t)8 << 20)
#endif
#define GAN_NCCL_MARKS 64  /* collectives that the host may be ahead of the device, and still name */
#define GAN_NCCL_SUMS  256 /* of a graph, that have names of their own */

typedef struct gan_nccl_exchange {
    gan_exchange base;
    cudaEvent_t ready, done; /* the buffer is filled; the sum is there */
} gan_nccl_exchange;

/* A collective on its way, or all those of a graph's launch. */
typedef struct gan_nccl_mark {
    cudaEvent_t done;
    uint64_t number;
    bool launch;
    uint64_t step; /* of a launch */
    char what[160];
} gan_nccl_mark;

/* A collective of a graph. */
typedef struct gan_nccl_recorded {
    char call[64]; /* "ncclAllReduce of 12 floats" */
    char doing[GAN_DOING_MAX];
} gan_nccl_recorded;

typedef struct gan_nccl {
    gan_comm_ops ops;
    const gan_comm_ops *below;
    gan_comm *comm;
    gan_comm_device device;
    bool tree;
    ncclComm_t nccl;
    cudaStream_t stream;
    gan_nccl_exchange exchanges[GAN_EXCHANGES], small; /* small: of sum_double */
    void *piece;                                       /* of the tree */
    bool capturing;                                    /* the call that is being made is recorded, not run */
    uint64_t number;                                   /* of that call */
    double patience;                                   /* in seconds; 0: the watch's alone */
    char what[160];                                    /* for messages */
    gan_nccl_mark marks[GAN_NCCL_MARKS];               /* of the collectives from `first` up to `next` */
    uint64_t first, next;
    gan_nccl_recorded recorded[GAN_NCCL_SUMS]; /* of the graph, in their order */
    uint32_t n_recorded;
    /* How many of them have ended in the launch that runs: the host's memory,
     * and the device's address of it. */
    uint32_t *ended, *ended_there;
} gan_nccl;

/* From a code to a status whose message names call, collective, step, device and host. */
gan_status gan_nccl_check(gan_nccl *over, const char *call, ncclResult_t result);
gan_status gan_nccl_check_cuda(gan_nccl *over, const char *call, cudaError_t error);
/* The result of `call`, once it is no longer in progress: before that nothing may follow on the stream. */
gan_status gan_nccl_settle(gan_nccl *over, const char *call, ncclResult_t result);

/* nccl_watch.c: what the host knows of collectives that the device is busy with. */
gan_status gan_nccl_begin(gan_nccl *over, const char *kind, size_t n);
gan_status gan_nccl_mark_begin(gan_nccl *over); /* its stream has joined a recording */
gan_status gan_nccl_mark_end(gan_nccl *over);
gan_status gan_nccl_poll(gan_comm *comm);
gan_status gan_nccl_replay(gan_comm *comm);

/* Entries of the table (nccl_sum.c). */
gan_status gan_nccl_sum_start(gan_comm *comm, gan_exchange **out, float *buffer, size_t n);
gan_status gan_nccl_sum_wait(gan_comm *comm, gan_exchange *exchange);
gan_status gan_nccl_sum_double(gan_comm *comm, double *buffer, size_t n);
#endif

#endif
