/* table.c: all rows. Adding an op to gan_backend_ops breaks this file until the op has a row. */
#include "ops.h"

#define OPS_FIRST offsetof(gan_backend_ops, alloc)
#define OPS_COUNT 50

_Static_assert(
    sizeof(gan_backend_ops) == OPS_FIRST + OPS_COUNT * sizeof(void (*)(void)),
    "gan_backend_ops changed: add a row for the new op to tests/ops/rows_*.c, then change OPS_COUNT");

static const ops_group *const groups[] = {&ops_rows_memory, &ops_rows_conv,    &ops_rows_bias_act,
                                          &ops_rows_bn,     &ops_rows_reshape, &ops_rows_pictures,
                                          &ops_rows_loss,   &ops_rows_init,    &ops_rows_reduce,
                                          &ops_rows_adam,   &ops_rows_graph};

const ops_row *ops_row_get(size_t index)
{
    for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
        if (index < groups[g]->n)
            return &groups[g]->rows[index];
        index -= groups[g]->n;
    }
    return NULL;
}
