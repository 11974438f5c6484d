/* The order of a sum over the ranks: the tree 0+1, 2+3, then pairs of pairs, an odd one carried up. Which
 * rank adds is free, what is added to what is not; so both ways below give the same bits.
 *
 * A power of two of ranks: recursive halving. In step s the ranks that differ in bit s exchange halves of
 * what they hold and each adds its half; the second half of the steps runs backwards and spreads the sums.
 * Every rank sends 2n(1-1/N) elements. Other sizes: rank 0 collects along the tree, then spreads along it: 2n
 * log2(N) elements, and simple. */
#include "tree.h"

static int levels(int size)
{
    int n = 0;
    while ((1 << n) < size)
        n++;
    return n;
}

bool gan_tree_halves(int size)
{
    return (size & (size - 1)) == 0;
}

int gan_tree_steps(int size)
{
    return 2 * levels(size);
}

/* The part [from, to) of n elements that `rank` holds after the halving
 * steps with distances below `distance`. */
static void held(size_t *from, size_t *to, int rank, int distance, size_t n)
{
    *from = 0;
    *to = n;
    for (int d = 1; d < distance; d *= 2) {
        size_t middle = *from + (*to - *from) / 2;
        if (rank & d)
            *from = middle;
        else
            *to = middle;
    }
}

static void move_halving(gan_move *out, int rank, int distance, bool collect, size_t n)
{
    size_t from, to, peer_from, peer_to;
    int peer = rank ^ distance;
    held(&from, &to, rank, 2 * distance, n);
    held(&peer_from, &peer_to, peer, 2 * distance, n);
    if (collect)
        *out = (gan_move){peer, peer_from, peer_to - peer_from, from, to - from, true};
    else
        *out = (gan_move){peer, from, to - from, peer_from, peer_to - peer_from, false};
}

static void move_binomial(gan_move *out, int rank, int size, int distance, bool collect, size_t n)
{
    bool upper = rank % (2 * distance) == distance;
    bool lower = rank % (2 * distance) == 0 && rank + distance < size;
    *out = (gan_move){.peer = upper ? rank - distance : rank + distance, .add = collect};
    if (collect ? upper : lower)
        out->n_send = n;
    else if (collect ? lower : upper)
        out->n_receive = n;
}

void gan_tree_move(gan_move *out, int rank, int size, int step, size_t n)
{
    int up = levels(size);
    bool collect = step < up;
    int distance = 1 << (collect ? step : 2 * up - 1 - step);
    if (gan_tree_halves(size))
        move_halving(out, rank, distance, collect, n);
    else
        move_binomial(out, rank, size, distance, collect, n);
}
