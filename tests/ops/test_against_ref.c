/* test_against_ref.c: every op of every backend gives what ref gives, on every shape of its row. With a
 * precision as second word: the ops that have products, twice. On factors that no precision rounds the
 * difference is float32's, since sums and results are float32 in each; on any others it is the rounding's. */
#include "ops.h"

#include <stdio.h>
#include <string.h>

/* Tensor cores cut off what they add; float32's limits are for sums that round. */
#define ON_TENSOR_CORES 4

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
    if (ops_precision == GAN_PRECISION_FP32) {
        run_row(at, at->row->tolerance);
        return;
    }
    const double narrow = ops_precision == GAN_PRECISION_TF32 ? at->row->tf32 : at->row->bf16;
    const double exact = ON_TENSOR_CORES * at->row->tolerance;
    ops_rounded = true;
    run_row(at, exact);
    ops_rounded = false;
    if (run_row(at, narrow) <= exact)
        fail_msg("%s of %s rounds nothing", at->row->name, at->backend);
}

static bool applies(const ops_row *row)
{
    return row->setup != NULL && (ops_precision == GAN_PRECISION_FP32 || row->bf16 > 0);
}

int main(int argc, char **argv)
{
    static const char *const words[] = {"auto", "fp32", "tf32", "bf16"};
    for (int i = 0; argc > 2 && i < 4; i++)
        if (strcmp(argv[2], words[i]) == 0)
            ops_precision = (gan_precision)i;
    if (argc > 2 && strcmp(argv[2], words[ops_precision]) != 0) {
        fprintf(stderr, "ops against ref: no precision %s\n", argv[2]);
        return 2;
    }
    return ops_main("ops against ref", test_row, applies, argc > 1 ? argv[1] : NULL);
}
