/* reshape.c: ops that only move values: label maps and transposition. */
#include "ref.h"

gan_status gan_ref_label_forward(gan_backend *be, float *y, const float *x, const int *labels, int n,
                                 size_t hw, int c, int classes)
{
    (void)be;
    for (int picture = 0; picture < n; picture++)
        for (size_t at = 0; at < hw; at++) {
            const float *from = x + ((size_t)picture * hw + at) * c;
            float *to = y + ((size_t)picture * hw + at) * (c + classes);
            for (int i = 0; i < c; i++)
                to[i] = from[i];
            for (int k = 0; k < classes; k++)
                to[c + k] = k == labels[picture] ? 1 : 0;
        }
    return GAN_OK;
}

gan_status gan_ref_label_backward(gan_backend *be, float *dx, const float *dy, int n, size_t hw, int c,
                                  int classes)
{
    (void)be;
    for (size_t row = 0; row < (size_t)n * hw; row++)
        for (int i = 0; i < c; i++)
            dx[row * c + i] = dy[row * (c + classes) + i];
    return GAN_OK;
}

gan_status gan_ref_transpose(gan_backend *be, float *y, const float *x, int n, int rows, int columns)
{
    (void)be;
    for (int picture = 0; picture < n; picture++) {
        size_t start = (size_t)picture * rows * columns;
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < columns; column++)
                y[start + (size_t)column * rows + row] = x[start + (size_t)row * columns + column];
    }
    return GAN_OK;
}
