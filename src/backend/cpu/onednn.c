/* onednn.c: oneDNN's engine, matrix product, convolutions and reorders, each planned for and run by one
 * thread. The only file that knows which version of oneDNN it is. */
#include "onednn.h"

#include <oneapi/dnnl/dnnl.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Blocks of AVX2's kernels, 6 x 16, and halves of what is longer than a cache block: tests/ops/test_places.c
 * holds them against the library that is there. */
#define BLOCK_ROWS    12
#define BLOCK_COLUMNS 16

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

static size_t whole_blocks(size_t n, size_t block)
{
    const unsigned isa = (unsigned)dnnl_get_effective_cpu_isa(), avx512 = (unsigned)dnnl_cpu_isa_avx512_core;
    return (isa & avx512) == avx512 ? n : (n + block - 1) / block * block;
}

size_t gan_dnnl_rows(size_t n)
{
    return whole_blocks(n, BLOCK_ROWS);
}

size_t gan_dnnl_columns(size_t n)
{
    return whole_blocks(n, BLOCK_COLUMNS);
}

/* Version 2 keeps layouts by value and plans in two steps; version 3 has only pointers and one step. */
struct gan_dnnl_desc {
    dnnl_memory_desc_t own;
};

#if DNNL_VERSION_MAJOR == 2
typedef const dnnl_memory_desc_t *desc_view;

static desc_view view(const gan_dnnl_desc *desc)
{
    return &desc->own;
}

static dnnl_status_t desc_by_tag(dnnl_memory_desc_t *out, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_init_by_tag(out, 4, dims, dnnl_f32, tag);
}

static dnnl_status_t desc_copy(dnnl_memory_desc_t *out, desc_view from)
{
    *out = *from;
    return dnnl_success;
}

static void desc_free(dnnl_memory_desc_t own)
{
    (void)own;
}
#else
typedef const_dnnl_memory_desc_t desc_view;

static desc_view view(const gan_dnnl_desc *desc)
{
    return desc->own;
}

static dnnl_status_t desc_by_tag(dnnl_memory_desc_t *out, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_create_with_tag(out, 4, dims, dnnl_f32, tag);
}

static dnnl_status_t desc_copy(dnnl_memory_desc_t *out, desc_view from)
{
    return dnnl_memory_desc_clone(out, from);
}

static void desc_free(dnnl_memory_desc_t own)
{
    dnnl_memory_desc_destroy(own);
}
#endif

/* Takes what `made` says was put into `own`. */
static gan_status desc_take(gan_dnnl_desc **out, dnnl_status_t made, dnnl_memory_desc_t own)
{
    *out = NULL;
    GAN_TRY(check(made, "describing a tensor"));
    gan_dnnl_desc *desc = malloc(sizeof *desc);
    if (!desc) {
        desc_free(own);
        return gan_error(GAN_FAILED, "oneDNN: out of memory");
    }
    desc->own = own;
    *out = desc;
    return GAN_OK;
}

static gan_status describe(gan_dnnl_desc **out, int n, int c, int h, int w, dnnl_format_tag_t tag)
{
    const dnnl_dims_t dims = {n, c, h, w};
    dnnl_memory_desc_t own = {0};
    dnnl_status_t made = desc_by_tag(&own, dims, tag);
    return desc_take(out, made, own);
}

gan_status gan_dnnl_oihw(gan_dnnl_desc **out, const gan_conv_shape *s)
{
    return describe(out, s->out_c, s->c, s->kernel_h, s->kernel_w, dnnl_oihw);
}

void gan_dnnl_desc_destroy(gan_dnnl_desc *desc)
{
    if (!desc)
        return;
    desc_free(desc->own);
    free(desc);
}

size_t gan_dnnl_desc_floats(const gan_dnnl_desc *desc)
{
    return (dnnl_memory_desc_get_size(view(desc)) + sizeof(float) - 1) / sizeof(float);
}

static gan_status query_desc(gan_dnnl_desc **out, dnnl_primitive_desc_t descriptor, dnnl_query_t what,
                             int index)
{
    dnnl_memory_desc_t own = {0};
    dnnl_status_t made = desc_copy(&own, dnnl_primitive_desc_query_md(descriptor, what, index));
    return desc_take(out, made, own);
}

/* Makes the primitive and notes its tensors; the descriptor is destroyed in every case. */
static gan_status finish(gan_dnnl_op *op, dnnl_primitive_desc_t descriptor, const int *args, int n)
{
    gan_status status = GAN_OK;
    for (; op->n < n; op->n++) {
        op->args[op->n] = args[op->n];
        GAN_TRY_OUT(status, query_desc(&op->descs[op->n], descriptor, dnnl_query_exec_arg_md, args[op->n]));
    }
    GAN_TRY_OUT(status, query_desc(&op->scratchpad, descriptor, dnnl_query_scratchpad_md, 0));
    status = check(dnnl_primitive_create(&op->primitive, descriptor), "creating a primitive");
out:
    dnnl_primitive_desc_destroy(descriptor);
    return status;
}

/* What a plan of a convolution is made of: big side, small side and weights, and the geometry. */
typedef struct conv_plan {
    gan_dnnl_desc *x, *y, *w;
    dnnl_dims_t strides, before, after;
    dnnl_primitive_attr_t attributes;
} conv_plan;

#if DNNL_VERSION_MAJOR == 2
static dnnl_status_t conv_desc(dnnl_primitive_desc_t *out, gan_dnnl *dnnl, gan_dnnl_direction direction,
                               const conv_plan *p, dnnl_primitive_desc_t forward)
{
    const desc_view x = view(p->x), y = view(p->y), w = view(p->w);
    dnnl_convolution_desc_t conv;
    dnnl_status_t status =
        direction == GAN_DNNL_FORWARD
            ? dnnl_convolution_forward_desc_init(&conv, dnnl_forward_training, dnnl_convolution_direct, x, w,
                                                 NULL, y, p->strides, p->before, p->after)
        : direction == GAN_DNNL_DATA
            ? dnnl_convolution_backward_data_desc_init(&conv, dnnl_convolution_direct, x, w, y, p->strides,
                                                       p->before, p->after)
            : dnnl_convolution_backward_weights_desc_init(&conv, dnnl_convolution_direct, x, w, NULL, y,
                                                          p->strides, p->before, p->after);
    return status == dnnl_success
               ? dnnl_primitive_desc_create(out, &conv, p->attributes, dnnl->engine, forward)
               : status;
}
#else
static dnnl_status_t conv_desc(dnnl_primitive_desc_t *out, gan_dnnl *dnnl, gan_dnnl_direction direction,
                               const conv_plan *p, dnnl_primitive_desc_t forward)
{
    const desc_view x = view(p->x), y = view(p->y), w = view(p->w);
    if (direction == GAN_DNNL_FORWARD)
        return dnnl_convolution_forward_primitive_desc_create(
            out, dnnl->engine, dnnl_forward_training, dnnl_convolution_direct, x, w, NULL, y, p->strides,
            NULL, p->before, p->after, p->attributes);
    if (direction == GAN_DNNL_DATA)
        return dnnl_convolution_backward_data_primitive_desc_create(
            out, dnnl->engine, dnnl_convolution_direct, x, w, y, p->strides, NULL, p->before, p->after,
            forward, p->attributes);
    return dnnl_convolution_backward_weights_primitive_desc_create(out, dnnl->engine, dnnl_convolution_direct,
                                                                   x, w, NULL, y, p->strides, NULL, p->before,
                                                                   p->after, forward, p->attributes);
}
#endif

/* Scratch is the caller's; where oneDNN can be asked for it, every run of a primitive gives the same bits. */
static gan_status attributes_create(dnnl_primitive_attr_t *out)
{
    GAN_TRY(check(dnnl_primitive_attr_create(out), "creating attributes"));
    GAN_TRY(check(dnnl_primitive_attr_set_scratchpad_mode(*out, dnnl_scratchpad_mode_user),
                  "setting the scratchpad mode"));
#if DNNL_VERSION_MAJOR > 3 || DNNL_VERSION_MAJOR == 3 && DNNL_VERSION_MINOR >= 4
    GAN_TRY(check(dnnl_primitive_attr_set_deterministic(*out, 1), "asking for the same bits in every run"));
#endif
    return GAN_OK;
}

static gan_status conv_create(gan_dnnl_op *op, gan_dnnl *dnnl, gan_dnnl_direction direction,
                              const conv_plan *p)
{
    static const int args[3][3] = {{DNNL_ARG_SRC, DNNL_ARG_DST, DNNL_ARG_WEIGHTS},
                                   {DNNL_ARG_DIFF_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS},
                                   {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS}};
    dnnl_primitive_desc_t forward = NULL, descriptor = NULL;
    GAN_TRY(check(conv_desc(&forward, dnnl, GAN_DNNL_FORWARD, p, NULL), "planning a convolution"));
    if (direction == GAN_DNNL_FORWARD)
        return finish(op, forward, args[direction], 3);
    dnnl_status_t status = conv_desc(&descriptor, dnnl, direction, p, forward);
    dnnl_primitive_desc_destroy(forward);
    GAN_TRY(check(status, "planning a convolution's gradient"));
    return finish(op, descriptor, args[direction], 3);
}

gan_status gan_dnnl_conv_create(gan_dnnl_op *op, gan_dnnl *dnnl, const gan_conv_shape *s,
                                gan_dnnl_direction direction)
{
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    gan_status status = GAN_OK;
    conv_plan p = {.strides = {s->stride_h, s->stride_w},
                   .before = {s->pad_top, s->pad_left},
                   .after = {s->pad_bottom, s->pad_right}};
    GAN_TRY_OUT(status, describe(&p.x, s->n, s->c, s->h, s->w, dnnl_nhwc));
    GAN_TRY_OUT(status, describe(&p.y, s->n, s->out_c, s->out_h, s->out_w, dnnl_nhwc));
    GAN_TRY_OUT(status, describe(&p.w, s->out_c, s->c, s->kernel_h, s->kernel_w, dnnl_format_tag_any));
    GAN_TRY_OUT(status, attributes_create(&p.attributes));
    status = conv_create(op, dnnl, direction, &p);
out:
    if (p.attributes)
        dnnl_primitive_attr_destroy(p.attributes);
    gan_dnnl_desc_destroy(p.x);
    gan_dnnl_desc_destroy(p.y);
    gan_dnnl_desc_destroy(p.w);
    omp_set_num_threads(threads);
    return status;
}

gan_status gan_dnnl_reorder_create(gan_dnnl_op *op, gan_dnnl *dnnl, const gan_dnnl_desc *from,
                                   const gan_dnnl_desc *to)
{
    static const int args[2] = {DNNL_ARG_FROM, DNNL_ARG_TO};
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    dnnl_primitive_desc_t descriptor = NULL;
    gan_status status = check(dnnl_reorder_primitive_desc_create(&descriptor, view(from), dnnl->engine,
                                                                 view(to), dnnl->engine, NULL),
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
    for (int i = 0; i < op->n; i++)
        gan_dnnl_desc_destroy(op->descs[i]);
    gan_dnnl_desc_destroy(op->scratchpad);
    *op = (gan_dnnl_op){0};
}

size_t gan_dnnl_scratch_floats(const gan_dnnl_op *op)
{
    return gan_dnnl_desc_floats(op->scratchpad);
}

gan_status gan_dnnl_run(gan_dnnl *dnnl, const gan_dnnl_op *op, void *const *buffers, float *scratch)
{
    gan_status status = GAN_OK;
    dnnl_exec_arg_t args[4];
    int made = 0, threads = omp_get_max_threads();
    omp_set_num_threads(1);
    for (; made < op->n; made++) {
        args[made].arg = op->args[made];
        GAN_TRY_OUT(status, check(dnnl_memory_create(&args[made].memory, view(op->descs[made]), dnnl->engine,
                                                     buffers[made]),
                                  "wrapping a tensor"));
    }
    if (gan_dnnl_scratch_floats(op) > 0) {
        args[made].arg = DNNL_ARG_SCRATCHPAD;
        GAN_TRY_OUT(status,
                    check(dnnl_memory_create(&args[made].memory, view(op->scratchpad), dnnl->engine, scratch),
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
