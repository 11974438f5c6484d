/* reshape.c: transposition in blocks that are whole cache lines on both sides. */
#include "cpu.h"
#include "simd.h"

gan_status gan_cpu_transpose(gan_backend *be, float *y, const float *x, int n, int rows, int columns)
{
    (void)be;
    const size_t r = (size_t)rows, c = (size_t)columns;
    for (int picture = 0; picture < n; picture++, x += r * c, y += r * c)
        for (size_t i0 = 0; i0 < r; i0 += GAN_LINE)
            for (size_t j0 = 0; j0 < c; j0 += GAN_LINE) {
                const size_t i1 = i0 + GAN_LINE < r ? i0 + GAN_LINE : r,
                             j1 = j0 + GAN_LINE < c ? j0 + GAN_LINE : c;
                for (size_t j = j0; j < j1; j++)
                    for (size_t i = i0; i < i1; i++)
                        y[j * r + i] = x[i * c + j];
            }
    return GAN_OK;
}
