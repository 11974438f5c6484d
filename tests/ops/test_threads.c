/* test_threads.c: the bits of an op do not depend on the number of threads, nor on the number of shards
 * beside it.
 *
 * This guards a trap: a oneDNN 2.6 weight-gradient primitive created while two threads were allowed, and run
 * inside a parallel region, computes half of the sum and says nothing, or waits for ever for its second
 * thread (then the time limit of the test fails it). */
#include "ops.h"

#include <string.h>

static void assert_same_bits(const ops_state *at, const ops_case *a, const ops_case *b, int places,
                             const char *what)
{
    for (int shard = 0; shard < places; shard++)
        for (int i = 0; i < a->buffers[shard]; i++) {
            const ops_buffer *x = &a->buffer[shard][i], *y = &b->buffer[shard][i];
            size_t size = x->type == OPS_DOUBLE ? sizeof(double) : sizeof(float);
            if (x->kind == OPS_SCRATCH || memcmp(x->host, y->host, x->n * size) == 0)
                continue;
            char text[256];
            ops_describe(text, sizeof text, a->shape);
            fail_msg("%s of %s: shard %d, buffer %d: other bits with %s (%s)", at->row->name, at->backend,
                     shard, i, what, text);
        }
}

static void run(const ops_state *at, ops_case *c, gan_backend *be, const ops_shape *shape, int shards)
{
    ops_case_open(c, be, shape, shards);
    ops_case_run(c, at->row);
}

static void test_row(void **state)
{
    const ops_state *at = *state;
    gan_backend *one = ops_open(at->backend, 1), *two = ops_open(at->backend, 2);
    for (size_t i = 0; i < at->row->n_shapes; i++) {
        ops_case a, b, alone;
        run(at, &a, one, &at->row->shapes[i], OPS_SHARDS);
        run(at, &b, two, &at->row->shapes[i], OPS_SHARDS);
        run(at, &alone, two, &at->row->shapes[i], 1);
        assert_same_bits(at, &a, &b, OPS_SHARDS + 1, "two threads");
        assert_same_bits(at, &b, &alone, 1, "one shard instead of eight");
        ops_case_close(&a);
        ops_case_close(&b);
        ops_case_close(&alone);
    }
    gan_backend_close(two);
    gan_backend_close(one);
}

static bool applies(const ops_row *row)
{
    return row->setup != NULL;
}

int main(int argc, char **argv)
{
    return ops_main("ops threads", test_row, applies, argc > 1 ? argv[1] : NULL);
}
