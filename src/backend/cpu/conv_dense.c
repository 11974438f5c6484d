/* conv_dense.c: a kernel as large as its picture (dense layers, the ends of a DCGAN) is a matrix product.
 *
 * With K = h*w*c inputs, weights are kept as [out_c][h*w][c], K floats a row. A shard has few pictures, so
 * every product streams the weights once and is bound by memory.
 *
 * The weight gradient of a large layer would be written and read again for every shard (25 MB each for 6272 x
 * 1024). There a part holds the factors instead: the rows of dy and x, one record for each call since the
 * last one that did not accumulate. conv_weight_gradient multiplies them block by block in cache and sums the
 * blocks in the shards' tree. */
#include <stdlib.h>
#include <string.h>
#include "columns.h"
#include "conv.h"
#include "gan_dist/base.h"
#include "simd.h"

#define RECORDS       4   /* calls a factor part can hold: real and fake, and room */
#define FACTOR_GAIN   8   /* how many times smaller a factor part must be */
#define BLOCK_ROWS    128 /* the block of dw summed at a time; the tree needs log2(parts) + 2 of them */
#define BLOCK_COLUMNS 512

typedef struct conv_dense {
    gan_conv conv;
    size_t inputs, outputs, pictures, taps;
    bool factors; /* parts hold factors */
    float *w;
} conv_dense;

bool gan_conv_dense_suits(const gan_conv_shape *s)
{
    return s->out_h == 1 && s->out_w == 1 && s->kernel_h == s->h && s->kernel_w == s->w && s->pad_top == 0 &&
           s->pad_left == 0 && s->pad_bottom == 0 && s->pad_right == 0;
}

/* A record: dy [pictures][outputs], then x [pictures][inputs]. The part starts with a line whose first word
 * counts them. */
static size_t record_floats(const conv_dense *self)
{
    return self->pictures * (self->inputs + self->outputs);
}

static size_t part_floats(const gan_conv *conv)
{
    const conv_dense *self = (const conv_dense *)conv;
    return self->factors ? GAN_LINE + RECORDS * record_floats(self) : self->inputs * self->outputs;
}

static gan_status prepare(gan_backend *be, gan_conv *conv, const float *weights)
{
    gan_columns_weights(be, ((conv_dense *)conv)->w, &conv->shape, weights);
    return GAN_OK;
}

/* Rows of `rows` pictures, `floats` each, with zeros for the pictures that are not there. */
static const float *staged(float *stage, const float *from, size_t pictures, size_t rows, size_t floats)
{
    if (pictures == rows)
        return from;
    memcpy(stage, from, pictures * floats * sizeof(float));
    memset(stage + pictures * floats, 0, (rows - pictures) * floats * sizeof(float));
    return stage;
}

/* y' = w x' keeps the large matrix on the side that oneDNN streams; few outputs go the plain way. */
static gan_status forward(gan_backend *be, gan_conv *conv, float *y, const float *x)
{
    conv_dense *self = (conv_dense *)conv;
    const size_t n = self->pictures, k = self->outputs, inputs = self->inputs;
    const bool plain = k <= n;
    const size_t rows = n == 1 ? 1 : plain ? gan_dnnl_rows(n) : gan_dnnl_columns(n);
    const size_t result = (k * rows + GAN_LINE - 1) / GAN_LINE * GAN_LINE;
    float *turned;
    GAN_TRY(gan_cpu_scratch_get(&turned, be, result + (rows == n ? 0 : rows * inputs)));
    x = staged(turned + result, x, n, rows, inputs);
    if (plain) {
        GAN_TRY(gan_dnnl_gemm('N', 'T', rows, k, inputs, x, inputs, self->w, inputs, 0.0f, turned, k));
        memcpy(y, turned, n * k * sizeof(float));
        return GAN_OK;
    }
    GAN_TRY(gan_dnnl_gemm('N', 'T', k, rows, inputs, self->w, inputs, x, inputs, 0.0f, turned, rows));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++)
            y[i * k + j] = turned[j * rows + i];
    return GAN_OK;
}

static gan_status backward_data(gan_backend *be, gan_conv *conv, float *dx, const float *dy)
{
    conv_dense *self = (conv_dense *)conv;
    const size_t n = self->pictures, k = self->outputs, inputs = self->inputs;
    const size_t rows = n == 1 ? 1 : gan_dnnl_rows(n);
    if (rows == n)
        return gan_dnnl_gemm('N', 'N', n, inputs, k, dy, k, self->w, inputs, 0.0f, dx, inputs);
    float *stage;
    GAN_TRY(gan_cpu_scratch_get(&stage, be, rows * (inputs + k)));
    dy = staged(stage + rows * inputs, dy, n, rows, k);
    GAN_TRY(gan_dnnl_gemm('N', 'N', rows, inputs, k, dy, k, self->w, inputs, 0.0f, stage, inputs));
    memcpy(dx, stage, n * inputs * sizeof(float));
    return GAN_OK;
}

static gan_status append_record(const conv_dense *self, float *part, const float *x, const float *dy,
                                bool accumulate)
{
    uint32_t records = 0;
    if (accumulate)
        memcpy(&records, part, sizeof records);
    if (records >= RECORDS)
        return gan_error(GAN_FAILED,
                         "cpu backend: a dense layer's gradient was accumulated more than %d times", RECORDS);
    float *record = part + GAN_LINE;
    const size_t n = self->pictures;
    /* All dy, then all x, each record after the other:
     * the records together are one product with more rows. */
    memcpy(record + records * n * self->outputs, dy, n * self->outputs * sizeof(float));
    memcpy(record + RECORDS * n * self->outputs + records * n * self->inputs, x,
           n * self->inputs * sizeof(float));
    records++;
    memcpy(part, &records, sizeof records);
    return GAN_OK;
}

static gan_status backward_weights(gan_backend *be, gan_conv *conv, float *part, const float *x,
                                   const float *dy, bool accumulate)
{
    (void)be;
    conv_dense *self = (conv_dense *)conv;
    if (self->factors)
        return append_record(self, part, x, dy, accumulate);
    return gan_dnnl_gemm('T', 'N', self->outputs, self->inputs, self->pictures, dy, self->outputs, x,
                         self->inputs, accumulate ? 1.0f : 0.0f, part, self->inputs);
}

/* to[rows][columns] = one part's block at (row, column). */
static gan_status multiply_block(const conv_dense *self, float *to, const float *part, size_t row,
                                 size_t rows, size_t column, size_t columns)
{
    uint32_t records;
    memcpy(&records, part, sizeof records);
    const float *dy = part + GAN_LINE, *x = dy + RECORDS * self->pictures * self->outputs;
    return gan_dnnl_gemm('T', 'N', rows, columns, records * self->pictures, dy + row, self->outputs,
                         x + column, self->inputs, 0.0f, to, columns);
}

GAN_CLONES static void add_block(float *restrict to, const float *restrict from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

/* The tree as a binary counter: two blocks of the same height join; what is left joins from the right. */
static gan_status sum_block(const conv_dense *self, float *stack, float *const *parts, int n, size_t row,
                            size_t rows, size_t column, size_t columns)
{
    const size_t size = BLOCK_ROWS * BLOCK_COLUMNS, used = rows * columns;
    int height = 0;
    for (int k = 0; k < n; k++) {
        GAN_TRY(multiply_block(self, stack + (size_t)height * size, parts[k], row, rows, column, columns));
        height++;
        for (int joins = k + 1; joins % 2 == 0; joins /= 2, height--)
            add_block(stack + (size_t)(height - 2) * size, stack + (size_t)(height - 1) * size, used);
    }
    for (; height > 1; height--)
        add_block(stack + (size_t)(height - 2) * size, stack + (size_t)(height - 1) * size, used);
    return GAN_OK;
}

static gan_status factor_gradient(gan_backend *be, const conv_dense *self, float *dw, float *const *parts,
                                  int n)
{
    const size_t down = (self->outputs + BLOCK_ROWS - 1) / BLOCK_ROWS;
    const size_t across = (self->inputs + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
    int depth = 2;
    for (int left = n; left > 1; left /= 2)
        depth++;
    gan_status *failed = calloc(down * across, sizeof *failed);
    if (!failed)
        return gan_error(GAN_FAILED, "cpu backend: out of memory");
#pragma omp parallel for num_threads(be->threads) schedule(static)
    for (size_t b = 0; b < down * across; b++) {
        const size_t row = b % down * BLOCK_ROWS, column = b / down * BLOCK_COLUMNS;
        const size_t rows = self->outputs - row < BLOCK_ROWS ? self->outputs - row : BLOCK_ROWS;
        const size_t columns = self->inputs - column < BLOCK_COLUMNS ? self->inputs - column : BLOCK_COLUMNS;
        float *stack = NULL;
        failed[b] = gan_cpu_scratch_get(&stack, be, (size_t)depth * BLOCK_ROWS * BLOCK_COLUMNS);
        if (failed[b] == GAN_OK)
            failed[b] = sum_block(self, stack, parts, n, row, rows, column, columns);
        const size_t c = (size_t)self->conv.shape.c, taps = self->taps;
        for (size_t r = 0; failed[b] == GAN_OK && r < rows; r++) {
            float *to = dw + (row + r) * self->inputs;
            const float *from = stack + r * columns;
            if (taps == 1)
                memcpy(to + column, from, columns * sizeof(float));
            else
                for (size_t i = 0; i < columns; i++)
                    to[(column + i) % c * taps + (column + i) / c] = from[i];
        }
    }
    gan_status status = GAN_OK;
    for (size_t b = 0; b < down * across && status == GAN_OK; b++)
        status = failed[b];
    free(failed);
    return status == GAN_OK
               ? GAN_OK
               : gan_error(status, "cpu backend: a dense layer's weight gradient failed: no memory");
}

static gan_status weight_gradient(gan_backend *be, gan_conv *conv, float *dw, float *const *parts, int n)
{
    conv_dense *self = (conv_dense *)conv;
    if (self->factors)
        return factor_gradient(be, self, dw, parts, n);
    return gan_columns_gradient(be, dw, &conv->shape, parts, n);
}

static void destroy(gan_conv *conv)
{
    free(((conv_dense *)conv)->w);
}

static const gan_conv_kind kind = {part_floats,   destroy,          prepare,        forward,
                                   backward_data, backward_weights, weight_gradient};

gan_status gan_conv_dense_create(gan_backend *be, gan_conv **out, const gan_conv_shape *s)
{
    conv_dense *self = calloc(1, sizeof *self);
    if (!self)
        return gan_error(GAN_FAILED, "cpu backend: out of memory");
    self->conv.kind = &kind;
    self->conv.shape = *s;
    self->pictures = (size_t)s->n;
    self->outputs = (size_t)s->out_c;
    self->taps = (size_t)s->h * (size_t)s->w;
    self->inputs = self->taps * (size_t)s->c;
    self->factors = FACTOR_GAIN * RECORDS * record_floats(self) <= self->inputs * self->outputs;
    self->w = gan_alloc(self->inputs * self->outputs * sizeof(float));
    *out = &self->conv;
    if (self->w)
        return GAN_OK;
    gan_cpu_conv_destroy(be, *out);
    *out = NULL;
    return gan_error(GAN_FAILED, "cpu backend: no memory for the weights of a dense layer of %zu to %zu",
                     self->inputs, self->outputs);
}
