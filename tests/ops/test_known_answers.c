/* test_known_answers.c: each row's own check, for every backend, ref too:
 * hand-computed values, adjoints, differences. */
#include "ops.h"

static void test_row(void **state)
{
    const ops_state *at = *state;
    for (int threads = 1; threads <= 2; threads++) {
        gan_backend *be = ops_open(at->backend, threads);
        if (be->threads == threads) /* a backend that has one thread, whatever it is given, is checked once */
            at->row->check(be);
        gan_backend_close(be);
    }
}

static bool applies(const ops_row *row)
{
    return row->check != NULL;
}

int main(int argc, char **argv)
{
    return ops_main("ops known answers", test_row, applies, argc > 1 ? argv[1] : NULL);
}
