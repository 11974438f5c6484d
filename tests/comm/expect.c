#include "expect.h"

#include <stdio.h>
#include <stdlib.h>

static gan_comm *opened;

void expect_that(int holds, const char *condition, const char *file, int line)
{
    if (holds)
        return;
    fprintf(stderr, "rank %d: %s:%d: %s does not hold (last message: %s)\n",
            opened ? gan_comm_rank(opened) : -1, file, line, condition, gan_error_message());
    if (opened)
        gan_comm_close(opened, true, 1);
    exit(1);
}

gan_comm *expect_open(int *argc, char ***argv)
{
    gan_comm *comm = NULL;
    EXPECT(gan_comm_open_mpi(&comm, argc, argv) == GAN_OK);
    opened = comm;
    return comm;
}

int expect_close(gan_comm *comm)
{
    EXPECT(gan_comm_barrier(comm) == GAN_OK);
    gan_comm_close(comm, false, 0);
    opened = NULL;
    return 0;
}
