/* feed.h: the real pictures of a run on their way from the data set to the backend: a loader, and for a
 * device the memory at either end. Main thread only; local to a rank. */
#ifndef GAN_FEED_H
#define GAN_FEED_H

#include "gan_dist/backend.h"
#include "gan_dist/config.h"
#include "gan_dist/data.h"

typedef struct gan_feed gan_feed;

/* Samples first .. first+n-1 of each batch from step `step` on. A device keeps all pictures when they take at
 * most half of its free memory, unless run.pictures says otherwise: open it when all else has its memory.
 * Close it before the data and the backend. */
gan_status gan_feed_open(gan_feed **out, gan_backend *backend, const gan_data *data, const gan_config *config,
                         int first, int n, uint64_t step);
/* The next step's batch, for gan_step_next; valid until the next call. */
gan_status gan_feed_next(gan_feed *feed, gan_batch *out);
void gan_feed_close(gan_feed *feed); /* NULL is fine */

#endif
