/* class_names.c: the names of the classes, for a checkpoint and for config.ini. They are names of folders, so
 * they may hold any byte but "/". */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train.h"
#include "gan_dist/base.h"

/* What is no text, or no UTF-8, becomes '?'. */
static void put_name(FILE *out, const char *name)
{
    const size_t n = strlen(name);
    for (size_t i = 0; i < n;) {
        size_t step = gan_utf8_step(name + i, n - i);
        if (step == 0 || iscntrl((unsigned char)name[i]))
            fputc('?', out);
        else
            fwrite(name + i, 1, step, out);
        i += step > 0 ? step : 1;
    }
}

static size_t n_named(const gan_training *t)
{
    size_t n = t->config.classes > 0 ? gan_data_classes(t->data) : 0;
    return n > 0 && gan_data_class_name(t->data, 0) ? n : 0;
}

/* The text is there only when its stream is closed. */
static gan_status end_text(char **out, FILE *file, char **text)
{
    bool failed = ferror(file);
    if (fclose(file) != 0 || failed) {
        free(*text);
        return gan_error(GAN_FAILED, "the names of the classes: out of memory");
    }
    *out = *text;
    return GAN_OK;
}

gan_status gan_class_names_joined(char **out, const gan_training *t)
{
    const size_t n = n_named(t);
    char *text = NULL;
    size_t size;
    *out = NULL;
    if (n == 0)
        return GAN_OK;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        return gan_error(GAN_FAILED, "the names of the classes: out of memory");
    for (size_t k = 0; k < n; k++) {
        const char *name = gan_data_class_name(t->data, k);
        if (k > 0)
            fputc('/', file);
        if (name)
            put_name(file, name);
    }
    return end_text(out, file, &text);
}

gan_status gan_class_names_comment(char **out, const gan_training *t, const char *before)
{
    const size_t n = n_named(t);
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    *out = NULL;
    if (!file)
        return gan_error(GAN_FAILED, "the names of the classes: out of memory");
    fputs(before, file);
    if (n > 0)
        fputs("\n# The classes of the pictures, each with the number that it has as a label:\n", file);
    for (size_t k = 0; k < n; k++) {
        const char *name = gan_data_class_name(t->data, k);
        fprintf(file, "# %zu ", k);
        if (name)
            put_name(file, name);
        fputc('\n', file);
    }
    return end_text(out, file, &text);
}
