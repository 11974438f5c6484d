/* reader.h: reading an INI text entry by entry, with no limit on the length of a line. */
#ifndef GAN_CONFIG_READER_H
#define GAN_CONFIG_READER_H

#include <stdbool.h>
#include "gan_dist/error.h"

/* One `name = value`. Texts live for the call only. `section` is "" before the first heading. */
typedef struct gan_ini_entry {
    const char *section, *name, *value;
    int line;       /* of the name, from 1 */
    bool continued; /* indented lines followed; they are joined with single blanks */
} gan_ini_entry;

typedef gan_status (*gan_ini_fn)(void *context, const gan_ini_entry *entry);

/* Calls `fn` for each entry in order until one fails. `#` and `;` start a comment at the start of a line or
 * after a blank. A line that is no entry, heading or comment is GAN_BAD_INPUT "ORIGIN:LINE: ...", and so is
 * an unknown section. */
gan_status gan_ini_read(const char *text, const char *origin, gan_ini_fn fn, void *context);

#endif
