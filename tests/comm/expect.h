/* expect.h: checks for programs that run on several ranks.
 * A failed check ends the whole job, so that no rank waits. */
#ifndef GAN_TESTS_COMM_EXPECT_H
#define GAN_TESTS_COMM_EXPECT_H

#include "gan_dist/comm.h"

#define EXPECT(condition) expect_that((condition), #condition, __FILE__, __LINE__)
void expect_that(int holds, const char *condition, const char *file, int line);

/* Opens MPI's world; closes it. expect_close gives the program's exit status. */
gan_comm *expect_open(int *argc, char ***argv);
int expect_close(gan_comm *comm);

#endif
