/* table.h: the constructors behind the table of backends (table.c). A new backend adds its line here and its
 * row there. */
#ifndef GAN_BACKEND_TABLE_H
#define GAN_BACKEND_TABLE_H

#include "gan_dist/backend.h"

/* *out is closed with its own ops->close. */
gan_status gan_ref_open(gan_backend **out, const gan_backend_options *options);
gan_status gan_cpu_open(gan_backend **out, const gan_backend_options *options);
/* GAN_BAD_INPUT where there is no such GPU. */
gan_status gan_cuda_open(gan_backend **out, const gan_backend_options *options);

void gan_cuda_find(gan_backend_devices *out);

#endif
