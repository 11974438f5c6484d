/* test_against_ref.c: every op of every backend gives what ref gives, on every shape of its row. With a
 * precision as second word: the ops that have products, twice. On factors that no precision rounds the
 * difference is float32's, since sums and results are float32 in each; on any others it is the rounding's. */
#include "ops.h"

#include <string.h>

static double compare(const ops_state *at, const ops_shape *shape, const ops_case *want, const ops_case *got,
                      double tolerance)
{
    double worst = 0;
    for (int shard = 0; shard <= OPS_WHOLE; shard++)
        for (int i = 0; i < want->buffers[shard]; i++) {
            const ops_buffer *a = &want->buffer[shard][i], *b = &got->buffer[shard][i];
            if (a->kind != OPS_OUT && a->kind != OPS_INOUT)
                continue;
            double error = ops_error(a, b);
            worst = error > worst ? error : worst;
            if (error <= tolerance)
                continue;
            char text[256];
            ops_describe(text, sizeof text, shape);
            fail_msg("%s of %s: shard %d, buffer %d: relative error %.3g, allowed %.3g (%s)", at->row->name,
                     at->backend, shard, i, error, tolerance, text);
        }
    return worst;
}

/* The largest difference. */
static double run_row(const ops_state *at, double tolerance)
{
    gan_backend *ref = ops_open("ref", 1), *be = ops_open(at->backend, 2);
    double worst = 0;
    for (size_t i = 0; i < at->row->n_shapes; i++) {
        ops_case want, got;
        ops_case_open(&want, ref, &at->row->shapes[i], 2);
        ops_case_open(&got, be, &at->row->shapes[i], 2);
        ops_case_run(&want, at->row);
        ops_case_run(&got, at->row);
        double error = compare(at, &at->row->shapes[i], &want, &got, tolerance);
        worst = error > worst ? error : worst;
        ops_case_close(&want);
        ops_case_close(&got);
    }
    print_message("             worst error %.2g of %.2g allowed, %zu shapes\n", worst, tolerance,
                  at->row->n_shapes);
    gan_backend_close(be);
    gan_backend_close(ref);
    return worst;
}

static void test_row(void **state)
{
    const ops_state *at = *state;
    const double tolerance = ops_precision == GAN_PRECISION_TF32 ? at->row->tf32 : at->row->bf16;
    ops_rounded = ops_precision != GAN_PRECISION_FP32;
    run_row(at, at->row->tolerance);
    ops_rounded = false;
    if (ops_precision != GAN_PRECISION_FP32 && run_row(at, tolerance) <= at->row->tolerance)
        fail_msg("%s of %s rounds nothing", at->row->name, at->backend);
}

static bool applies(const ops_row *row)
{
    return row->setup != NULL && (ops_precision == GAN_PRECISION_FP32 || row->bf16 > 0);
}

int main(int argc, char **argv)
{
    if (argc > 2)
        ops_precision = strcmp(argv[2], "bf16") == 0 ? GAN_PRECISION_BF16 : GAN_PRECISION_TF32;
    return ops_main("ops against ref", test_row, applies, argc > 1 ? argv[1] : NULL);
}
