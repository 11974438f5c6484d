/* snapshot_device.h: the state after the last finished step, on a device. The host runs ahead of it, and a
 * step may be one launch, so copies are ops among the others: behind the update that finishes a step, the
 * state goes to memory of its own, between two numbers of the step, of which the first is written before and
 * the second behind it. Who reads both numbers, the state, and the same numbers again has a whole state. */
#ifndef GAN_SNAPSHOT_DEVICE_H
#define GAN_SNAPSHOT_DEVICE_H

#include "snapshot.h"

typedef struct gan_device_snapshot gan_device_snapshot;

/* NULL where there is no room: then a request waits for the step's end. */
gan_status gan_device_snapshot_open(gan_device_snapshot **out, const gan_training *t);
void gan_device_snapshot_close(gan_device_snapshot *snapshot);

/* Main thread: the updates that come later, also in a graph, find the state after `step` finished steps. */
gan_status gan_device_snapshot_number(gan_device_snapshot *snapshot, uint64_t step);
/* Main thread, in the order of ops, also in a capture: statistics after the passes of a step; the whole state
 * after its last update. */
gan_status gan_device_snapshot_passes_done(gan_device_snapshot *snapshot);
gan_status gan_device_snapshot_finished(gan_device_snapshot *snapshot);

/* While the host waits for the device, too: brings the last finished step to the host; 0: there is none. */
gan_status gan_device_snapshot_fetch(uint64_t *step, gan_device_snapshot *snapshot);
/* What was fetched; the snapshot's. */
gan_snapshot_arenas gan_device_snapshot_of(const gan_device_snapshot *snapshot, int net);

#endif
