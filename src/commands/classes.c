/* classes.c: from what --class says to the number of a class. */
#include "classes.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gan_dist/base.h"

#define LISTED 8 /* names in a message */

bool gan_class_next(const char **name, size_t *n, const char **list)
{
    if (!*list)
        return false;
    *name = *list;
    *n = strcspn(*list, "/");
    *list = (*list)[*n] ? *list + *n + 1 : NULL;
    return true;
}

/* The number that a text is, or -1. */
static int number_of(const char *text, int classes)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    return end == text || *end || errno || value < 0 || value >= classes ? -1 : (int)value;
}

/* The class of this very name, or -1; *again: another one that has it too, or -1. */
static int named(int *again, const char *text, int classes, const char *list)
{
    const char *name;
    size_t n;
    int found = -1;
    *again = -1;
    for (int i = 0; i < classes && gan_class_next(&name, &n, &list); i++) {
        if (strlen(text) != n || memcmp(text, name, n) != 0)
            continue;
        if (found >= 0)
            *again = i;
        else
            found = i;
    }
    return found;
}

/* Names from a file may hold anything; a message is one line. */
static char *printable(const char *list)
{
    char *copy = strdup(list);
    for (char *c = copy; copy && *c; c++)
        if (iscntrl((unsigned char)*c))
            *c = '?';
    return copy;
}

static gan_status unknown_name(const char *text, int classes, const char *list)
{
    char known[512] = "";
    char *copy = printable(list);
    const char **names = calloc((size_t)classes, sizeof *names), *rest = copy, *name;
    size_t n, used = 0;
    int count = 0;
    if (!copy || !names) {
        free(copy);
        free(names);
        return gan_error(GAN_FAILED, "--class %.60s: out of memory", text);
    }
    while (count < classes && gan_class_next(&name, &n, &rest)) {
        if (count < LISTED)
            used += (size_t)snprintf(known + used, sizeof known - used, "%s%.*s", count ? ", " : "",
                                     n > 40 ? 40 : (int)n, name);
        names[count++] = name;
        copy[name - copy + (long)n] = '\0';
    }
    const char *nearest = gan_nearest(text, names, (size_t)count);
    gan_status status =
        gan_error(GAN_BAD_INPUT, "--class %.60s: unknown%s%.40s%s; there are %s%s, or the numbers 0 to %d",
                  text, nearest ? " (did you mean " : "", nearest ? nearest : "", nearest ? "?)" : "", known,
                  count > LISTED ? ", ... (gan_dist info lists all)" : "", classes - 1);
    free(copy);
    free(names);
    return status;
}

gan_status gan_class_find(int *out, const char *text, int classes, const char *list)
{
    const char *as_number = strncmp(text, "number:", 7) == 0 ? text + 7 : NULL;
    const char *as_name = strncmp(text, "name:", 5) == 0 ? text + 5 : NULL;
    int again, name = named(&again, text, classes, list), number = number_of(text, classes);
    if (name < 0 && as_number)
        number = number_of(as_number, classes);
    if (name < 0 && as_name)
        name = named(&again, as_name, classes, list);
    if (again >= 0)
        return gan_error(GAN_BAD_INPUT,
                         "--class %.60s: the name of class %d and of class %d; write number:%d or "
                         "number:%d",
                         text, name, again, name, again);
    if (name >= 0 && number >= 0 && name != number)
        return gan_error(
            GAN_BAD_INPUT,
            "--class %.60s: class %d has this name, and class %d this number; write --class name:%.60s "
            "or --class number:%.60s",
            text, name, number, text, text);
    *out = name >= 0 ? name : number;
    if (*out >= 0)
        return GAN_OK;
    if (list)
        return unknown_name(as_name ? as_name : text, classes, list);
    return gan_error(
        GAN_BAD_INPUT,
        "--class %.60s: must be a whole number from 0 to %d; this checkpoint knows its classes by number "
        "only",
        text, classes - 1);
}
