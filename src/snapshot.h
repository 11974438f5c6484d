/* snapshot.h: the state after the last finished step, ready to be written at any moment. A step is
 * finished when the updates of both networks are done; those of the first come long before those of the
 * last. So before an update that does not finish its step, the network's weights and moments are set
 * aside, until the step is. Running statistics change during a whole step; they are copied at its end.
 *
 * On rank 0; elsewhere gan_snapshot is NULL, and all calls do nothing. One thread may write a snapshot while
 * the main thread computes, which waits at its next update until that is done. Of a device the main thread
 * writes it, while it waits for the device, which goes on: snapshot_device.h. */
#ifndef GAN_SNAPSHOT_H
#define GAN_SNAPSHOT_H

#include "train.h"

/* The networks as they are now, after step t->done. Out of memory: GAN_FAILED. */
gan_status gan_snapshot_open(gan_snapshot **out, const gan_training *t);
void gan_snapshot_close(gan_snapshot *snapshot);

/* Main thread: around the update of a network; t->updates counts it already. */
void gan_snapshot_before_update(gan_snapshot *snapshot, int net);
gan_status gan_snapshot_after_update(gan_snapshot *snapshot);

/* Main thread: after the last pass of a step, before t->done counts it; before a graph is launched, whose
 * first update finishes step t->done. */
gan_status gan_snapshot_passes_done(gan_snapshot *snapshot);
gan_status gan_snapshot_launch(gan_snapshot *snapshot);

/* Any thread. Between these, nothing of the state changes. */
void gan_snapshot_lock(gan_snapshot *snapshot);
void gan_snapshot_unlock(gan_snapshot *snapshot);
bool gan_snapshot_try_lock(gan_snapshot *snapshot);
bool gan_snapshot_is_on_device(const gan_snapshot *snapshot);

/* Locked: brings what a device keeps to the host; all that follows tells of that. */
gan_status gan_snapshot_fetch(gan_snapshot *snapshot);

/* Locked: the last finished step, and where a network's state after it stands: parameters, statistics and
 * both moments. */
uint64_t gan_snapshot_step(const gan_snapshot *snapshot);
typedef struct gan_snapshot_arenas {
    float *parameters, *statistics, *moment1, *moment2; /* to be read */
} gan_snapshot_arenas;
gan_snapshot_arenas gan_snapshot_of(const gan_snapshot *snapshot, int net);

#endif
