/* conv_direct.c: any other geometry: oneDNN's direct convolutions on NHWC tensors, weights in each
 * primitive's own layout.
 *
 * One exception: towards a big side with few channels (a picture) oneDNN computes 16 channels to use 3. There
 * the gradient by data is one matrix product, col = dy W, and a sum of the columns that meet in a pixel. */
#include <stdlib.h>
#include "columns.h"
#include "conv.h"
#include "gan_dist/base.h"
#include "simd.h"

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

static size_t part_floats(const gan_conv *conv)
{
    return gan_dnnl_desc_floats(((const conv_direct *)conv)->weights.descs[2]);
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
    if (self->thin)
        gan_columns_weights(be, self->w_data, &conv->shape, weights);
    return GAN_OK;
}

static gan_status forward(gan_backend *be, gan_conv *conv, float *y, const float *x)
{
    const conv_direct *self = (conv_direct *)conv;
    return run(be, &self->forward, x, y, self->w_forward);
}

static gan_status backward_data(gan_backend *be, gan_conv *conv, float *dx, const float *dy)
{
    const conv_direct *self = (conv_direct *)conv;
    if (self->thin)
        return gan_columns_backward_data(be, dx, &conv->shape, self->w_data, dy);
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

static gan_status plan(gan_backend *be, conv_direct *self, const gan_dnnl_desc *oihw)
{
    const gan_conv_shape *s = &self->conv.shape;
    gan_dnnl *dnnl = dnnl_of(be);
    GAN_TRY(gan_dnnl_conv_create(&self->forward, dnnl, s, GAN_DNNL_FORWARD));
    GAN_TRY(gan_dnnl_reorder_create(&self->to_forward, dnnl, oihw, self->forward.descs[2]));
    GAN_TRY(allocate(&self->w_forward, gan_dnnl_desc_floats(self->forward.descs[2])));
    GAN_TRY(gan_dnnl_conv_create(&self->weights, dnnl, s, GAN_DNNL_WEIGHTS));
    GAN_TRY(gan_dnnl_reorder_create(&self->from_weights, dnnl, self->weights.descs[2], oihw));
    self->thin = s->need_backward_data && s->c < GAN_LINE;
    if (self->thin)
        return allocate(&self->w_data, gan_dnnl_desc_floats(oihw));
    if (!s->need_backward_data)
        return GAN_OK;
    GAN_TRY(gan_dnnl_conv_create(&self->data, dnnl, s, GAN_DNNL_DATA));
    GAN_TRY(gan_dnnl_reorder_create(&self->to_data, dnnl, oihw, self->data.descs[2]));
    return allocate(&self->w_data, gan_dnnl_desc_floats(self->data.descs[2]));
}

gan_status gan_conv_direct_create(gan_backend *be, gan_conv **out, const gan_conv_shape *s)
{
    conv_direct *self = calloc(1, sizeof *self);
    if (!self)
        return gan_error(GAN_FAILED, "cpu backend: out of memory");
    self->conv.kind = &kind;
    self->conv.shape = *s;
    gan_dnnl_desc *oihw = NULL;
    gan_status status = gan_dnnl_oihw(&oihw, s);
    if (status == GAN_OK)
        status = plan(be, self, oihw);
    gan_dnnl_desc_destroy(oihw);
    if (status != GAN_OK) {
        gan_cpu_conv_destroy(be, &self->conv);
        return status;
    }
    *out = &self->conv;
    return GAN_OK;
}
