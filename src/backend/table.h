/* table.h: the constructors behind the table of backends (table.c). A new backend adds its line here and its
 * row there. */
#ifndef GAN_BACKEND_TABLE_H
#define GAN_BACKEND_TABLE_H

#include "gan_dist/backend.h"

/* threads >= 1; *out is closed with its own ops->close. */
gan_status gan_ref_open(gan_backend **out, int threads);
gan_status gan_cpu_open(gan_backend **out, int threads);
gan_status gan_cuda_open(gan_backend **out, int threads); /* GAN_BAD_INPUT where there is no GPU */

#endif
