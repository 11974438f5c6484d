/* onednn.c: oneDNN's engine, matrix product, convolutions and reorders,
 * each planned for and run by one thread. */
#include "onednn.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

struct gan_dnnl {
    dnnl_engine_t engine;
    int threads;
    dnnl_stream_t streams[]; /* [threads] */
};

static gan_status check(dnnl_status_t status, const char *what)
{
    if (status == dnnl_success)
        return GAN_OK;
    return gan_error(GAN_FAILED, "oneDNN: %s failed with status %d%s", what, (int)status,
                     status == dnnl_out_of_memory ? " (out of memory)" : "");
}

gan_status gan_dnnl_open(gan_dnnl **out, int threads)
{
    gan_status status = GAN_OK;
    *out = NULL;
    gan_dnnl *dnnl = calloc(1, sizeof *dnnl + (size_t)threads * sizeof dnnl->streams[0]);
    if (!dnnl)
        return gan_error(GAN_FAILED, "oneDNN: out of memory");
    GAN_TRY_OUT(status, check(dnnl_engine_create(&dnnl->engine, dnnl_cpu, 0), "creating the engine"));
    for (; dnnl->threads < threads; dnnl->threads++)
        GAN_TRY_OUT(status, check(dnnl_stream_create(&dnnl->streams[dnnl->threads], dnnl->engine,
                                                     dnnl_stream_default_flags),
                                  "creating a stream"));
    *out = dnnl;
    return GAN_OK;
out:
    gan_dnnl_close(dnnl);
    return status;
}

void gan_dnnl_close(gan_dnnl *dnnl)
{
    if (!dnnl)
        return;
    for (int i = 0; i < dnnl->threads; i++)
        dnnl_stream_destroy(dnnl->streams[i]);
    if (dnnl->engine)
        dnnl_engine_destroy(dnnl->engine);
    free(dnnl);
}

gan_status gan_dnnl_gemm(char ta, char tb, size_t m, size_t n, size_t k, const float *a, size_t lda,
                         const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    dnnl_status_t status = dnnl_sgemm(ta, tb, (dnnl_dim_t)m, (dnnl_dim_t)n, (dnnl_dim_t)k, 1.0f, a,
                                      (dnnl_dim_t)lda, b, (dnnl_dim_t)ldb, beta, c, (dnnl_dim_t)ldc);
    omp_set_num_threads(threads);
    return check(status, "matrix product");
}

static gan_status describe(dnnl_memory_desc_t *out, int n, int c, int h, int w, dnnl_format_tag_t tag)
{
    const dnnl_dims_t dims = {n, c, h, w};
    return check(dnnl_memory_desc_init_by_tag(out, 4, dims, dnnl_f32, tag), "describing a tensor");
}

gan_status gan_dnnl_oihw(dnnl_memory_desc_t *out, const gan_conv_shape *s)
{
    return describe(out, s->out_c, s->c, s->kernel_h, s->kernel_w, dnnl_oihw);
}

/* Makes the primitive and notes its tensors; the descriptor is destroyed in every case. */
static gan_status finish(gan_dnnl_op *op, dnnl_primitive_desc_t descriptor, const int *args, int n)
{
    op->n = n;
    for (int i = 0; i < n; i++) {
        op->args[i] = args[i];
        op->descs[i] = *dnnl_primitive_desc_query_md(descriptor, dnnl_query_exec_arg_md, args[i]);
    }
    op->scratchpad = *dnnl_primitive_desc_query_md(descriptor, dnnl_query_scratchpad_md, 0);
    dnnl_status_t status = dnnl_primitive_create(&op->primitive, descriptor);
    dnnl_primitive_desc_destroy(descriptor);
    return check(status, "creating a primitive");
}

static gan_status conv_create(gan_dnnl_op *op, gan_dnnl *dnnl, const gan_conv_shape *s,
                              gan_dnnl_direction direction, dnnl_primitive_attr_t attributes)
{
    static const int args[3][3] = {{DNNL_ARG_SRC, DNNL_ARG_DST, DNNL_ARG_WEIGHTS},
                                   {DNNL_ARG_DIFF_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS},
                                   {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS}};
    const dnnl_dims_t strides = {s->stride_h, s->stride_w};
    const dnnl_dims_t before = {s->pad_top, s->pad_left}, after = {s->pad_bottom, s->pad_right};
    dnnl_memory_desc_t x, y, w;
    GAN_TRY(describe(&x, s->n, s->c, s->h, s->w, dnnl_nhwc));
    GAN_TRY(describe(&y, s->n, s->out_c, s->out_h, s->out_w, dnnl_nhwc));
    GAN_TRY(describe(&w, s->out_c, s->c, s->kernel_h, s->kernel_w, dnnl_format_tag_any));
    dnnl_convolution_desc_t conv;
    dnnl_primitive_desc_t forward = NULL, descriptor = NULL;
    GAN_TRY(check(dnnl_convolution_forward_desc_init(&conv, dnnl_forward_training, dnnl_convolution_direct,
                                                     &x, &w, NULL, &y, strides, before, after),
                  "describing a convolution"));
    GAN_TRY(check(dnnl_primitive_desc_create(&forward, &conv, attributes, dnnl->engine, NULL),
                  "planning a convolution"));
    if (direction == GAN_DNNL_FORWARD)
        return finish(op, forward, args[direction], 3);
    dnnl_status_t status =
        direction == GAN_DNNL_DATA
            ? dnnl_convolution_backward_data_desc_init(&conv, dnnl_convolution_direct, &x, &w, &y, strides,
                                                       before, after)
            : dnnl_convolution_backward_weights_desc_init(&conv, dnnl_convolution_direct, &x, &w, NULL, &y,
                                                          strides, before, after);
    if (status == dnnl_success)
        status = dnnl_primitive_desc_create(&descriptor, &conv, attributes, dnnl->engine, forward);
    dnnl_primitive_desc_destroy(forward);
    GAN_TRY(check(status, "planning a convolution's gradient"));
    return finish(op, descriptor, args[direction], 3);
}

gan_status gan_dnnl_conv_create(gan_dnnl_op *op, gan_dnnl *dnnl, const gan_conv_shape *shape,
                                gan_dnnl_direction direction)
{
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    dnnl_primitive_attr_t attributes = NULL;
    gan_status status = check(dnnl_primitive_attr_create(&attributes), "creating attributes");
    if (status == GAN_OK)
        status = check(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
                       "setting the scratchpad mode");
    if (status == GAN_OK)
        status = conv_create(op, dnnl, shape, direction, attributes);
    if (attributes)
        dnnl_primitive_attr_destroy(attributes);
    omp_set_num_threads(threads);
    return status;
}

gan_status gan_dnnl_reorder_create(gan_dnnl_op *op, gan_dnnl *dnnl, const dnnl_memory_desc_t *from,
                                   const dnnl_memory_desc_t *to)
{
    static const int args[2] = {DNNL_ARG_FROM, DNNL_ARG_TO};
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    dnnl_primitive_desc_t descriptor = NULL;
    gan_status status =
        check(dnnl_reorder_primitive_desc_create(&descriptor, from, dnnl->engine, to, dnnl->engine, NULL),
              "planning a reorder");
    if (status == GAN_OK)
        status = finish(op, descriptor, args, 2);
    omp_set_num_threads(threads);
    return status;
}

void gan_dnnl_op_destroy(gan_dnnl_op *op)
{
    if (op->primitive)
        dnnl_primitive_destroy(op->primitive);
    op->primitive = NULL;
}

size_t gan_dnnl_scratch_floats(const gan_dnnl_op *op)
{
    return (dnnl_memory_desc_get_size(&op->scratchpad) + sizeof(float) - 1) / sizeof(float);
}

gan_status gan_dnnl_run(gan_dnnl *dnnl, const gan_dnnl_op *op, void *const *buffers, float *scratch)
{
    gan_status status = GAN_OK;
    dnnl_exec_arg_t args[4];
    int made = 0, threads = omp_get_max_threads();
    omp_set_num_threads(1);
    for (; made < op->n; made++) {
        args[made].arg = op->args[made];
        GAN_TRY_OUT(status, check(dnnl_memory_create(&args[made].memory, &op->descs[made], dnnl->engine,
                                                     buffers[made]),
                                  "wrapping a tensor"));
    }
    if (gan_dnnl_scratch_floats(op) > 0) {
        args[made].arg = DNNL_ARG_SCRATCHPAD;
        GAN_TRY_OUT(status,
                    check(dnnl_memory_create(&args[made].memory, &op->scratchpad, dnnl->engine, scratch),
                          "wrapping a scratchpad"));
        made++;
    }
    dnnl_stream_t stream = dnnl->streams[omp_get_thread_num()];
    GAN_TRY_OUT(status,
                check(dnnl_primitive_execute(op->primitive, stream, made, args), "running a primitive"));
    status = check(dnnl_stream_wait(stream), "waiting for a primitive");
out:
    while (made > 0)
        dnnl_memory_destroy(args[--made].memory);
    omp_set_num_threads(threads);
    return status;
}
