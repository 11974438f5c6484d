/* ops.c: runs rows: buffers with guarded borders, known random content, comparison. */
#include "ops.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BORDER      64   /* bytes behind every buffer that must stay as they were */
#define BORDER_BYTE 0xA5 /* also the rubbish in outputs */

static size_t element_size(ops_type type)
{
    return type == OPS_DOUBLE ? sizeof(double) : type == OPS_INT ? sizeof(int) : sizeof(float);
}

static size_t bytes_of(const ops_buffer *b)
{
    return b->n * element_size(b->type);
}

static void *host_memory(size_t bytes)
{
    void *memory = malloc(bytes ? bytes : 1);
    assert_non_null(memory);
    return memory;
}

gan_precision ops_precision = GAN_PRECISION_FP32;
bool ops_rounded;

void ops_case_open(ops_case *c, gan_backend *be, const ops_shape *shape, int shards)
{
    memset(c, 0, sizeof *c);
    c->be = be;
    c->shape = shape;
    c->shards = shards;
}

static void add(ops_case *c, int shard, ops_kind kind, ops_type type, const void *values, size_t n)
{
    assert_true(shard <= OPS_WHOLE && c->buffers[shard] < OPS_BUFFERS);
    ops_buffer *b = &c->buffer[shard][c->buffers[shard]++];
    *b = (ops_buffer){.n = n, .type = type, .kind = kind};
    size_t bytes = bytes_of(b);
    b->start = host_memory(bytes + BORDER);
    memset(b->start, BORDER_BYTE, bytes + BORDER);
    if (kind != OPS_OUT)
        memcpy(b->start, values, bytes);
    OPS_OK(c->be->ops->alloc(c->be, &b->at, bytes + BORDER));
    OPS_OK(c->be->ops->upload(c->be, b->at, b->start, bytes + BORDER));
}

static float *random_values(const ops_case *c, int shard, size_t n)
{
    float *values = host_memory(n * sizeof *values);
    gan_rng at = {
        .seed = 7, .stream = GAN_STREAM_NOISE, .index = (uint32_t)(shard * OPS_BUFFERS + c->buffers[shard])};
    gan_rng_normal(values, n, at, 0, 1);
    for (size_t i = 0; ops_rounded && i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        bits &= 0xffff0000u;
        memcpy(&values[i], &bits, sizeof bits);
    }
    return values;
}

void ops_floats(ops_case *c, int shard, ops_kind kind, size_t n)
{
    float *values = random_values(c, shard, n);
    add(c, shard, kind, OPS_FLOAT, values, n);
    free(values);
}

void ops_positive(ops_case *c, int shard, ops_kind kind, size_t n)
{
    float *values = random_values(c, shard, n);
    for (size_t i = 0; i < n; i++)
        values[i] = fabsf(values[i]) + 0.1f;
    add(c, shard, kind, OPS_FLOAT, values, n);
    free(values);
}

void ops_doubles(ops_case *c, int shard, ops_kind kind, size_t n)
{
    float *values = random_values(c, shard, n);
    double *wide = host_memory(n * sizeof *wide);
    for (size_t i = 0; i < n; i++)
        wide[i] = values[i] * (1 + 0x1p-40); /* more digits than a float holds */
    add(c, shard, kind, OPS_DOUBLE, wide, n);
    free(wide);
    free(values);
}

void ops_labels(ops_case *c, int shard, size_t n, int classes)
{
    int *values = host_memory(n * sizeof *values);
    for (size_t i = 0; i < n; i++)
        values[i] = (int)((3 * i + (size_t)shard) % (size_t)classes);
    add(c, shard, OPS_IN, OPS_INT, values, n);
    free(values);
}

void ops_given(ops_case *c, int shard, ops_kind kind, const float *values, size_t n)
{
    add(c, shard, kind, OPS_FLOAT, values, n);
}

void ops_given_doubles(ops_case *c, int shard, ops_kind kind, const double *values, size_t n)
{
    add(c, shard, kind, OPS_DOUBLE, values, n);
}

void ops_given_ints(ops_case *c, int shard, const int *values, size_t n)
{
    add(c, shard, OPS_IN, OPS_INT, values, n);
}

static void fetch_buffer(const ops_case *c, ops_buffer *b)
{
    size_t bytes = bytes_of(b);
    free(b->host);
    b->host = host_memory(bytes + BORDER);
    OPS_OK(c->be->ops->download(c->be, b->host, b->at, bytes + BORDER));
    for (size_t i = 0; i < BORDER; i++)
        if (((unsigned char *)b->host)[bytes + i] != BORDER_BYTE)
            fail_msg("wrote %zu bytes behind the end of a buffer of %zu", i, bytes);
    if (b->kind == OPS_IN && memcmp(b->host, b->start, bytes) != 0)
        fail_msg("changed an input");
}

void ops_case_fetch(ops_case *c)
{
    OPS_OK(c->be->ops->sync(c->be));
    for (int shard = 0; shard <= OPS_WHOLE; shard++)
        for (int i = 0; i < c->buffers[shard]; i++)
            fetch_buffer(c, &c->buffer[shard][i]);
}

typedef struct shard_run {
    ops_case *c;
    gan_status (*shard)(ops_case *c, int shard);
} shard_run;

static gan_status run_shard(void *context, int shard)
{
    shard_run *run = context;
    return run->shard(run->c, shard);
}

void ops_case_shards(ops_case *c, gan_status (*shard)(ops_case *c, int shard))
{
    shard_run run = {c, shard};
    OPS_OK(c->be->ops->for_shards(c->be, c->shards, run_shard, &run));
}

void ops_case_run(ops_case *c, const ops_row *row)
{
    row->setup(c);
    if (row->shard)
        ops_case_shards(c, row->shard);
    if (row->whole)
        OPS_OK(row->whole(c));
    ops_case_fetch(c);
}

void ops_case_close(ops_case *c)
{
    c->be->ops->conv_destroy(c->be, c->conv);
    for (int shard = 0; shard <= OPS_WHOLE; shard++)
        for (int i = 0; i < c->buffers[shard]; i++) {
            c->be->ops->free(c->be, c->buffer[shard][i].at);
            free(c->buffer[shard][i].start);
            free(c->buffer[shard][i].host);
        }
    memset(c, 0, sizeof *c);
}

static double value_at(const ops_buffer *b, size_t i)
{
    return b->type == OPS_DOUBLE ? ((double *)b->host)[i] : ((float *)b->host)[i];
}

double ops_error(const ops_buffer *want, const ops_buffer *got)
{
    double largest = 1e-30, worst = 0;
    assert_true(want->n == got->n && want->type == got->type);
    for (size_t i = 0; i < want->n; i++) {
        double a = value_at(want, i), b = value_at(got, i);
        if (!isfinite(a) || !isfinite(b))
            return INFINITY;
        largest = fmax(largest, fabs(a));
        worst = fmax(worst, fabs(a - b));
    }
    return worst / largest;
}

double ops_error_floats(const float *want, const float *got, size_t n)
{
    ops_buffer a = {.host = (void *)(uintptr_t)want, .n = n}, b = {.host = (void *)(uintptr_t)got, .n = n};
    return ops_error(&a, &b);
}

void ops_assert_near(const char *what, const float *want, const float *got, size_t n, double tolerance)
{
    double error = ops_error_floats(want, got, n);
    if (!(error <= tolerance))
        fail_msg("%s: relative error %.3g, allowed %.3g", what, error, tolerance);
}

void ops_assert_relative(const char *what, double want, double got, double tolerance)
{
    if (!(fabs(want - got) <= tolerance * fmax(fabs(want), 1e-30)))
        fail_msg("%s: want %.9g, got %.9g", what, want, got);
}

void ops_describe(char *text, size_t size, const ops_shape *s)
{
    const gan_conv_shape *v = &s->conv;
    if (v->n > 0)
        snprintf(text, size, "%d x %dx%dx%d to %dx%dx%d, kernel %dx%d stride %d,%d pads %d,%d,%d,%d", v->n,
                 v->h, v->w, v->c, v->out_h, v->out_w, v->out_c, v->kernel_h, v->kernel_w, v->stride_h,
                 v->stride_w, v->pad_top, v->pad_left, v->pad_bottom, v->pad_right);
    else
        snprintf(text, size, "rows %zu, c %d, extra %d, act %d, flag %d", s->rows, s->c, s->extra,
                 (int)s->act, s->flag);
}

gan_backend *ops_open(const char *name, int threads)
{
    gan_backend *be = NULL;
    const bool host = strcmp(name, "ref") == 0 || strcmp(name, "cpu") == 0;
    const gan_backend_options options = {.threads = threads,
                                         .precision = host ? GAN_PRECISION_AUTO : ops_precision};
    OPS_OK(gan_backend_open(&be, name, &options));
    return be;
}

/* A backend of the build may need what this machine lacks. */
static bool is_usable(const char *name)
{
    gan_backend *be = NULL;
    if (gan_backend_open(&be, name, &(gan_backend_options){.threads = 1}) == GAN_BAD_INPUT) {
        print_message("SKIPPED: %s\n", gan_error_message());
        return false;
    }
    gan_backend_close(be);
    return true;
}

int ops_main(const char *group, void (*test)(void **state), bool (*applies)(const ops_row *row),
             const char *only)
{
    enum { LIMIT = 512, NAME = 64 };
    static struct CMUnitTest tests[LIMIT];
    static ops_state states[LIMIT];
    static char names[LIMIT][NAME];
    size_t n = 0;
    for (size_t b = 0; gan_backend_name(b); b++) {
        if ((only && strcmp(only, gan_backend_name(b)) != 0) || !is_usable(gan_backend_name(b)))
            continue;
        for (size_t r = 0; ops_row_get(r); r++) {
            const ops_row *row = ops_row_get(r);
            if (!applies(row))
                continue;
            if (n == LIMIT) {
                fprintf(stderr, "%s: more than %d tests; raise LIMIT in ops.c\n", group, LIMIT);
                return 1;
            }
            states[n] = (ops_state){gan_backend_name(b), row};
            snprintf(names[n], NAME, "%s: %s", states[n].backend, row->name);
            tests[n] = (struct CMUnitTest){.name = names[n], .test_func = test, .initial_state = &states[n]};
            n++;
        }
    }
    if (n == 0) {
        fprintf(stderr, "%s: nothing to test\n", group);
        return 1;
    }
    return _cmocka_run_group_tests(group, tests, n, NULL, NULL);
}
