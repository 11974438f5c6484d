/* winograd.c: the transforms of winograd.h. Sums and differences only, one pass, vectorised over channels. */
#include "winograd.h"

#include "simd.h"

/* V = B' d B for one phase of one tile; d[a][b] point at the phase's 3x3 pixels. */
GAN_INLINE void big_tile(float *restrict v, size_t stride, const float *d[3][3], int c)
{
#pragma omp simd
    for (int i = 0; i < c; i++) {
        float e[3][3];
        for (int b = 0; b < 3; b++) {
            const float x0 = d[0][b][i], x1 = d[1][b][i], x2 = d[2][b][i];
            e[0][b] = x0 - x1;
            e[1][b] = x1;
            e[2][b] = x1 - x2;
        }
        for (int a = 0; a < 3; a++) {
            v[(size_t)(3 * a) * stride + (size_t)i] = e[a][0] - e[a][1];
            v[(size_t)(3 * a + 1) * stride + (size_t)i] = e[a][1];
            v[(size_t)(3 * a + 2) * stride + (size_t)i] = e[a][1] - e[a][2];
        }
    }
}

GAN_CLONES void gan_winograd_big(float *v, size_t stride, const gan_winograd *g, const float *x, int n)
{
    const int tiles = g->tiles_h * g->tiles_w;
    for (int t = 0; t < n * tiles; t++) {
        const float *picture = x + (size_t)(t / tiles) * (size_t)g->h * (size_t)g->w * (size_t)g->c;
        const int row0 = 4 * (t % tiles / g->tiles_w) - 1, column0 = 4 * (t % g->tiles_w) - 1;
        for (int phase = 0; phase < 4; phase++, v += g->c) {
            const float *d[3][3];
            for (int k = 0; k < 9; k++) {
                const int row = row0 + (phase >> 1) + 2 * (k / 3),
                          column = column0 + (phase & 1) + 2 * (k % 3);
                const bool inside = row >= 0 && row < g->h && column >= 0 && column < g->w;
                d[k / 3][k % 3] = inside
                                      ? picture + ((size_t)row * (size_t)g->w + (size_t)column) * (size_t)g->c
                                      : g->zeros;
            }
            big_tile(v, stride, d, g->c);
        }
    }
}

/* P = A d A' for one tile; d[a][b] point at the 2x2 pixels. */
GAN_INLINE void small_tile(float *restrict p, size_t stride, const float *d[2][2], int k)
{
#pragma omp simd
    for (int i = 0; i < k; i++) {
        float e[3][2];
        for (int b = 0; b < 2; b++) {
            e[0][b] = d[0][b][i];
            e[1][b] = d[0][b][i] + d[1][b][i];
            e[2][b] = -d[1][b][i];
        }
        for (int a = 0; a < 3; a++) {
            p[(size_t)(3 * a) * stride + (size_t)i] = e[a][0];
            p[(size_t)(3 * a + 1) * stride + (size_t)i] = e[a][0] + e[a][1];
            p[(size_t)(3 * a + 2) * stride + (size_t)i] = -e[a][1];
        }
    }
}

GAN_CLONES void gan_winograd_small(float *p, size_t stride, const gan_winograd *g, const float *dy, int n)
{
    const int tiles = g->tiles_h * g->tiles_w;
    for (int t = 0; t < n * tiles; t++, p += g->out_c) {
        const float *picture =
            dy + (size_t)(t / tiles) * (size_t)g->out_h * (size_t)g->out_w * (size_t)g->out_c;
        const float *d[2][2];
        for (int k = 0; k < 4; k++) {
            const int row = 2 * (t % tiles / g->tiles_w) + k / 2, column = 2 * (t % g->tiles_w) + k % 2;
            const bool inside = row < g->out_h && column < g->out_w;
            d[k / 2][k % 2] =
                inside ? picture + ((size_t)row * (size_t)g->out_w + (size_t)column) * (size_t)g->out_c
                       : g->zeros;
        }
        small_tile(p, stride, d, g->out_c);
    }
}

/* The 2x2 outputs A' m A of one tile. With `right` or `below` false that column or row does not exist. */
GAN_INLINE void forward_tile(float *y, size_t row, const float *restrict m, size_t stride, int k, bool right,
                             bool below)
{
    float *restrict y0 = y, *restrict y1 = y + row;
#pragma omp simd
    for (int i = 0; i < k; i++) {
        float e[2][3];
        for (int b = 0; b < 3; b++) {
            const float m0 = m[(size_t)b * stride + (size_t)i], m1 = m[(size_t)(3 + b) * stride + (size_t)i];
            e[0][b] = m0 + m1;
            e[1][b] = m1 - m[(size_t)(6 + b) * stride + (size_t)i];
        }
        y0[i] = e[0][0] + e[0][1];
        if (right)
            y0[k + i] = e[0][1] - e[0][2];
        if (below)
            y1[i] = e[1][0] + e[1][1];
        if (right && below)
            y1[k + i] = e[1][1] - e[1][2];
    }
}

GAN_CLONES void gan_winograd_forward(float *y, const gan_winograd *g, const float *m, size_t stride, int n)
{
    const int tiles = g->tiles_h * g->tiles_w, k = g->out_c;
    const size_t row = (size_t)g->out_w * (size_t)k;
    for (int t = 0; t < n * tiles; t++, m += k) {
        const int i = 2 * (t % tiles / g->tiles_w), j = 2 * (t % g->tiles_w);
        float *to = y + ((size_t)(t / tiles) * (size_t)g->out_h + (size_t)i) * row + (size_t)j * (size_t)k;
        const bool right = j + 1 < g->out_w, below = i + 1 < g->out_h;
        if (right && below)
            forward_tile(to, row, m, stride, k, true, true);
        else if (right)
            forward_tile(to, row, m, stride, k, true, false);
        else if (below)
            forward_tile(to, row, m, stride, k, false, true);
        else
            forward_tile(to, row, m, stride, k, false, false);
    }
}

/* A tile's nine products for one phase; a missing tile is a row of zeros with stride 0. */
typedef struct tile_view {
    const float *q;
    size_t stride;
} tile_view;

#define AT(view, z, i) ((view).q[(size_t)(z) * (view).stride + (size_t)(i)])

/* Row a of B applied to column b of the products: a = 1 takes three of the tile's own, a = 0 is shared with
 * the tile above (whose third row it is) and handled by the caller. */
#define MIDDLE_DOWN(view, b, i)  (AT(view, 3 + (b), i) + AT(view, 6 + (b), i) - AT(view, b, i))
#define MIDDLE_RIGHT(view, a, i) (AT(view, 3 * (a) + 1, i) + AT(view, 3 * (a) + 2, i) - AT(view, 3 * (a), i))

/* One phase's pixels that belong to a tile: [0][0] is shared with the tiles above and left, [0][1] with the
 * one above, [1][0] with the one to the left. Pixels that do not exist are NULL. */
GAN_INLINE void backward_tile(float *out[2][2], tile_view own, tile_view above, tile_view left,
                              tile_view corner, int c)
{
    if (out[0][0]) {
        float *restrict o = out[0][0];
#pragma omp simd
        for (int i = 0; i < c; i++)
            o[i] = (AT(own, 0, i) - AT(above, 6, i)) - (AT(left, 2, i) - AT(corner, 8, i));
    }
    if (out[0][1]) {
        float *restrict o = out[0][1];
#pragma omp simd
        for (int i = 0; i < c; i++)
            o[i] = MIDDLE_RIGHT(own, 0, i) - MIDDLE_RIGHT(above, 2, i);
    }
    if (out[1][0]) {
        float *restrict o = out[1][0];
#pragma omp simd
        for (int i = 0; i < c; i++)
            o[i] = MIDDLE_DOWN(own, 0, i) - MIDDLE_DOWN(left, 2, i);
    }
    if (out[1][1]) {
        float *restrict o = out[1][1];
#pragma omp simd
        for (int i = 0; i < c; i++)
            o[i] = MIDDLE_DOWN(own, 1, i) + MIDDLE_DOWN(own, 2, i) - MIDDLE_DOWN(own, 0, i);
    }
}

GAN_INLINE tile_view view_tile(const gan_winograd *g, const float *q, size_t stride, int ti, int tj,
                               int phase)
{
    const bool inside = ti >= 0 && ti < g->tiles_h && tj >= 0 && tj < g->tiles_w;
    const size_t tile = (size_t)(inside ? ti * g->tiles_w + tj : 0);
    return inside ? (tile_view){q + (tile * 4 + (size_t)phase) * (size_t)g->c, stride}
                  : (tile_view){g->zeros, 0};
}

/* One row and column of tiles more than there are: the last pixels of a phase come from the tile above or
 * left alone. */
GAN_CLONES void gan_winograd_backward(float *dx, const gan_winograd *g, const float *q, size_t stride, int n)
{
    const size_t picture = (size_t)g->h * (size_t)g->w * (size_t)g->c;
    const size_t products = (size_t)g->tiles_h * (size_t)g->tiles_w * 4 * (size_t)g->c;
    const int steps = (g->tiles_h + 1) * (g->tiles_w + 1);
    for (int s = 0; s < n * steps * 4; s++) {
        const int phase = s % 4, place = s / 4 % steps, in = s / 4 / steps;
        const int ti = place / (g->tiles_w + 1), tj = place % (g->tiles_w + 1);
        const float *from = q + (size_t)in * products;
        float *out[2][2];
        for (int k = 0; k < 4; k++) {
            const int row = 4 * ti + (phase >> 1) - 1 + 2 * (k / 2),
                      column = 4 * tj + (phase & 1) - 1 + 2 * (k % 2);
            const bool inside = row >= 0 && row < g->h && column >= 0 && column < g->w;
            out[k / 2][k % 2] = inside ? dx + (size_t)in * picture +
                                             ((size_t)row * (size_t)g->w + (size_t)column) * (size_t)g->c
                                       : NULL;
        }
        backward_tile(out, view_tile(g, from, stride, ti, tj, phase),
                      view_tile(g, from, stride, ti - 1, tj, phase),
                      view_tile(g, from, stride, ti, tj - 1, phase),
                      view_tile(g, from, stride, ti - 1, tj - 1, phase), g->c);
    }
}

GAN_CLONES void gan_winograd_gradient(float *part, const gan_winograd *g, const float *du, size_t stride,
                                      int first, int rows, bool accumulate)
{
    const int k = g->out_c;
    for (int r = 0; r < rows; r++) {
        const int phase = (first + r) / g->c, channel = (first + r) % g->c;
        for (int t = 0; t < 4; t++) {
            const int tap = (2 * (t / 2) + (phase >> 1)) * 4 + 2 * (t % 2) + (phase & 1);
            float *restrict to = part + ((size_t)tap * (size_t)g->c + (size_t)channel) * (size_t)k;
            const float *u0 = du + (size_t)(3 * (t / 2) + t % 2) * stride + (size_t)r * (size_t)k;
            const float *u1 = u0 + 3 * stride;
            if (accumulate) {
#pragma omp simd
                for (int i = 0; i < k; i++)
                    to[i] += (u0[i] + u0[stride + (size_t)i]) + (u1[i] + u1[stride + (size_t)i]);
            } else {
#pragma omp simd
                for (int i = 0; i < k; i++)
                    to[i] = (u0[i] + u0[stride + (size_t)i]) + (u1[i] + u1[stride + (size_t)i]);
            }
        }
    }
}

#define RUN_K 64 /* output channels at a time: their 16 taps stay in L1 */

/* G w G' of one phase for one input channel and `k` output channels; taps is [16][RUN_K]. */
GAN_INLINE void weights_phase(float *restrict u, size_t stride, const float (*taps)[RUN_K], int phase, int k)
{
    const int t = (phase >> 1) * 4 + (phase & 1);
#pragma omp simd
    for (int i = 0; i < k; i++) {
        float e[3][2];
        for (int b = 0; b < 2; b++) {
            const float g0 = taps[t + 2 * b][i], g1 = taps[t + 8 + 2 * b][i];
            e[0][b] = g0;
            e[1][b] = g0 + g1;
            e[2][b] = g1;
        }
        for (int a = 0; a < 3; a++) {
            u[(size_t)(3 * a) * stride + (size_t)i] = e[a][0];
            u[(size_t)(3 * a + 1) * stride + (size_t)i] = e[a][0] + e[a][1];
            u[(size_t)(3 * a + 2) * stride + (size_t)i] = e[a][1];
        }
    }
}

GAN_CLONES void gan_winograd_weights(float *u, size_t stride, const gan_winograd *g, const float *weights,
                                     int first, int count)
{
    float taps[16][RUN_K];
    for (int k0 = 0; k0 < g->out_c; k0 += RUN_K) {
        const int k = g->out_c - k0 < RUN_K ? g->out_c - k0 : RUN_K;
        for (int channel = first; channel < first + count; channel++) {
            for (int i = 0; i < k; i++) {
                const float *w = weights + ((size_t)(k0 + i) * (size_t)g->c + (size_t)channel) * 16;
                for (int t = 0; t < 16; t++)
                    taps[t][i] = w[t];
            }
            for (int phase = 0; phase < 4; phase++)
                weights_phase(u + ((size_t)phase * (size_t)g->c + (size_t)channel) * (size_t)g->out_c + k0,
                              stride, (const float(*)[RUN_K])taps, phase, k);
        }
    }
}
