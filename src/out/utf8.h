/* utf8.h: JSON is UTF-8, while paths and the files of others may be anything. */
#ifndef GAN_OUT_UTF8_H
#define GAN_OUT_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the character that begins at text[0] (RFC 3629: no overlong forms, no surrogates), 0 when there is
 * none within n bytes. */
size_t gan_utf8_step(const char *text, size_t n);
bool gan_utf8_valid(const char *text);

#endif
