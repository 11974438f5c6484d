/* reduce.c: sums over parts in the fixed binary tree: pairs 0+1, 2+3,
 * then pairs of pairs, an odd one carried up.
 *
 * One pass over memory for any number of parts: the range is cut into short runs, and a run's whole tree is
 * done in cache. */
#include <string.h>
#include "cpu.h"
#include "simd.h"

#define STACK_DEPTH 33 /* partial sums alive at once: one a level, 2^32 parts */

/* A binary counter: two sums of the same height join at once, and what is left joins from the right.
 * `LEAF(k)` is part k's run. */
#define TREE(type, out, n_parts, n, LEAF)                                                                    \
    do {                                                                                                     \
        type stack[STACK_DEPTH][GAN_TREE_RUN];                                                               \
        int height = 0;                                                                                      \
        for (int k = 0; k < (n_parts); k++) {                                                                \
            memcpy(stack[height++], LEAF(k), (n) * sizeof(type));                                            \
            for (int joins = k + 1; joins % 2 == 0 && height > 1; joins /= 2, height--)                      \
                for (size_t i = 0; i < (n); i++)                                                             \
                    stack[height - 2][i] += stack[height - 1][i];                                            \
        }                                                                                                    \
        for (; height > 1; height--)                                                                         \
            for (size_t i = 0; i < (n); i++)                                                                 \
                stack[height - 2][i] += stack[height - 1][i];                                                \
        memcpy((out), stack[0], (n) * sizeof(type));                                                         \
    } while (0)

/* The common counts in registers; they are the same trees written out. */
GAN_CLONES void gan_cpu_tree_run(float *out, float *const *parts, int n_parts, size_t at, size_t n)
{
#define PART(k) (parts[k] + at)
    const float *a = PART(0), *b = n_parts > 1 ? PART(1) : a;
    if (n_parts == 1) {
        memmove(out, a, n * sizeof *out);
    } else if (n_parts == 2) {
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            out[i] = a[i] + b[i];
    } else if (n_parts == 4) {
        const float *c = PART(2), *d = PART(3);
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            out[i] = (a[i] + b[i]) + (c[i] + d[i]);
    } else if (n_parts == 8) {
        const float *c = PART(2), *d = PART(3), *e = PART(4), *f = PART(5), *g = PART(6), *h = PART(7);
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            out[i] = ((a[i] + b[i]) + (c[i] + d[i])) + ((e[i] + f[i]) + (g[i] + h[i]));
    } else {
        TREE(float, out, n_parts, n, PART);
    }
}

static void tree_run_double(double *out, double *const *parts, int n_parts, size_t at, size_t n)
{
    TREE(double, out, n_parts, n, PART);
}
#undef PART

gan_status gan_cpu_tree_sum(gan_backend *be, float *out, float *const *parts, int n_parts, size_t n)
{
#pragma omp parallel for num_threads(be->threads) schedule(static) if (n > GAN_TREE_RUN)
    for (size_t at = 0; at < n; at += GAN_TREE_RUN)
        gan_cpu_tree_run(out + at, parts, n_parts, at, n - at < GAN_TREE_RUN ? n - at : GAN_TREE_RUN);
    return GAN_OK;
}

gan_status gan_cpu_tree_sum_double(gan_backend *be, double *out, double *const *parts, int n_parts, size_t n)
{
#pragma omp parallel for num_threads(be->threads) schedule(static) if (n > GAN_TREE_RUN)
    for (size_t at = 0; at < n; at += GAN_TREE_RUN)
        tree_run_double(out + at, parts, n_parts, at, n - at < GAN_TREE_RUN ? n - at : GAN_TREE_RUN);
    return GAN_OK;
}
