/* manual.h: what the build writes from the tables of commands, options and presets: the manual page and the
 * completion for bash. Part of a program of its own, which the build runs; nothing of it is in gan_dist. */
#ifndef GAN_MANUAL_H
#define GAN_MANUAL_H

#include <stdio.h>

/* The manual page, for man(1). */
void gan_manual_page(FILE *out);
/* A script that bash sources. */
void gan_manual_completion(FILE *out);

#endif
