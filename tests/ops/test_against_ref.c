/* test_against_ref.c: every op of every backend gives what ref gives, on every shape of its row. */
#include "ops.h"

static void compare(const ops_state *at, const ops_shape *shape, const ops_case *want, const ops_case *got,
                    double *worst)
{
    for (int shard = 0; shard <= OPS_WHOLE; shard++)
        for (int i = 0; i < want->buffers[shard]; i++) {
            const ops_buffer *a = &want->buffer[shard][i], *b = &got->buffer[shard][i];
            if (a->kind != OPS_OUT && a->kind != OPS_INOUT)
                continue;
            double error = ops_error(a, b);
            *worst = error > *worst ? error : *worst;
            if (error <= at->row->tolerance)
                continue;
            char text[256];
            ops_describe(text, sizeof text, shape);
            fail_msg("%s of %s: shard %d, buffer %d: relative error %.3g, allowed %.3g (%s)", at->row->name,
                     at->backend, shard, i, error, at->row->tolerance, text);
        }
}

static void test_row(void **state)
{
    const ops_state *at = *state;
    gan_backend *ref = ops_open("ref", 1), *be = ops_open(at->backend, 2);
    double worst = 0;
    for (size_t i = 0; i < at->row->n_shapes; i++) {
        ops_case want, got;
        ops_case_open(&want, ref, &at->row->shapes[i], 2);
        ops_case_open(&got, be, &at->row->shapes[i], 2);
        ops_case_run(&want, at->row);
        ops_case_run(&got, at->row);
        compare(at, &at->row->shapes[i], &want, &got, &worst);
        ops_case_close(&want);
        ops_case_close(&got);
    }
    print_message("             worst error %.2g of %.2g allowed, %zu shapes\n", worst, at->row->tolerance,
                  at->row->n_shapes);
    gan_backend_close(be);
    gan_backend_close(ref);
}

static bool applies(const ops_row *row)
{
    return row->setup != NULL;
}

int main(int argc, char **argv)
{
    return ops_main("ops against ref", test_row, applies, argc > 1 ? argv[1] : NULL);
}
