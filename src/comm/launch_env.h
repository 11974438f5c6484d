/* launch_env.h: what the launcher left in the environment. */
#ifndef GAN_COMM_LAUNCH_ENV_H
#define GAN_COMM_LAUNCH_ENV_H

#include "gan_dist/error.h"

/* Before MPI starts: GAN_BAD_INPUT when Slurm started several copies and gave none of them a rank. */
gan_status gan_launch_check_alone(void);

/* After: GAN_BAD_INPUT when the launcher started several copies but MPI's world has one. */
gan_status gan_launch_check_world(int size);

/* Settings of Open MPI that this machine needs, where the user has made none. */
void gan_launch_defaults(void);

#endif
