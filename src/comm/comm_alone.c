/* The world of a build without MPI (-DGAN_MPI=OFF): this process. */
#include "comm_ops.h"
#include "launch_env.h"

gan_status gan_comm_open_mpi(gan_comm **out, int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    *out = NULL;
    if (gan_launch_check_world(1) != GAN_OK)
        return gan_error(GAN_BAD_INPUT, "several copies were started, but this program was built without MPI "
                                        "(GAN_MPI=OFF), so each would be rank 0 of 1; "
                                        "start one, or build it with MPI");
    return gan_comm_open_self(out);
}
