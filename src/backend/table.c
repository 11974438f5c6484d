/* table.c: the backends of this build by name, in the order in which they are listed to people. */
#include "table.h"

#include <string.h>
#include "gan_dist/base.h"
#include "driver.h"

typedef struct backend_row {
    const char *name;
    gan_status (*open)(gan_backend **out, const gan_backend_options *options);
    void (*find)(gan_backend_devices *out); /* its devices; NULL: it computes on the host */
} backend_row;

static const backend_row table[] = {
    {"cpu", gan_cpu_open, NULL},
    {"ref", gan_ref_open, NULL},
#ifdef GAN_CUDA
    {"cuda", gan_cuda_open, gan_cuda_find},
#endif
};

#define TABLE_ROWS (sizeof(table) / sizeof(table[0]))

/* Names of the project that a build may lack: not misspelt, so nothing nearest is suggested. */
static const char *const optional_names[] = {"cuda"};

#define OPTIONAL_NAMES (sizeof(optional_names) / sizeof(optional_names[0]))

const char *gan_backend_name(size_t index)
{
    return index < TABLE_ROWS ? table[index].name : NULL;
}

static gan_status unknown_backend(const char *name)
{
    const char *names[TABLE_ROWS];
    char known[256] = "";
    for (size_t i = 0; i < TABLE_ROWS; i++) {
        names[i] = table[i].name;
        if (i > 0)
            strncat(known, ", ", sizeof known - strlen(known) - 1);
        strncat(known, table[i].name, sizeof known - strlen(known) - 1);
    }
    for (size_t i = 0; i < OPTIONAL_NAMES; i++)
        if (strcmp(name, optional_names[i]) == 0)
            return gan_error(GAN_BAD_INPUT, "this build has no backend '%s'; known: %s", name, known);
    const char *nearest = gan_nearest(name, names, TABLE_ROWS);
    if (nearest)
        return gan_error(GAN_BAD_INPUT, "unknown backend '%s': did you mean '%s'? known: %s", name, nearest,
                         known);
    return gan_error(GAN_BAD_INPUT, "unknown backend '%s'; known: %s", name, known);
}

static const backend_row *find_row(const char *name)
{
    for (size_t i = 0; i < TABLE_ROWS; i++)
        if (strcmp(name, table[i].name) == 0)
            return &table[i];
    return NULL;
}

gan_status gan_backend_open(gan_backend **out, const char *name, const gan_backend_options *options)
{
    const backend_row *row = find_row(name);
    *out = NULL;
    if (!row)
        return unknown_backend(name);
    if (options->threads < 1)
        return gan_error(GAN_BAD_INPUT, "backend %s: threads = %d must be at least 1", name,
                         options->threads);
    if (!row->find && options->precision != GAN_PRECISION_AUTO && options->precision != GAN_PRECISION_FP32)
        return gan_error(GAN_BAD_INPUT, "backend %s: computes in float32 alone; use precision auto or fp32",
                         name);
    return row->open(out, options);
}

void gan_backend_find(gan_backend_devices *out, const char *name)
{
    const backend_row *row = find_row(name);
    if (row && row->find)
        row->find(out);
    else if (!row && strcmp(name, "cuda") == 0)
        gan_driver_unused(out);
    else
        gan_devices_none(out, GAN_FOUND_NONE, "", "%s has no devices", name);
}

void gan_backend_close(gan_backend *be)
{
    if (be)
        be->ops->close(be);
}

uint64_t gan_backend_enter(gan_backend *be, int group)
{
    be->stamp += be->ops->shares_copies && be->group != group;
    be->group = group;
    return be->stamp;
}
