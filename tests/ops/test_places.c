/* test_places.c: a picture's bits do not depend on its place in a pass, nor on what stands beside it: "any
 * number of pictures equals one by one" rests on this. Convolutions of every kind, in both directions that
 * have pictures, and the rule about oneDNN's products below them. Run for each instruction set that oneDNN
 * can be held to (suite.cmake). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "backend/cpu/conv.h"
#include "gan_dist/base.h"

#define OK(call) assert_int_equal((call), GAN_OK)

/* Big side (height, channels), small side, kernel, stride, pads; as the presets have them, then odd ones. */
typedef struct geometry {
    int h, c, out_h, out_c, kernel, stride, before, after, most; /* most: pictures in the largest pass */
} geometry;

static const geometry geometries[] = {
    /* dense: ends of the DCGANs, gan-mnist, mlp-mnist, cdcgan-mnist, dcgan32-mnist */
    {4, 512, 1, 1, 4, 1, 0, 0, 33},
    {4, 512, 1, 100, 4, 1, 0, 0, 25},
    {1, 6272, 1, 1024, 1, 1, 0, 0, 9},
    {1, 1024, 1, 62, 1, 1, 0, 0, 40},
    {1, 1024, 1, 1, 1, 1, 0, 0, 40},
    {1, 784, 1, 128, 1, 1, 0, 0, 40},
    {1, 128, 1, 100, 1, 1, 0, 0, 40},
    {1, 3136, 1, 110, 1, 1, 0, 0, 17},
    {1, 2058, 1, 2, 1, 1, 0, 0, 17},
    {2, 37, 1, 19, 2, 1, 0, 0, 40},
    {1, 3, 1, 5, 1, 1, 0, 0, 40},
    /* Winograd: dcgan64, anime96, gan-mnist; tiles over the edge */
    {8, 256, 4, 512, 4, 2, 1, 1, 17},
    {16, 128, 8, 256, 4, 2, 1, 1, 9},
    {32, 64, 16, 128, 4, 2, 1, 1, 9},
    {14, 64, 7, 128, 4, 2, 1, 1, 17},
    {12, 32, 6, 64, 4, 2, 1, 1, 33},
    {48, 32, 24, 16, 4, 2, 1, 1, 5},
    {8, 16, 4, 48, 4, 2, 1, 1, 40},
    /* columns: 5x5 of the TensorFlow systems */
    {8, 256, 4, 512, 5, 2, 1, 2, 9},
    {6, 128, 3, 256, 5, 2, 1, 2, 17},
    {14, 138, 7, 192, 5, 2, 1, 2, 5},
    {24, 96, 12, 224, 5, 2, 1, 2, 5},
    /* direct, and thin towards a picture */
    {32, 3, 16, 64, 4, 2, 1, 1, 9},
    {28, 1, 14, 64, 4, 2, 1, 1, 25},
    {28, 11, 14, 21, 5, 2, 1, 2, 9},
    {12, 3, 4, 64, 5, 3, 1, 1, 33},
    {16, 32, 8, 64, 5, 2, 1, 2, 9},
    {8, 48, 8, 24, 3, 1, 1, 1, 17},
    {7, 64, 7, 32, 1, 1, 0, 0, 25},
};

static const int passes[] = {2, 3, 5, 7, 8, 9, 12, 16, 17, 25, 33, 40};

static float *filled(size_t n, unsigned salt)
{
    float *memory = gan_alloc(n * sizeof(float));
    assert_non_null(memory);
    for (size_t i = 0; i < n; i++) {
        const uint32_t mixed = ((uint32_t)i + 1) * 2654435761u + salt * 40503u;
        memory[i] = (float)((int)((mixed ^ mixed >> 15) * 2246822519u >> 8 & 65535) - 32768) / 32768.0f;
    }
    return memory;
}

/* to = the pictures of `from`, each `shift` places further on. */
static void rotate(float *to, const float *from, size_t n, size_t floats, size_t shift)
{
    for (size_t i = 0; i < n; i++)
        memcpy(to + (i + shift) % n * floats, from + i * floats, floats * sizeof(float));
}

typedef gan_status (*conv_fn)(gan_backend *be, gan_conv *conv, float *to, const float *from);

static void same_at_each_place(gan_backend *be, gan_conv *conv, const geometry *g, size_t n, bool forward)
{
    const conv_fn fn = forward ? be->ops->conv_forward : be->ops->conv_backward_data;
    const size_t big = (size_t)g->h * (size_t)g->h * (size_t)g->c;
    const size_t small = (size_t)g->out_h * (size_t)g->out_h * (size_t)g->out_c;
    const size_t in = forward ? big : small, out = forward ? small : big;
    float *x = filled(n * in, 5), *moved = filled(n * in, 6), *y = filled(n * out, 7),
          *z = filled(n * out, 8);
    OK(fn(be, conv, y, x));
    for (size_t shift = 1; shift<n; shift += n> 9 && shift > 2 && shift < n - 2 ? n / 3 : 1) {
        rotate(moved, x, n, in, shift);
        OK(fn(be, conv, z, moved));
        for (size_t i = 0; i < n; i++) {
            const size_t place = (i + shift) % n;
            if (memcmp(y + i * out, z + place * out, out * sizeof(float)) != 0)
                fail_msg(
                    "%dx%dx%d to %dx%dx%d, kernel %d, %s: in a pass of %zu a picture at place %zu has other "
                    "bits than at place %zu",
                    g->h, g->h, g->c, g->out_h, g->out_h, g->out_c, g->kernel,
                    forward ? "forward" : "backward data", n, place, i);
        }
    }
    free(x);
    free(moved);
    free(y);
    free(z);
}

static void test_convolutions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof geometries / sizeof geometries[0]; i++)
        for (size_t p = 0; p < sizeof passes / sizeof passes[0]; p++) {
            const geometry *g = &geometries[i];
            if (passes[p] > g->most)
                continue;
            const gan_conv_shape shape = {passes[p], g->h,      g->h,      g->c,      g->out_h,  g->out_h,
                                          g->out_c,  g->kernel, g->kernel, g->stride, g->stride, g->before,
                                          g->before, g->after,  g->after,  true};
            gan_backend *be;
            gan_conv *conv;
            OK(gan_backend_open(&be, "cpu", &(gan_backend_options){.threads = 1}));
            OK(be->ops->conv_create(be, &conv, &shape));
            float *w = filled((size_t)(g->out_c * g->c * g->kernel * g->kernel), 9);
            OK(be->ops->conv_prepare(be, conv, w));
            same_at_each_place(be, conv, g, (size_t)passes[p], true);
            same_at_each_place(be, conv, g, (size_t)passes[p], false);
            free(w);
            be->ops->conv_destroy(be, conv);
            gan_backend_close(be);
        }
}

/* The products that the convolutions are made of: pictures are rows of A, or columns of op(B). */
typedef enum product { ROWS_PLAIN, ROWS_TURNED, COLUMNS } product;

static void equal_rows_give_equal_rows(product kind, size_t m, size_t n, size_t k, const float *row,
                                       const float *w)
{
    const size_t rows = kind == COLUMNS ? gan_dnnl_columns(m) : gan_dnnl_rows(m);
    assert_true(rows >= m && rows < m + 16);
    float *x = gan_alloc(rows * k * sizeof(float)), *c = gan_alloc(rows * n * sizeof(float));
    assert_true(x && c);
    for (size_t i = 0; i < rows; i++)
        memcpy(x + i * k, row, k * sizeof(float));
    if (kind == COLUMNS)
        OK(gan_dnnl_gemm('N', 'T', n, rows, k, w, k, x, k, 0.0f, c, rows));
    else if (kind == ROWS_PLAIN)
        OK(gan_dnnl_gemm('N', 'N', rows, n, k, x, k, w, n, 0.0f, c, n));
    else
        OK(gan_dnnl_gemm('N', 'T', rows, n, k, x, k, w, k, 0.0f, c, n));
    for (size_t i = 1; i < rows; i++)
        for (size_t j = 0; j < n; j++)
            if (kind == COLUMNS ? memcmp(c + j * rows + i, c + j * rows, sizeof *c) != 0
                                : memcmp(c + i * n + j, c + j, sizeof *c) != 0)
                fail_msg("product %d of %zu (for %zu) x %zu x %zu: row %zu differs from row 0 at %zu",
                         (int)kind, rows, m, n, k, i, j);
    free(x);
    free(c);
}

static void test_products(void **state)
{
    (void)state;
    static const size_t ns[] = {1, 3, 8, 31, 64, 100, 512, 1024},
                        ks[] = {1, 3, 16, 33, 62, 128, 512, 627, 2048};
    static const size_t large[] = {48,  56,  63,  64,  78,  81,  96,  128, 141,
                                   150, 196, 200, 240, 253, 256, 264, 330, 515};
    float *row = filled(2048, 11), *w = filled(2048 * 1024, 12);
    for (size_t a = 0; a < sizeof ns / sizeof ns[0]; a++)
        for (size_t b = 0; b < sizeof ks / sizeof ks[0]; b++) {
            const size_t few = ns[a] * ks[b] > 300000 ? 5 : 1; /* of the larger weights not every number */
            for (int kind = ROWS_PLAIN; kind <= COLUMNS; kind++) {
                for (size_t m = 1 + (a + b) % few; m <= 40; m += few)
                    equal_rows_give_equal_rows((product)kind, m, ns[a], ks[b], row, w);
                for (size_t i = (a + b) % few; i < sizeof large / sizeof large[0]; i += few)
                    equal_rows_give_equal_rows((product)kind, large[i], ns[a], ks[b], row, w);
            }
        }
    free(row);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_convolutions), cmocka_unit_test(test_products)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
