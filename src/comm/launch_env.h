/* launch_env.h: what the launcher left in the environment. */
#ifndef GAN_COMM_LAUNCH_ENV_H
#define GAN_COMM_LAUNCH_ENV_H

#include "gan_dist/error.h"

/* Before MPI starts: GAN_BAD_INPUT when Slurm started several copies and gave none of them a rank. */
gan_status gan_launch_check_alone(void);

/* After: GAN_BAD_INPUT when the launcher started several copies but MPI's world has one. */
gan_status gan_launch_check_world(int size);

/* Where a rank runs: its host's name as Open MPI reads it, and which of that host's ranks it is; -1 where the
 * launcher does not say. */
typedef struct {
    char host[256];
    int local_rank;
} gan_launch_place;

void gan_launch_place_read(gan_launch_place *out);

/* GAN_BAD_INPUT when two of all `n` ranks are the same one of the same host: these are two hosts of one name.
 * Open MPI 4 takes them for one, and dies or hangs as soon as it groups the ranks by host. */
gan_status gan_launch_check_places(const gan_launch_place *places, int n);

/* Before MPI starts: settings of Open MPI that this machine needs, where the user has made none.
 * GAN_FAILED: no folder for temporary files. */
gan_status gan_launch_defaults(void);

/* After the log knows the rank: the first rank of a host warns of what was taken in place of a TMPDIR or a
 * /dev/shm that cannot be used. Not collective. */
void gan_launch_warn(void);

#endif
