/* reduce.cu: sums over shards in the fixed tree: pairs 0+1, 2+3, ..., then pairs of pairs, a last one without
 * a partner carried up. A thread adds up to LEAVES parts of one element in its registers; more parts take
 * more rounds, whose trees are the lower levels of the whole one. */
#include "device.h"

#define LEAVES 16 /* a power of two */

namespace
{
template <class T> struct leaves {
    const T *at[LEAVES];
    size_t n;
};
} // namespace

template <class T>
static __global__ void __launch_bounds__(GAN_BLOCK) sum_leaves(T *out, leaves<T> parts, size_t n)
{
    for (size_t i = gan_first(); i < n; i += gan_stride()) {
        T value[LEAVES];
        GAN_UNROLL
        for (size_t k = 0; k < LEAVES; k++)
            value[k] = k < parts.n ? parts.at[k][i] : 0;
        GAN_UNROLL
        for (size_t apart = 1; apart < LEAVES; apart *= 2) {
            GAN_UNROLL
            for (size_t left = 0; left + apart < LEAVES; left += 2 * apart)
                if (left + apart < parts.n)
                    value[left] += value[left + apart];
        }
        out[i] = value[0];
    }
}

template <class T> static gan_status sum_tree(gan_backend *be, T *out, T *const *parts, int n_parts, size_t n)
{
    for (size_t apart = 1, left = (size_t)n_parts; left > 0; apart *= LEAVES) {
        const size_t groups = (left + LEAVES - 1) / LEAVES;
        for (size_t g = 0; g < groups; g++) {
            leaves<T> own = {};
            for (size_t k = g * LEAVES; k < left && k < (g + 1) * LEAVES; k++)
                own.at[own.n++] = parts[k * apart];
            T *to = groups == 1 ? out : parts[g * LEAVES * apart];
            if (own.n == 1 && to == own.at[0])
                continue;
            GAN_LAUNCH(sum_leaves<T>, gan_blocks(n), GAN_BLOCK, 0, gan_cuda_stream(be), to, own, n);
            GAN_TRY(gan_cuda_launched(be, "tree_sum"));
        }
        left = groups > 1 ? groups : 0;
    }
    return GAN_OK;
}

gan_status gan_cuda_tree_sum(gan_backend *be, float *out, float *const *parts, int n_parts, size_t n)
{
    return sum_tree(be, out, parts, n_parts, n);
}

gan_status gan_cuda_tree_sum_double(gan_backend *be, double *out, double *const *parts, int n_parts, size_t n)
{
    return sum_tree(be, out, parts, n_parts, n);
}
