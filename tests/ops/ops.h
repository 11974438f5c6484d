/* ops.h: the harness of the op suite. One row per op of gan_backend_ops
 * says how to run it and what it must give.
 *
 * A row's `setup` puts buffers into an ops_case, `shard` and `whole` call the op on them. The tests do the
 * rest: every backend against ref, one thread against two, and the row's own known answers (`check`). To test
 * a new op, write its row in the rows_*.c of its group; table.c does not compile until there is one row for
 * every op.
 *
 * Checks and setups run on the main thread and may assert; `shard` runs on shard threads and must not. */
#ifndef GAN_TESTS_OPS_H
#define GAN_TESTS_OPS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "gan_dist/backend.h"

#define OPS_SHARDS  8
#define OPS_WHOLE   OPS_SHARDS /* the place of buffers that belong to no shard: weights, statistics */
#define OPS_BUFFERS 48

/* What an op is run on. Rows use the members they need. */
typedef struct ops_shape {
    gan_conv_shape conv;
    size_t rows;
    int c;
    int extra; /* classes, parts, columns: the row says */
    gan_act act;
    bool flag; /* accumulate, normal: the row says */
} ops_shape;

typedef enum ops_kind {
    OPS_IN,     /* random values that the op must leave alone */
    OPS_OUT,    /* filled with rubbish; compared */
    OPS_INOUT,  /* random values; compared */
    OPS_SCRATCH /* random values; may end as anything */
} ops_kind;

typedef enum ops_type { OPS_FLOAT, OPS_DOUBLE, OPS_INT } ops_type;

typedef struct ops_buffer {
    void *at;    /* the backend's memory */
    void *start; /* host copy of what was there before */
    void *host;  /* host copy of what is there after ops_case_fetch */
    size_t n;
    ops_type type;
    ops_kind kind;
} ops_buffer;

typedef struct ops_case {
    gan_backend *be;
    const ops_shape *shape;
    int shards;
    gan_conv *conv;
    ops_buffer buffer[OPS_SHARDS + 1][OPS_BUFFERS];
    int buffers[OPS_SHARDS + 1];
} ops_case;

typedef struct ops_row {
    const char *name;
    size_t slot;       /* where in gan_backend_ops */
    double tolerance;  /* largest difference from ref, relative to the largest value of the buffer */
    double tf32, bf16; /* the same where factors are rounded to that; 0: it has no products */
    const ops_shape *shapes;
    size_t n_shapes;
    void (*setup)(ops_case *c);
    gan_status (*shard)(ops_case *c, int shard); /* inside for_shards; NULL: a whole op */
    gan_status (*whole)(ops_case *c);            /* after it; NULL: a shard op */
    void (*check)(gan_backend *be);              /* known answers */
} ops_row;

#define OPS_OP(op)       .name = #op, .slot = offsetof(gan_backend_ops, op)
#define OPS_SHAPES(list) .shapes = list, .n_shapes = sizeof(list) / sizeof((list)[0])

typedef struct ops_group {
    const ops_row *rows;
    size_t n;
} ops_group;

extern const ops_group ops_rows_memory, ops_rows_conv, ops_rows_bias_act, ops_rows_bn, ops_rows_reshape,
    ops_rows_pictures, ops_rows_loss, ops_rows_init, ops_rows_reduce, ops_rows_adam, ops_rows_graph;

/* Row by index over all groups; NULL past the end. */
const ops_row *ops_row_get(size_t index);

/* --- a case: buffers and one run --- */
void ops_case_open(ops_case *c, gan_backend *be, const ops_shape *shape, int shards);
void ops_case_run(ops_case *c, const ops_row *row); /* setup, shards, whole, fetch */
void ops_case_shards(ops_case *c, gan_status (*shard)(ops_case *c, int shard)); /* runs it in for_shards */
void ops_case_fetch(ops_case *c); /* waits; fills `host`, checks the borders of every buffer */
void ops_case_close(ops_case *c); /* also destroys c->conv */

/* Appends a buffer of n elements to `shard` (or OPS_WHOLE); its index there is the order of these calls. */
void ops_floats(ops_case *c, int shard, ops_kind kind, size_t n);
void ops_positive(ops_case *c, int shard, ops_kind kind, size_t n); /* values of at least 0.1 */
void ops_doubles(ops_case *c, int shard, ops_kind kind, size_t n);
void ops_labels(ops_case *c, int shard, size_t n, int classes);
void ops_given(ops_case *c, int shard, ops_kind kind, const float *values, size_t n);
void ops_given_doubles(ops_case *c, int shard, ops_kind kind, const double *values, size_t n);
void ops_given_ints(ops_case *c, int shard, const int *values, size_t n);

static inline float *ops_f(ops_case *c, int shard, int index)
{
    return c->buffer[shard][index].at;
}

static inline double *ops_d(ops_case *c, int shard, int index)
{
    return c->buffer[shard][index].at;
}

/* After ops_case_fetch. */
static inline const float *ops_host(const ops_case *c, int shard, int index)
{
    return c->buffer[shard][index].host;
}

/* --- verdicts --- */
/* The largest difference relative to the largest |want|; infinity when one of them is not a number. */
double ops_error(const ops_buffer *want, const ops_buffer *got);
double ops_error_floats(const float *want, const float *got, size_t n);
void ops_assert_near(const char *what, const float *want, const float *got, size_t n, double tolerance);
void ops_assert_relative(const char *what, double want, double got, double tolerance);

#define OPS_OK(call)                                                                                         \
    do {                                                                                                     \
        if ((call) != GAN_OK)                                                                                \
            fail_msg("%s: %s", #call, gan_error_message());                                                  \
    } while (0)

/* The activations' formulas in double, for finite differences. rows_bias_act.c. */
double ops_act(gan_act act, double x);

/* --- loops --- */
typedef struct ops_state {
    const char *backend;
    const ops_row *row;
} ops_state;

/* What backends with a device are opened with, and whether random values are bfloat16's,
 * which no precision rounds. */
extern gan_precision ops_precision;
extern bool ops_rounded;
gan_backend *ops_open(const char *name, int threads);
/* Runs `test` (state: ops_state) for every backend, or `only` this one, and every row that `applies`. Returns
 * main's exit status. */
int ops_main(const char *group, void (*test)(void **state), bool (*applies)(const ops_row *row),
             const char *only);
void ops_describe(char *text, size_t size, const ops_shape *shape);

#endif
