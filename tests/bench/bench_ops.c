/* bench_ops.c: how fast a backend's ops are, and how fast a dcgan64 step
 * could be if it were nothing but them.
 *
 * bench_ops [backend] [repetitions]
 *
 * Every time is the least of the repetitions. A shard op runs on four shards with buffers of their own, as a
 * rank of two does at batch 64 in 8 shards; "1 thread" and "2 threads" are milliseconds of one shard on its
 * core. Formula of the last lines: a rank's step = 4 shards x (sum of shard ops of one shard) + sum of whole
 * ops on one core; images/s = 64 / that. Once from the times of one thread alone; once from two threads at
 * work, where a whole op of one rank counts twice what both cores take for it together. On a machine that
 * others use at the moment, only the first means anything. */
#include <stdio.h>
#include <stdlib.h>
#include "gan_dist/backend.h"
#include "gan_dist/base.h"

#define SHARDS 4
#define IMAGES 8 /* in a shard */

typedef struct bench_layer {
    const char *net;
    int h, c, out_h, out_c, kernel, stride, pad;
    int forward, data, weights; /* calls in one step */
} bench_layer;

static const bench_layer layers[] = {
    {"dcgan64 D1", 64, 3, 32, 64, 4, 2, 1, 3, 1, 2},      {"dcgan64 D2", 32, 64, 16, 128, 4, 2, 1, 3, 3, 2},
    {"dcgan64 D3", 16, 128, 8, 256, 4, 2, 1, 3, 3, 2},    {"dcgan64 D4", 8, 256, 4, 512, 4, 2, 1, 3, 3, 2},
    {"dcgan64 D5", 4, 512, 1, 1, 4, 1, 0, 3, 3, 2},       {"dcgan64 G1", 4, 512, 1, 100, 4, 1, 0, 0, 1, 1},
    {"dcgan64 G2", 8, 256, 4, 512, 4, 2, 1, 1, 1, 1},     {"dcgan64 G3", 16, 128, 8, 256, 4, 2, 1, 1, 1, 1},
    {"dcgan64 G4", 32, 64, 16, 128, 4, 2, 1, 1, 1, 1},    {"dcgan64 G5", 64, 3, 32, 64, 4, 2, 1, 1, 1, 1},
    {"gan-mnist D1", 28, 1, 14, 64, 4, 2, 1, 0, 0, 0},    {"gan-mnist D2", 14, 64, 7, 128, 4, 2, 1, 0, 0, 0},
    {"gan-mnist D3", 1, 6272, 1, 1024, 1, 1, 0, 0, 0, 0}, {"gan-mnist D4", 1, 1024, 1, 1, 1, 1, 0, 0, 0, 0},
    {"dcgan48 k5", 24, 64, 12, 128, 5, 2, 1, 0, 0, 0},    {"dcgan48 k5", 6, 256, 3, 512, 5, 2, 1, 0, 0, 0},
};

/* Batch-normed maps of dcgan64 and how often a step takes them forward and back;
 * then maps with an activation alone. */
typedef struct bench_map {
    const char *net;
    size_t rows;
    int c;
    bool norm;
    gan_act act;
    int times;
} bench_map;

static const bench_map maps[] = {
    {"D1 lrelu", 32 * 32, 64, false, GAN_ACT_LRELU, 3},
    {"D2 bn lrelu", 16 * 16, 128, true, GAN_ACT_LRELU, 3},
    {"D3 bn lrelu", 8 * 8, 256, true, GAN_ACT_LRELU, 3},
    {"D4 bn lrelu", 4 * 4, 512, true, GAN_ACT_LRELU, 3},
    {"G1 bn relu", 4 * 4, 512, true, GAN_ACT_RELU, 1},
    {"G2 bn relu", 8 * 8, 256, true, GAN_ACT_RELU, 1},
    {"G3 bn relu", 16 * 16, 128, true, GAN_ACT_RELU, 1},
    {"G4 bn relu", 32 * 32, 64, true, GAN_ACT_RELU, 1},
    {"G5 tanh", 64 * 64, 3, false, GAN_ACT_TANH, 1},
    {"bn sigmoid", 16 * 16, 128, true, GAN_ACT_SIGMOID, 0},
    {"bn of 3", 96 * 96, 3, true, GAN_ACT_RELU, 0},
};

static int repetitions = 20;
static gan_backend *backends[2]; /* 1 and 2 threads */

/* What a timed call works on. */
typedef struct bench_work {
    gan_backend *be;
    gan_conv *conv, *convs[2]; /* a plan belongs to its backend */
    int op;
    float *x[SHARDS], *y[SHARDS], *dy[SHARDS], *part[SHARDS], *weights;
    double *sums[SHARDS];
    gan_bn_args bn;
    const float *bias;
    size_t n;
    float *arena[4];
} bench_work;

static void must(gan_status status)
{
    if (status == GAN_OK)
        return;
    fprintf(stderr, "bench_ops: %s\n", gan_error_message());
    exit(status);
}

static void *take(size_t bytes)
{
    float *memory = gan_alloc(bytes);
    if (!memory)
        must(gan_error(GAN_FAILED, "out of memory"));
    for (size_t i = 0; i < bytes / sizeof(float); i++)
        memory[i] = (float)((i * 2654435761u >> 8) % 2000) / 1000.0f - 1.0f;
    return memory;
}

static void take_shards(bench_work *w, size_t x, size_t y, size_t part)
{
    for (int s = 0; s < SHARDS; s++) {
        w->x[s] = take(x * sizeof(float));
        w->y[s] = take(y * sizeof(float));
        w->dy[s] = take(y * sizeof(float));
        w->part[s] = take(part * sizeof(float));
        w->sums[s] = take(64 * 1024);
    }
}

static void drop_shards(bench_work *w)
{
    for (int s = 0; s < SHARDS; s++) {
        free(w->x[s]);
        free(w->y[s]);
        free(w->dy[s]);
        free(w->part[s]);
        free(w->sums[s]);
    }
}

enum {
    CONV_FORWARD,
    CONV_DATA,
    CONV_WEIGHTS,
    ACT_FORWARD,
    ACT_BACKWARD,
    BN_SUMS,
    BN_FORWARD,
    BN_BACKWARD_SUMS,
    BN_BACKWARD,
    BIAS_ADD,
    BIAS_GRADIENT
};

static gan_status shard_op(void *context, int s)
{
    bench_work *w = context;
    gan_backend *be = w->be;
    switch (w->op) {
    case CONV_FORWARD:
        return be->ops->conv_forward(be, w->conv, w->y[s], w->x[s]);
    case CONV_DATA:
        return be->ops->conv_backward_data(be, w->conv, w->x[s], w->dy[s]);
    case CONV_WEIGHTS:
        return be->ops->conv_backward_weights(be, w->conv, w->part[s], w->x[s], w->dy[s], false);
    case ACT_FORWARD:
        return be->ops->act_forward(be, w->y[s], w->bn.act, w->n);
    case ACT_BACKWARD:
        return be->ops->act_backward(be, w->dy[s], w->y[s], w->bn.act, w->n);
    case BN_SUMS:
        return be->ops->bn_sums(be, w->sums[s], w->x[s], w->bn.rows, w->bn.c);
    case BN_FORWARD:
        return be->ops->bn_forward(be, w->y[s], w->x[s], &w->bn);
    case BN_BACKWARD_SUMS:
        return be->ops->bn_backward_sums(be, w->sums[s], w->dy[s], w->x[s], w->y[s], &w->bn);
    case BN_BACKWARD:
        return be->ops->bn_backward(be, w->part[s], w->dy[s], w->x[s], w->y[s], w->sums[s],
                                    (double)w->bn.rows, &w->bn);
    case BIAS_ADD:
        return be->ops->bias_add(be, w->y[s], w->bias, w->bn.rows, w->bn.c);
    default:
        return be->ops->bias_gradient(be, w->part[s], w->dy[s], w->bn.rows, w->bn.c, false);
    }
}

/* Milliseconds of one shard on its core, with `threads` shards at once. */
static double time_shards(bench_work *w, int op, int threads)
{
    double least = 1e30;
    w->be = backends[threads - 1];
    w->conv = w->convs[threads - 1];
    w->op = op;
    for (int i = 0; i < repetitions; i++) {
        double start = gan_clock();
        must(w->be->ops->for_shards(w->be, SHARDS, shard_op, w));
        double took = gan_clock() - start;
        least = took < least ? took : least;
    }
    return least * 1e3 * threads / SHARDS;
}

/* What a step of one rank takes, in milliseconds: shard ops of one shard, and whole ops. */
typedef struct bench_step {
    double shard, whole;             /* two threads busy */
    double alone_shard, alone_whole; /* one thread */
} bench_step;

static double time_prepare(gan_backend *be, gan_conv *conv, const float *weights)
{
    double least = 1e30;
    for (int i = 0; i < repetitions; i++) {
        double start = gan_clock();
        must(be->ops->conv_prepare(be, conv, weights));
        double took = gan_clock() - start;
        least = took < least ? took : least;
    }
    return least * 1e3;
}

static double time_gradient(gan_backend *be, gan_conv *conv, float *dw, float *const *parts)
{
    double least = 1e30;
    for (int i = 0; i < repetitions; i++) {
        double start = gan_clock();
        must(be->ops->conv_weight_gradient(be, conv, dw, parts, SHARDS));
        double took = gan_clock() - start;
        least = took < least ? took : least;
    }
    return least * 1e3;
}

static void bench_conv(const bench_layer *l, bench_step *step)
{
    bench_work w = {0};
    gan_conv_shape s = {.n = IMAGES,
                        .h = l->h,
                        .w = l->h,
                        .c = l->c,
                        .out_h = l->out_h,
                        .out_w = l->out_h,
                        .out_c = l->out_c};
    s.kernel_h = s.kernel_w = l->kernel;
    s.stride_h = s.stride_w = l->stride;
    s.pad_top = s.pad_left = l->pad;
    s.pad_bottom = s.pad_right = (l->out_h - 1) * l->stride + l->kernel - l->pad - l->h;
    s.need_backward_data = true;
    const size_t w_floats = (size_t)l->out_c * (size_t)l->c * (size_t)(l->kernel * l->kernel);
    float *weights = take(w_floats * sizeof(float)), *dw = take(w_floats * sizeof(float));
    const double gflop = 2e-9 * IMAGES * l->out_h * l->out_h * (double)w_floats;
    gan_backend *be = backends[0];
    double start = gan_clock();
    must(be->ops->conv_create(be, &w.convs[0], &s));
    const double create = (gan_clock() - start) * 1e3;
    must(backends[1]->ops->conv_create(backends[1], &w.convs[1], &s));
    for (int i = 0; i < 2; i++)
        must(backends[i]->ops->conv_prepare(backends[i], w.convs[i], weights));
    take_shards(&w, (size_t)(IMAGES * l->h * l->h * l->c), (size_t)(IMAGES * l->out_h * l->out_h * l->out_c),
                be->ops->conv_part_floats(be, w.convs[0]));
    printf("%-12s", l->net);
    const int times[3] = {l->forward, l->data, l->weights};
    for (int op = CONV_FORWARD; op <= CONV_WEIGHTS; op++) {
        const double one = time_shards(&w, op, 1), two = time_shards(&w, op, 2);
        printf(" %7.3f %7.3f (%5.1f GF)", one, two, gflop / two * 1e3);
        step->shard += times[op] * two;
        step->alone_shard += times[op] * one;
    }
    double whole[2];
    for (int i = 0; i < 2; i++) {
        const double prepare = time_prepare(backends[i], w.convs[i], weights);
        const double gradient = time_gradient(backends[i], w.convs[i], dw, w.part);
        printf("  prepare %6.3f gradient %6.3f", prepare, gradient);
        whole[i] = prepare + gradient;
    }
    printf("  create %5.2f\n", create);
    if (l->forward + l->data + l->weights > 0) {
        step->alone_whole += whole[0];
        step->whole += whole[1];
    }
    drop_shards(&w);
    for (int i = 0; i < 2; i++)
        backends[i]->ops->conv_destroy(backends[i], w.convs[i]);
    free(weights);
    free(dw);
}

static void bench_map_op(bench_work *w, int op, const char *name, double tensors, int times, bench_step *step)
{
    const double one = time_shards(w, op, 1), two = time_shards(w, op, 2);
    printf("  %s %.3f %.3f (%.0f GB/s)", name, one, two, tensors * (double)w->n * sizeof(float) / two * 1e-6);
    step->shard += times * two;
    step->alone_shard += times * one;
}

static void bench_one_map(const bench_map *m, bench_step *step)
{
    bench_work w = {0};
    float *channels = take(4096 * sizeof(float));
    w.bn = (gan_bn_args){IMAGES * m->rows, m->c,  channels, channels + 1024, channels + 2048,
                         channels + 3072,  m->act};
    w.bias = channels;
    w.n = w.bn.rows * (size_t)m->c;
    take_shards(&w, w.n, w.n, w.n);
    printf("%-12s", m->net);
    if (m->norm) {
        bench_map_op(&w, BN_SUMS, "sums", 1, m->times, step);
        bench_map_op(&w, BN_FORWARD, "forward", 2, m->times, step);
        bench_map_op(&w, BN_BACKWARD_SUMS, "back sums", 2, m->times, step);
        bench_map_op(&w, BN_BACKWARD, "back", 3, m->times, step);
    } else {
        bench_map_op(&w, ACT_FORWARD, "act", 2, m->times, step);
        bench_map_op(&w, ACT_BACKWARD, "act back", 3, m->times, step);
        bench_map_op(&w, BIAS_ADD, "bias", 2, 0, step);
        bench_map_op(&w, BIAS_GRADIENT, "bias gradient", 1, 0, step);
    }
    printf("\n");
    drop_shards(&w);
    free(channels);
}

/* Adam and a tree sum over an arena of dcgan64's size (G and D together). */
static void bench_arena(bench_step *step)
{
    const size_t n = 6342272;
    const gan_adam_args args = {1e-4f, 0.5f, 0.999f, 0.5f, 0.001f, 1e-8f};
    float *p[SHARDS];
    for (int i = 0; i < SHARDS; i++)
        p[i] = take(n * sizeof(float));
    for (size_t i = 0; i < n; i++)
        p[2][i] = p[2][i] * p[2][i];
    for (int threads = 1; threads <= 2; threads++) {
        gan_backend *be = backends[threads - 1];
        double adam = 1e30, tree = 1e30;
        for (int i = 0; i < repetitions; i++) {
            double start = gan_clock();
            must(be->ops->adam(be, p[0], p[1], p[2], p[3], n, &args));
            double middle = gan_clock();
            must(be->ops->tree_sum(be, p[0], p, SHARDS, n));
            double end = gan_clock();
            adam = middle - start < adam ? middle - start : adam;
            tree = end - middle < tree ? end - middle : tree;
        }
        printf("%d threads: adam %.3f ms (%.1f GB/s)  tree sum of 4 %.3f ms (%.1f GB/s)\n", threads,
               adam * 1e3, 7 * 4e-9 * (double)n / adam, tree * 1e3, 5 * 4e-9 * (double)n / tree);
        *(threads == 2 ? &step->whole : &step->alone_whole) += adam * 1e3;
    }
    for (int i = 0; i < SHARDS; i++)
        free(p[i]);
}

static void report(const char *what, double conv, double map, double whole, double adam)
{
    const double rank = conv + map + whole + adam;
    printf("dcgan64 step of one rank of two, %s: convolutions %.1f ms, maps %.1f, "
           "prepare and gradients %.1f, adam %.1f = %.1f ms: 2 ranks, ops alone, %.1f images/s\n",
           what, conv, map, whole, adam, rank, 2 * SHARDS * IMAGES / rank * 1e3);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "cpu";
    bench_step conv = {0}, map = {0}, arena = {0};
    if (argc > 2)
        repetitions = atoi(argv[2]);
    must(gan_backend_open(&backends[0], name, &(gan_backend_options){.threads = 1}));
    must(gan_backend_open(&backends[1], name, &(gan_backend_options){.threads = 2}));
    printf("convolutions: ms of a shard of %d, 1 thread and 2: forward, backward data, backward weights; "
           "whole ops, 1 thread and 2\n",
           IMAGES);
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        bench_conv(&layers[i], &conv);
    printf("maps: ms of a shard, 1 thread and 2\n");
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        bench_one_map(&maps[i], &map);
    bench_arena(&arena);
    report("one core busy", SHARDS * conv.alone_shard, SHARDS * map.alone_shard, conv.alone_whole,
           arena.alone_whole);
    report("both cores busy", SHARDS * conv.shard, SHARDS * map.shard, 2 * conv.whole, 2 * arena.whole);
    printf("peak memory of this program: %.0f MiB\n", gan_peak_memory_mib());
    gan_backend_close(backends[0]);
    gan_backend_close(backends[1]);
    return 0;
}
