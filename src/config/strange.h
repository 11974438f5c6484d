/* strange.h: characters that editors, word processors and web pages put in place of plain ones. Internal to
 * src/config. */
#ifndef GAN_CONFIG_STRANGE_H
#define GAN_CONFIG_STRANGE_H

#include <stddef.h>

/* The first character of text[0..n) that is not ASCII, by its name: "a no-break space (U+00A0)". Returns
 * `out`; NULL: there is none. */
const char *gan_strange_find(char *out, size_t room, const char *text, size_t n);

/* The same of one that cannot be seen, at one of the ends of a text. */
const char *gan_strange_end(char *out, size_t room, const char *text);

#endif
