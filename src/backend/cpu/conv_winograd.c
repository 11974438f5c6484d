/* conv_winograd.c: 4x4 convolutions of stride 2 (and their transposes)
 * as nine matrix products; see winograd.h.
 *
 * Per picture it does 9/16 of the multiplications; on shards of 8 pictures it runs at about 1.5 times the
 * speed of oneDNN's direct convolutions, transforms included. A part is [4][4][c][out_c]. */
#include "conv.h"

#include <stdlib.h>
#include <string.h>
#include "gan_dist/base.h"
#include "simd.h"
#include "winograd.h"

#define POINTS GAN_WINOGRAD_POINTS
/* Planes are this many floats further apart than their size: nine streams in nine different cache sets. */
#define SKEW (5 * GAN_LINE)
/* Tiles at a time: enough rows for the matrix product, few enough that
 * the nine planes stay in a 2 MiB cache. */
#define CHUNK_TILES  256
#define CHUNK_WEIGHT 256 /* for the weight gradient, whose sum runs over the tiles */
#define BLOCK_FLOATS                                                                                         \
    (256 * 1024) /* of the gradient in the transformed space: stays in cache until it is brought back */
#define GRADIENT_K  128 /* output channels at a time when parts become OIHW */
#define CHANNEL_RUN 4   /* input channels a thread prepares at a time: 256 contiguous bytes of OIHW */

typedef struct conv_winograd {
    gan_conv conv;
    gan_winograd g;
    float *zeros;
    gan_backend *be;
    int group;
    size_t u_at; /* where the transformed weights stand in the room of the backend */
    size_t u_stride;
} conv_winograd;

bool gan_conv_winograd_suits(const gan_conv_shape *s)
{
    const bool geometry = s->kernel_h == 4 && s->kernel_w == 4 && s->stride_h == 2 && s->stride_w == 2 &&
                          s->pad_top == 1 && s->pad_left == 1 && s->h == 2 * s->out_h && s->w == 2 * s->out_w;
    /* Tiles that hang over the edge are wasted work: 36 products a tile
     * against 16 an output must stay a gain. */
    const long tiles = (long)((s->out_h + 1) / 2) * ((s->out_w + 1) / 2);
    const bool gains = tiles * 36 * 4 <= (long)s->out_h * s->out_w * 16 * 3;
    return geometry && gains && s->c % GAN_LINE == 0 && s->out_c % GAN_LINE == 0;
}

/* As many as fit, of the same number in each chunk where that is possible. */
static int pictures_at_a_time(const conv_winograd *self, int tiles_at_a_time)
{
    const int n = self->conv.shape.n, fit = tiles_at_a_time / (self->g.tiles_h * self->g.tiles_w);
    const int chunks = fit > 1 ? (n + fit - 1) / fit : n;
    return (n + chunks - 1) / chunks;
}

static size_t tiles(const conv_winograd *self, int pictures)
{
    return (size_t)pictures * (size_t)(self->g.tiles_h * self->g.tiles_w);
}

/* Rows of the products over `pictures`: one shape for all chunks of a plan, and rows of whose bits none
 * depends on its place; what is beyond a chunk's tiles is zero. One picture is in the same place always. */
static size_t rows_of(const conv_winograd *self, int pictures)
{
    return pictures == 1 ? tiles(self, 1) : gan_dnnl_rows(tiles(self, pictures));
}

static void clear_rows(float *v, size_t stride, size_t from, size_t to, size_t channels)
{
    for (size_t z = 0; from < to && z < POINTS; z++)
        memset(v + z * stride + from * channels, 0, (to - from) * channels * sizeof(float));
}

static size_t plane(size_t rows, int channels)
{
    return rows * (size_t)channels + SKEW;
}

static size_t big_picture(const conv_winograd *self)
{
    return (size_t)self->g.h * (size_t)self->g.w * (size_t)self->g.c;
}

static size_t small_picture(const conv_winograd *self)
{
    return (size_t)self->g.out_h * (size_t)self->g.out_w * (size_t)self->g.out_c;
}

static size_t part_floats(const gan_conv *conv)
{
    return (size_t)16 * (size_t)conv->shape.c * (size_t)conv->shape.out_c;
}

static float *transformed(const gan_backend *be, const conv_winograd *self)
{
    return ((const gan_cpu *)be)->room + self->u_at;
}

static gan_status prepare(gan_backend *be, gan_conv *conv, const float *weights)
{
    conv_winograd *self = (conv_winograd *)conv;
    GAN_TRY(gan_cpu_room_open(be));
    float *u = transformed(be, self);
#pragma omp parallel for num_threads(be->threads) schedule(static)
    for (int c = 0; c < self->g.c; c += CHANNEL_RUN)
        gan_winograd_weights(u, self->u_stride, &self->g, weights, c, CHANNEL_RUN);
    return GAN_OK;
}

static gan_status forward(gan_backend *be, gan_conv *conv, float *y, const float *x)
{
    conv_winograd *self = (conv_winograd *)conv;
    const size_t c4 = 4 * (size_t)self->g.c, k = (size_t)self->g.out_c;
    const int chunk = pictures_at_a_time(self, CHUNK_TILES);
    const size_t rows = rows_of(self, chunk);
    const size_t v_stride = plane(rows, 4 * self->g.c), m_stride = plane(rows, self->g.out_c);
    float *v;
    GAN_TRY(gan_cpu_scratch_get(&v, be, POINTS * (v_stride + m_stride)));
    float *m = v + POINTS * v_stride;
    for (int i = 0; i < conv->shape.n; i += chunk) {
        const int pictures = conv->shape.n - i < chunk ? conv->shape.n - i : chunk;
        gan_winograd_big(v, v_stride, &self->g, x + (size_t)i * big_picture(self), pictures);
        clear_rows(v, v_stride, tiles(self, pictures), rows, c4);
        for (size_t z = 0; z < POINTS; z++)
            GAN_TRY(gan_dnnl_gemm('N', 'N', rows, k, c4, v + z * v_stride, c4,
                                  transformed(be, self) + z * self->u_stride, k, 0.0f, m + z * m_stride, k));
        gan_winograd_forward(y + (size_t)i * small_picture(self), &self->g, m, m_stride, pictures);
    }
    return GAN_OK;
}

static gan_status backward_data(gan_backend *be, gan_conv *conv, float *dx, const float *dy)
{
    conv_winograd *self = (conv_winograd *)conv;
    const size_t c4 = 4 * (size_t)self->g.c, k = (size_t)self->g.out_c;
    const int chunk = pictures_at_a_time(self, CHUNK_TILES);
    const size_t rows = rows_of(self, chunk);
    const size_t q_stride = plane(rows, 4 * self->g.c), p_stride = plane(rows, self->g.out_c);
    float *q;
    GAN_TRY(gan_cpu_scratch_get(&q, be, POINTS * (q_stride + p_stride)));
    float *p = q + POINTS * q_stride;
    for (int i = 0; i < conv->shape.n; i += chunk) {
        const int pictures = conv->shape.n - i < chunk ? conv->shape.n - i : chunk;
        gan_winograd_small(p, p_stride, &self->g, dy + (size_t)i * small_picture(self), pictures);
        clear_rows(p, p_stride, tiles(self, pictures), rows, k);
        for (size_t z = 0; z < POINTS; z++)
            GAN_TRY(gan_dnnl_gemm('N', 'T', rows, c4, k, p + z * p_stride, k,
                                  transformed(be, self) + z * self->u_stride, k, 0.0f, q + z * q_stride, c4));
        gan_winograd_backward(dx + (size_t)i * big_picture(self), &self->g, q, q_stride, pictures);
    }
    return GAN_OK;
}

/* dU is made and brought back in blocks of rows, so that its nine planes never leave the cache. */
static gan_status backward_weights(gan_backend *be, gan_conv *conv, float *part, const float *x,
                                   const float *dy, bool accumulate)
{
    conv_winograd *self = (conv_winograd *)conv;
    const size_t c4 = 4 * (size_t)self->g.c, k = (size_t)self->g.out_c;
    const int chunk = pictures_at_a_time(self, CHUNK_WEIGHT);
    size_t block = BLOCK_FLOATS / POINTS / k / GAN_LINE * GAN_LINE;
    block = block < GAN_LINE ? GAN_LINE : block > c4 ? c4 : block;
    const size_t v_stride = plane(tiles(self, chunk), 4 * self->g.c);
    const size_t p_stride = plane(tiles(self, chunk), self->g.out_c);
    const size_t du_stride = block * k + SKEW;
    float *v;
    GAN_TRY(gan_cpu_scratch_get(&v, be, POINTS * (v_stride + p_stride + du_stride)));
    float *p = v + POINTS * v_stride, *du = p + POINTS * p_stride;
    for (int i = 0; i < conv->shape.n; i += chunk) {
        const int pictures = conv->shape.n - i < chunk ? conv->shape.n - i : chunk;
        const size_t rows = tiles(self, pictures);
        gan_winograd_big(v, v_stride, &self->g, x + (size_t)i * big_picture(self), pictures);
        gan_winograd_small(p, p_stride, &self->g, dy + (size_t)i * small_picture(self), pictures);
        for (size_t first = 0; first < c4; first += block) {
            const size_t count = c4 - first < block ? c4 - first : block;
            for (size_t z = 0; z < POINTS; z++)
                GAN_TRY(gan_dnnl_gemm('T', 'N', count, k, rows, v + z * v_stride + first, c4,
                                      p + z * p_stride, k, 0.0f, du + z * du_stride, k));
            gan_winograd_gradient(part, &self->g, du, du_stride, (int)first, (int)count, accumulate || i > 0);
        }
    }
    return GAN_OK;
}

/* dw[k][c][16] of the summed parts [16][c][k], for CHANNEL_RUN input channels: blocks that are contiguous on
 * both sides. */
static void gradient_channels(const gan_winograd *g, float *dw, float *const *parts, int n, int channel)
{
    float block[16][CHANNEL_RUN][GRADIENT_K];
    for (int k0 = 0; k0 < g->out_c; k0 += GRADIENT_K) {
        const int k = g->out_c - k0 < GRADIENT_K ? g->out_c - k0 : GRADIENT_K;
        for (int t = 0; t < 16; t++)
            for (int c = 0; c < CHANNEL_RUN; c++) {
                const size_t row = (size_t)t * (size_t)g->c + (size_t)(channel + c);
                gan_cpu_tree_run(block[t][c], parts, n, row * (size_t)g->out_c + (size_t)k0, (size_t)k);
            }
        for (int i = 0; i < k; i++) {
            float *to = dw + ((size_t)(k0 + i) * (size_t)g->c + (size_t)channel) * 16;
            for (int c = 0; c < CHANNEL_RUN; c++)
                for (int t = 0; t < 16; t++)
                    *to++ = block[t][c][i];
        }
    }
}

static gan_status weight_gradient(gan_backend *be, gan_conv *conv, float *dw, float *const *parts, int n)
{
    const gan_winograd *g = &((conv_winograd *)conv)->g;
#pragma omp parallel for num_threads(be->threads) schedule(static)
    for (int channel = 0; channel < g->c; channel += CHANNEL_RUN)
        gradient_channels(g, dw, parts, n, channel);
    return GAN_OK;
}

static void destroy(gan_conv *conv)
{
    conv_winograd *self = (conv_winograd *)conv;
    gan_cpu_room_release(self->be, self->group);
    free(self->zeros);
}

static const gan_conv_kind kind = {part_floats,   destroy,          prepare,        forward,
                                   backward_data, backward_weights, weight_gradient};

gan_status gan_conv_winograd_create(gan_backend *be, gan_conv **out, const gan_conv_shape *s)
{
    conv_winograd *self = calloc(1, sizeof *self);
    if (!self)
        return gan_error(GAN_FAILED, "cpu backend: out of memory");
    self->conv.kind = &kind;
    self->conv.shape = *s;
    self->g = (gan_winograd){
        s->h, s->w, s->c, s->out_h, s->out_w, s->out_c, (s->out_h + 1) / 2, (s->out_w + 1) / 2, NULL};
    self->u_stride = (size_t)4 * (size_t)s->c * (size_t)s->out_c + SKEW;
    self->be = be;
    self->group = be->group;
    self->u_at = gan_cpu_room_reserve(be, self->group, POINTS * self->u_stride);
    self->zeros = gan_alloc((size_t)(4 * s->c + s->out_c) * sizeof(float));
    self->g.zeros = self->zeros;
    *out = &self->conv;
    if (self->zeros)
        return GAN_OK;
    gan_cpu_conv_destroy(be, *out);
    *out = NULL;
    return gan_error(GAN_FAILED,
                     "cpu backend: no memory for the weights of a %dx%d convolution of %d to %d channels",
                     s->kernel_h, s->kernel_w, s->c, s->out_c);
}
