/* tree.h: the fixed tree of a sum over the ranks, as moves: which rank sends what to whom in each step. */
#ifndef GAN_COMM_TREE_H
#define GAN_COMM_TREE_H

#include <stdbool.h>
#include <stddef.h>

/* One step of a sum, in elements: what goes to and comes from `peer`. Zero lengths mean no message. */
typedef struct gan_move {
    int peer;
    size_t send_at, n_send;
    size_t receive_at, n_receive;
    bool add; /* what comes is added; otherwise it replaces */
} gan_move;

int gan_tree_steps(int size);
void gan_tree_move(gan_move *out, int rank, int size, int step, size_t n);
/* Whether the moves are of halves: then none is longer than (n + 1) / 2. */
bool gan_tree_halves(int size);

#endif
