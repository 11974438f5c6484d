/* conv_direct.c: any other geometry: oneDNN's direct convolutions on NHWC tensors, weights in each
 * primitive's own layout.
 *
 * One exception: towards a big side with few channels (a picture) oneDNN computes 16 channels to use 3. There
 * the gradient by data is one matrix product, col = dy W, and a sum of the columns that meet in a pixel. */
#include "conv.h"

#include <stdlib.h>
#include <string.h>
#include "gan_dist/base.h"
#include "simd.h"

#define CHUNK_COLUMN_FLOATS (128 * 1024) /* of `col`: stays in cache */

typedef struct conv_direct {
    gan_conv conv;
    gan_dnnl_op forward, data, weights; /* data: none when thin or not needed */
    gan_dnnl_op to_forward, to_data;    /* weights from OIHW */
    gan_dnnl_op from_weights;           /* gradient to OIHW */
    float *w_forward, *w_data;          /* w_data: [out_c][kernel_h][kernel_w][c] when thin */
    bool thin;
} conv_direct;

static gan_dnnl *dnnl_of(gan_backend *be)
{
    return ((gan_cpu *)be)->dnnl;
}

static size_t desc_floats(const dnnl_memory_desc_t *desc)
{
    return (dnnl_memory_desc_get_size(desc) + sizeof(float) - 1) / sizeof(float);
}

static size_t part_floats(const gan_conv *conv)
{
    return desc_floats(&((const conv_direct *)conv)->weights.descs[2]);
}

static gan_status run(gan_backend *be, const gan_dnnl_op *op, const float *big, const float *small,
                      const float *w)
{
    float *scratch;
    void *const buffers[3] = {(void *)(uintptr_t)big, (void *)(uintptr_t)small, (void *)(uintptr_t)w};
    GAN_TRY(gan_cpu_scratch_get(&scratch, be, gan_dnnl_scratch_floats(op)));
    return gan_dnnl_run(dnnl_of(be), op, buffers, scratch);
}

static gan_status reorder(gan_backend *be, const gan_dnnl_op *op, float *to, const float *from)
{
    return run(be, op, from, to, NULL);
}

static gan_status prepare(gan_backend *be, gan_conv *conv, const float *weights)
{
    conv_direct *self = (conv_direct *)conv;
    GAN_TRY(reorder(be, &self->to_forward, self->w_forward, weights));
    if (self->data.primitive)
        return reorder(be, &self->to_data, self->w_data, weights);
    if (!self->thin)
        return GAN_OK;
    const size_t c = (size_t)conv->shape.c,
                 taps = (size_t)conv->shape.kernel_h * (size_t)conv->shape.kernel_w;
    for (size_t k = 0; k < (size_t)conv->shape.out_c; k++)
        for (size_t i = 0; i < c; i++)
            for (size_t t = 0; t < taps; t++)
                self->w_data[(k * taps + t) * c + i] = weights[(k * c + i) * taps + t];
    return GAN_OK;
}

static gan_status forward(gan_backend *be, gan_conv *conv, float *y, const float *x)
{
    const conv_direct *self = (conv_direct *)conv;
    return run(be, &self->forward, x, y, self->w_forward);
}

/* dx of one picture from col[out_h][out_w][kernel_h][kernel_w][c]. A row of dx is `line`, which starts
 * pad_left pixels before it; the columns of one kernel row are contiguous both in col and in line. Kernel
 * rows are added in ascending order. */
GAN_CLONES static void gather_columns(float *dx, const gan_conv_shape *s, const float *restrict col,
                                      float *restrict line, size_t line_floats)
{
    const size_t run_floats = (size_t)s->kernel_w * (size_t)s->c, row = (size_t)s->w * (size_t)s->c;
    const size_t step = (size_t)s->stride_w * (size_t)s->c, pixel = (size_t)s->kernel_h * run_floats;
    for (int h = 0; h < s->h; h++) {
        memset(line, 0, line_floats * sizeof(float));
        for (int kh = 0; kh < s->kernel_h; kh++) {
            const int from = h + s->pad_top - kh;
            if (from < 0 || from % s->stride_h != 0 || from / s->stride_h >= s->out_h)
                continue;
            const float *source =
                col + (size_t)(from / s->stride_h) * (size_t)s->out_w * pixel + (size_t)kh * run_floats;
            /* In slices of one stride neighbours do not overlap, so no sum waits for the one before. */
            for (size_t at = 0; at < run_floats; at += step) {
                const size_t count = run_floats - at < step ? run_floats - at : step;
                for (int j = 0; j < s->out_w; j++)
                    for (size_t i = 0; i < count; i++)
                        line[(size_t)j * step + at + i] += source[(size_t)j * pixel + at + i];
            }
        }
        memcpy(dx + (size_t)h * row, line + (size_t)s->pad_left * (size_t)s->c, row * sizeof(float));
    }
}

static gan_status thin_backward_data(gan_backend *be, const conv_direct *self, float *dx, const float *dy)
{
    const gan_conv_shape *s = &self->conv.shape;
    const size_t k = (size_t)s->out_c, c = (size_t)s->c, places = (size_t)s->out_h * (size_t)s->out_w;
    const size_t columns = (size_t)s->kernel_h * (size_t)s->kernel_w * c;
    const size_t reached = (size_t)(s->out_w - 1) * (size_t)s->stride_w + (size_t)s->kernel_w;
    const size_t wanted = (size_t)s->pad_left + (size_t)s->w;
    const size_t line_floats = (reached > wanted ? reached : wanted) * c;
    size_t chunk = CHUNK_COLUMN_FLOATS / (places * columns);
    chunk = chunk < 1 ? 1 : chunk > (size_t)s->n ? (size_t)s->n : chunk;
    float *col;
    GAN_TRY(gan_cpu_scratch_get(&col, be, chunk * places * columns + GAN_LINE + line_floats));
    float *line = col + (chunk * places * columns + GAN_LINE - 1) / GAN_LINE * GAN_LINE;
    for (size_t i = 0; i < (size_t)s->n; i += chunk) {
        const size_t pictures = (size_t)s->n - i < chunk ? (size_t)s->n - i : chunk;
        GAN_TRY(gan_dnnl_gemm('N', 'N', pictures * places, columns, k, dy + i * places * k, k, self->w_data,
                              columns, 0.0f, col, columns));
        for (size_t p = 0; p < pictures; p++)
            gather_columns(dx + (i + p) * (size_t)s->h * (size_t)s->w * c, s, col + p * places * columns,
                           line, line_floats);
    }
    return GAN_OK;
}

static gan_status backward_data(gan_backend *be, gan_conv *conv, float *dx, const float *dy)
{
    const conv_direct *self = (conv_direct *)conv;
    if (self->thin)
        return thin_backward_data(be, self, dx, dy);
    return run(be, &self->data, dx, dy, self->w_data);
}

GAN_CLONES static void add(float *restrict to, const float *restrict from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

/* oneDNN overwrites its result, so a second gradient is made beside the part and added. */
static gan_status backward_weights(gan_backend *be, gan_conv *conv, float *part, const float *x,
                                   const float *dy, bool accumulate)
{
    const conv_direct *self = (conv_direct *)conv;
    if (!accumulate)
        return run(be, &self->weights, x, dy, part);
    const size_t floats = part_floats(conv), aligned = (floats + GAN_LINE - 1) / GAN_LINE * GAN_LINE;
    float *fresh;
    GAN_TRY(gan_cpu_scratch_get(&fresh, be, aligned + gan_dnnl_scratch_floats(&self->weights)));
    void *const buffers[3] = {(void *)(uintptr_t)x, (void *)(uintptr_t)dy, fresh};
    GAN_TRY(gan_dnnl_run(dnnl_of(be), &self->weights, buffers, fresh + aligned));
    add(part, fresh, floats);
    return GAN_OK;
}

static gan_status weight_gradient(gan_backend *be, gan_conv *conv, float *dw, float *const *parts, int n)
{
    conv_direct *self = (conv_direct *)conv;
    GAN_TRY(gan_cpu_tree_sum(be, parts[0], parts, n, part_floats(conv)));
    return reorder(be, &self->from_weights, dw, parts[0]);
}

static void destroy(gan_conv *conv)
{
    conv_direct *self = (conv_direct *)conv;
    gan_dnnl_op *ops[] = {&self->forward,    &self->data,    &self->weights,
                          &self->to_forward, &self->to_data, &self->from_weights};
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        gan_dnnl_op_destroy(ops[i]);
    free(self->w_forward);
    free(self->w_data);
}

static const gan_conv_kind kind = {part_floats,   destroy,          prepare,        forward,
                                   backward_data, backward_weights, weight_gradient};

static gan_status allocate(float **out, size_t floats)
{
    *out = gan_alloc(floats * sizeof(float));
    return *out ? GAN_OK : gan_error(GAN_FAILED, "cpu backend: no memory for %zu floats of weights", floats);
}

static gan_status plan(gan_backend *be, conv_direct *self)
{
    const gan_conv_shape *s = &self->conv.shape;
    gan_dnnl *dnnl = dnnl_of(be);
    dnnl_memory_desc_t oihw;
    GAN_TRY(gan_dnnl_oihw(&oihw, s));
    GAN_TRY(gan_dnnl_conv_create(&self->forward, dnnl, s, GAN_DNNL_FORWARD));
    GAN_TRY(gan_dnnl_reorder_create(&self->to_forward, dnnl, &oihw, &self->forward.descs[2]));
    GAN_TRY(allocate(&self->w_forward, desc_floats(&self->forward.descs[2])));
    GAN_TRY(gan_dnnl_conv_create(&self->weights, dnnl, s, GAN_DNNL_WEIGHTS));
    GAN_TRY(gan_dnnl_reorder_create(&self->from_weights, dnnl, &self->weights.descs[2], &oihw));
    self->thin = s->need_backward_data && s->c < GAN_LINE;
    if (self->thin)
        return allocate(&self->w_data, desc_floats(&oihw));
    if (!s->need_backward_data)
        return GAN_OK;
    GAN_TRY(gan_dnnl_conv_create(&self->data, dnnl, s, GAN_DNNL_DATA));
    GAN_TRY(gan_dnnl_reorder_create(&self->to_data, dnnl, &oihw, &self->data.descs[2]));
    return allocate(&self->w_data, desc_floats(&self->data.descs[2]));
}

gan_status gan_conv_direct_create(gan_backend *be, gan_conv **out, const gan_conv_shape *s)
{
    conv_direct *self = calloc(1, sizeof *self);
    if (!self)
        return gan_error(GAN_FAILED, "cpu backend: out of memory");
    self->conv.kind = &kind;
    self->conv.shape = *s;
    gan_status status = plan(be, self);
    if (status != GAN_OK) {
        gan_cpu_conv_destroy(be, &self->conv);
        return status;
    }
    *out = &self->conv;
    return GAN_OK;
}
