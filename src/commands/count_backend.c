/* count_backend.c: the counting backend: each op adds what it would read, write and multiply. */
#include <stdlib.h>
#include <string.h>

#include "count.h"

/* A count needs shapes alone, and every op also has pointers. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

const char *const gan_work_names[GAN_WORK_KINDS] = {
    [GAN_WORK_CONV_FORWARD] = "convolution",
    [GAN_WORK_CONV_DATA] = "its data gradient",
    [GAN_WORK_CONV_WEIGHTS] = "its weight gradient",
    [GAN_WORK_BN] = "batch norm",
    [GAN_WORK_ACT] = "biases, activations",
    [GAN_WORK_MOVES] = "labels, transposition",
    [GAN_WORK_NOISE_LOSS] = "noise, losses",
    [GAN_WORK_SHARD_SUMS] = "sums over shards",
    [GAN_WORK_PREPARE] = "weights' layout",
    [GAN_WORK_ADAM] = "Adam",
    [GAN_WORK_UPLOAD] = "upload",
};

struct gan_conv {
    gan_conv_shape shape;
};

/* Numbers of 4 bytes. */
static gan_status add(gan_backend *be, gan_work_kind kind, double flops, double read, double written)
{
    gan_work *work = &((gan_counter *)be)->work[kind];
    work->calls++;
    work->flops += flops;
    work->bytes_read += 4 * read;
    work->bytes_written += 4 * written;
    return GAN_OK;
}

/* --- memory --- */
static gan_status alloc_nothing(gan_backend *be, void **out, size_t bytes)
{
    gan_counter *counter = (gan_counter *)be;
    *out = (void *)counter->next; /* never read, never written */
    counter->next += (bytes / 64 + 1) * 64;
    return GAN_OK;
}

static void free_nothing(gan_backend *be, void *memory)
{
}

static gan_status upload(gan_backend *be, void *to, const void *from_host, size_t bytes)
{
    return add(be, GAN_WORK_UPLOAD, 0, 0, (double)bytes / 4);
}

static gan_status download(gan_backend *be, void *to_host, const void *from, size_t bytes)
{
    memset(to_host, 0, bytes);
    return GAN_OK;
}

static gan_status sync_nothing(gan_backend *be)
{
    return GAN_OK;
}

static gan_status for_shards(gan_backend *be, int n, gan_shard_fn fn, void *context)
{
    for (int shard = 0; shard < n; shard++)
        GAN_TRY(fn(context, shard));
    return GAN_OK;
}

/* --- convolutions --- */
static double weights_of(const gan_conv *conv)
{
    const gan_conv_shape *s = &conv->shape;
    return (double)s->out_c * s->c * s->kernel_h * s->kernel_w;
}

static double big_side(const gan_conv *conv)
{
    const gan_conv_shape *s = &conv->shape;
    return (double)s->n * s->h * s->w * s->c;
}

static double small_side(const gan_conv *conv)
{
    const gan_conv_shape *s = &conv->shape;
    return (double)s->n * s->out_h * s->out_w * s->out_c;
}

static double flops_of(gan_backend *be, const gan_conv *conv)
{
    const gan_conv_shape *s = &conv->shape;
    const double columns = (double)s->n * s->out_h * s->out_w * s->c * s->kernel_h * s->kernel_w;
    /* With one output or one tap the picture is its own row of columns. */
    if ((s->out_h > 1 || s->out_w > 1) && (s->kernel_h > 1 || s->kernel_w > 1))
        ((gan_counter *)be)->columns += 4 * columns;
    return 2 * columns * s->out_c;
}

static gan_status conv_create(gan_backend *be, gan_conv **out, const gan_conv_shape *shape)
{
    *out = malloc(sizeof **out);
    if (!*out)
        return gan_error(GAN_FAILED, "counting: out of memory");
    (*out)->shape = *shape;
    return GAN_OK;
}

static void conv_destroy(gan_backend *be, gan_conv *conv)
{
    free(conv);
}

static gan_status conv_prepare(gan_backend *be, gan_conv *conv, const float *weights)
{
    return add(be, GAN_WORK_PREPARE, 0, weights_of(conv), weights_of(conv));
}

static gan_status conv_forward(gan_backend *be, gan_conv *conv, float *y, const float *x)
{
    return add(be, GAN_WORK_CONV_FORWARD, flops_of(be, conv), big_side(conv) + weights_of(conv),
               small_side(conv));
}

static gan_status conv_backward_data(gan_backend *be, gan_conv *conv, float *dx, const float *dy)
{
    return add(be, GAN_WORK_CONV_DATA, flops_of(be, conv), small_side(conv) + weights_of(conv),
               big_side(conv));
}

static gan_status conv_backward_weights(gan_backend *be, gan_conv *conv, float *part, const float *x,
                                        const float *dy, bool accumulate)
{
    const double weights = weights_of(conv);
    return add(be, GAN_WORK_CONV_WEIGHTS, flops_of(be, conv),
               big_side(conv) + small_side(conv) + (accumulate ? weights : 0), weights);
}

static size_t conv_part_floats(gan_backend *be, const gan_conv *conv)
{
    return (size_t)weights_of(conv);
}

static gan_status conv_weight_gradient(gan_backend *be, gan_conv *conv, float *dw, float *const *parts, int n)
{
    return add(be, GAN_WORK_SHARD_SUMS, 0, n * weights_of(conv), weights_of(conv));
}

/* --- biases and activations --- */
static gan_status bias_add(gan_backend *be, float *y, const float *bias, size_t rows, int c)
{
    const double n = (double)rows * c;
    return add(be, GAN_WORK_ACT, 0, n + c, n);
}

static gan_status bias_gradient(gan_backend *be, float *part, const float *dy, size_t rows, int c,
                                bool accumulate)
{
    return add(be, GAN_WORK_ACT, 0, (double)rows * c + (accumulate ? c : 0), c);
}

static gan_status act_forward(gan_backend *be, float *y, gan_act act, size_t n)
{
    return add(be, GAN_WORK_ACT, 0, (double)n, (double)n);
}

static gan_status act_backward(gan_backend *be, float *dy, const float *y, gan_act act, size_t n)
{
    return add(be, GAN_WORK_ACT, 0, 2 * (double)n, (double)n);
}

/* --- batch norm: a double is two numbers --- */
static gan_status bn_sums(gan_backend *be, double *sums, const float *x, size_t rows, int c)
{
    return add(be, GAN_WORK_BN, 0, (double)rows * c, 4.0 * c);
}

static gan_status bn_forward(gan_backend *be, float *y, const float *x, const gan_bn_args *args)
{
    const double n = (double)args->rows * args->c;
    return add(be, GAN_WORK_BN, 0, n + 4.0 * args->c, n);
}

/* dy and x, and y where the derivative needs it. */
static double backward_reads(const gan_bn_args *args)
{
    const bool by_y = args->act == GAN_ACT_TANH || args->act == GAN_ACT_SIGMOID;
    return (by_y ? 3.0 : 2.0) * (double)args->rows * args->c + 4.0 * args->c;
}

static gan_status bn_backward_sums(gan_backend *be, double *sums, const float *dy, const float *x,
                                   const float *y, const gan_bn_args *args)
{
    return add(be, GAN_WORK_BN, 0, backward_reads(args), 4.0 * args->c);
}

static gan_status bn_backward(gan_backend *be, float *dx, const float *dy, const float *x, const float *y,
                              const double *sums, double count, const gan_bn_args *args)
{
    return add(be, GAN_WORK_BN, 0, backward_reads(args) + 4.0 * args->c, (double)args->rows * args->c);
}

static gan_status bn_gradients(gan_backend *be, float *dgamma, float *dbeta, const double *sums, int c,
                               bool accumulate)
{
    return add(be, GAN_WORK_BN, 0, 4.0 * c + (accumulate ? 2 * c : 0), 2.0 * c);
}

static gan_status bn_statistics(gan_backend *be, float *mean, float *inverse_deviation, float *running_mean,
                                float *running_var, const double *sums, int c, double count, double epsilon,
                                double momentum)
{
    const double running = running_mean ? 2.0 * c : 0;
    return add(be, GAN_WORK_BN, 0, 4.0 * c + running, 2.0 * c + running);
}

/* --- the rest --- */
static gan_status label_forward(gan_backend *be, float *y, const float *x, const int *labels, int n,
                                size_t hw, int c, int classes)
{
    const double rows = (double)n * (double)hw;
    return add(be, GAN_WORK_MOVES, 0, rows * c + n, rows * (c + classes));
}

static gan_status label_backward(gan_backend *be, float *dx, const float *dy, int n, size_t hw, int c,
                                 int classes)
{
    const double numbers = (double)n * (double)hw * c;
    return add(be, GAN_WORK_MOVES, 0, numbers, numbers);
}

static gan_status transpose(gan_backend *be, float *y, const float *x, int n, int rows, int columns)
{
    const double numbers = (double)n * rows * columns;
    return add(be, GAN_WORK_MOVES, 0, numbers, numbers);
}

static gan_status loss(gan_backend *be, const gan_loss *which, gan_loss_role role, float *dlogits,
                       float sums[2], const float *logits, int n, float scale)
{
    const double numbers = (double)n * which->logits;
    return add(be, GAN_WORK_NOISE_LOSS, 0, numbers, numbers + 2);
}

static gan_status noise(gan_backend *be, float *out, size_t n, size_t dim, bool normal, gan_rng at)
{
    return add(be, GAN_WORK_NOISE_LOSS, 0, 0, (double)n * (double)dim);
}

static gan_status tree_sum(gan_backend *be, float *out, float *const *parts, int n_parts, size_t n)
{
    if (n_parts == 1 && out == parts[0])
        return GAN_OK;
    return add(be, GAN_WORK_SHARD_SUMS, 0, n_parts * (double)n, (double)n);
}

static gan_status tree_sum_double(gan_backend *be, double *out, double *const *parts, int n_parts, size_t n)
{
    if (n_parts == 1 && out == parts[0])
        return GAN_OK;
    return add(be, GAN_WORK_SHARD_SUMS, 0, 2 * n_parts * (double)n, 2 * (double)n);
}

static gan_status adam(gan_backend *be, float *p, float *m, float *v, const float *gradient, size_t n,
                       const gan_adam_args *args)
{
    return add(be, GAN_WORK_ADAM, 0, 4 * (double)n, 3 * (double)n);
}

/* What only inference calls is left out. */
static const gan_backend_ops table = {
    .name = "counting",
    .keeps_outputs = true, /* as on a device */
    .alloc = alloc_nothing,
    .free = free_nothing,
    .upload = upload,
    .download = download,
    .sync = sync_nothing,
    .for_shards = for_shards,
    .conv_create = conv_create,
    .conv_destroy = conv_destroy,
    .conv_prepare = conv_prepare,
    .conv_forward = conv_forward,
    .conv_backward_data = conv_backward_data,
    .conv_backward_weights = conv_backward_weights,
    .conv_part_floats = conv_part_floats,
    .conv_weight_gradient = conv_weight_gradient,
    .bias_add = bias_add,
    .bias_gradient = bias_gradient,
    .act_forward = act_forward,
    .act_backward = act_backward,
    .bn_sums = bn_sums,
    .bn_forward = bn_forward,
    .bn_backward_sums = bn_backward_sums,
    .bn_backward = bn_backward,
    .bn_gradients = bn_gradients,
    .label_forward = label_forward,
    .label_backward = label_backward,
    .transpose = transpose,
    .loss = loss,
    .noise = noise,
    .tree_sum = tree_sum,
    .tree_sum_double = tree_sum_double,
    .bn_statistics = bn_statistics,
    .adam = adam,
};

void gan_counter_open(gan_counter *counter)
{
    *counter = (gan_counter){.base = {.ops = &table, .threads = 1}, .next = 1 << 20};
}
