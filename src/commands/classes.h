/* classes.h: the classes of a checkpoint by their names, as GAN_META_CLASSES lists them. */
#ifndef GAN_COMMANDS_CLASSES_H
#define GAN_COMMANDS_CLASSES_H

#include <stdbool.h>
#include <stddef.h>
#include "gan_dist/error.h"

/* The next name of the list, *n bytes at *name; *list moves on and is NULL behind the last.
 * False: no more. */
bool gan_class_next(const char **name, size_t *n, const char **list);

/* The class that `text` (of --class) means, 0 to classes - 1: its name, or its number; `name:X` and
 * `number:N` say which. `list` NULL: there are no names. GAN_BAD_INPUT: none, or more than one. */
gan_status gan_class_find(int *out, const char *text, int classes, const char *list);

#endif
