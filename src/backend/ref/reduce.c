/* reduce.c: sums over shards in the one order that every backend and every number of ranks follows.
 *
 * Level by level: 0+1, 2+3, ...; then pairs of pairs; a last one without a partner moves up as it is.
 * The additions are in the type of the parts, so that ranks can go on with
 * the upper levels on what was stored. */
#include "ref.h"

#include <string.h>

gan_status gan_ref_tree_sum(gan_backend *be, float *out, float *const *parts, int n_parts, size_t n)
{
    (void)be;
    for (int apart = 1; apart < n_parts; apart *= 2)
        for (int left = 0; left + apart < n_parts; left += 2 * apart)
            for (size_t i = 0; i < n; i++)
                parts[left][i] += parts[left + apart][i];
    if (out != parts[0])
        memcpy(out, parts[0], n * sizeof *out);
    return GAN_OK;
}

gan_status gan_ref_tree_sum_double(gan_backend *be, double *out, double *const *parts, int n_parts, size_t n)
{
    (void)be;
    for (int apart = 1; apart < n_parts; apart *= 2)
        for (int left = 0; left + apart < n_parts; left += 2 * apart)
            for (size_t i = 0; i < n; i++)
                parts[left][i] += parts[left + apart][i];
    if (out != parts[0])
        memcpy(out, parts[0], n * sizeof *out);
    return GAN_OK;
}
