/* count.h: a backend that computes nothing and counts: whatever calls it is known by what it asked for. Its
 * memory is addresses with nothing behind them, so the largest batch takes no room. */
#ifndef GAN_COUNT_H
#define GAN_COUNT_H

#include "gan_dist/backend.h"

typedef enum gan_work_kind {
    GAN_WORK_CONV_FORWARD,
    GAN_WORK_CONV_DATA,
    GAN_WORK_CONV_WEIGHTS,
    GAN_WORK_BN,
    GAN_WORK_ACT,
    GAN_WORK_MOVES,
    GAN_WORK_NOISE_LOSS,
    GAN_WORK_SHARD_SUMS,
    GAN_WORK_PREPARE,
    GAN_WORK_ADAM,
    GAN_WORK_UPLOAD,
    GAN_WORK_KINDS
} gan_work_kind;

extern const char *const gan_work_names[GAN_WORK_KINDS];

/* Each operand of a call counts once, however a backend goes over it. Operations: convolutions alone, a
 * multiply-add is 2, padding counted. */
typedef struct gan_work {
    double calls, flops, bytes_read, bytes_written;
} gan_work;

typedef struct gan_counter {
    gan_backend base;
    gan_work work[GAN_WORK_KINDS];
    double
        columns; /* bytes of all columns (kernel x kernel x channels a position) of the convolutions called */
    uintptr_t next; /* address of the next allocation */
} gan_counter;

void gan_counter_open(gan_counter *counter);

#endif
