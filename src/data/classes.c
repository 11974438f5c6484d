/* classes.c: which class is which, how many pictures each has, and what was left out, for the log. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gan_dist/base.h"
#include "gan_dist/log.h"
#include "store.h"

#define TOLD_MAX  8  /* classes in the line; of more, the first and the last half of that */
#define NAME_TOLD 60 /* bytes of a name there */

/* Names of folders may hold any byte: what would act on a terminal, or is no UTF-8, becomes '?'. */
static void clean(char *name)
{
    for (size_t step, left = strlen(name); left > 0; name += step, left -= step) {
        step = gan_utf8_step(name, left);
        if (step == 0 || iscntrl((unsigned char)*name)) {
            *name = '?';
            step = 1;
        }
    }
}

gan_status gan_data_keep_classes(gan_data *data, int classes)
{
    const gan_source *source = data->source;
    /* Folders beyond data.classes hold no pictures, or their labels had been refused. */
    data->n_classes = classes > 0 ? (size_t)classes : source->n_class_names;
    if (!data->has_labels || data->n_classes == 0) {
        data->n_classes = 0;
        return GAN_OK;
    }
    data->class_sizes = calloc(data->n_classes, sizeof *data->class_sizes);
    data->class_names = calloc(data->n_classes, sizeof *data->class_names);
    if (!data->class_sizes || !data->class_names)
        return gan_error(GAN_FAILED, "out of memory for the names of %zu classes", data->n_classes);
    for (uint64_t i = 0; i < data->count; i++)
        if (data->shelf.labels[i] >= 0 && (size_t)data->shelf.labels[i] < data->n_classes)
            data->class_sizes[data->shelf.labels[i]]++;
    for (size_t k = 0; k < source->n_class_names && k < data->n_classes; k++) {
        data->class_names[k] = strdup(source->class_names[k]);
        if (!data->class_names[k])
            return gan_error(GAN_FAILED, "out of memory for the names of %zu classes", data->n_classes);
        clean(data->class_names[k]);
    }
    return GAN_OK;
}

void gan_data_drop_classes(gan_data *data)
{
    for (size_t k = 0; data->class_names && k < data->n_classes; k++)
        free(data->class_names[k]);
    free(data->class_names);
    free(data->class_sizes);
}

size_t gan_data_classes(const gan_data *data)
{
    return data->n_classes;
}

const char *gan_data_class_name(const gan_data *data, size_t k)
{
    return data->class_names[k];
}

static void add(char *line, size_t room, size_t *used, const gan_data *data, size_t k)
{
    const char *name = data->class_names[k] ? data->class_names[k] : "";
    int n = (int)strnlen(name, NAME_TOLD);
    while (n > 0 && ((unsigned char)name[n] & 0xC0) == 0x80) /* not inside a character */
        n--;
    if (*used < room)
        *used += (size_t)snprintf(line + *used, room - *used, "%s%zu%s%.*s (%" PRIu64 ")",
                                  *used > 0 ? ", " : "", k, *name ? " " : "", n, name, data->class_sizes[k]);
}

/* Classes without a picture: the first of them, and how many more. */
static void warn_empty(const gan_data *data)
{
    size_t n = 0, first = 0;
    for (size_t k = 0; k < data->n_classes; k++)
        if (data->class_sizes[k] == 0 && n++ == 0)
            first = k;
    if (n == 0)
        return;
    const char *name = data->class_names[first];
    gan_warn0("class %zu%s%s%s has no pictures%s; the network will draw something for it that nothing has "
              "taught it",
              first, name ? " (folder " : "", name ? name : "", name ? ")" : "",
              n > 1 ? ", nor have others" : "");
}

void gan_data_tell(const gan_data *data)
{
    char line[1024] = "";
    size_t used = 0, n = data->n_classes;
    if (*data->left_out)
        gan_log0("             %s%s%s", data->left_out, *data->list ? "; see " : "", data->list);
    if (n == 0)
        return;
    for (size_t k = 0; k < n; k++) {
        if (n > TOLD_MAX && k == TOLD_MAX / 2) {
            k = n - TOLD_MAX / 2;
            used += (size_t)snprintf(line + used, sizeof line - used, ", ...");
        }
        add(line, sizeof line, &used, data, k);
    }
    gan_log0("classes      %zu: %s", n, line);
    warn_empty(data);
}
