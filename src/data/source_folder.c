#include "source.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gan_dist/rng.h"
#include "scan.h"

typedef struct folder_source {
    gan_source base;
    gan_scan scan; /* owns the names */
    char **names;  /* those after data.skip */
    int32_t *labels;
} folder_source;

static gan_status read_file(const gan_source *source, gan_scratch *scratch, uint8_t *out, uint64_t index,
                            gan_bad *bad)
{
    const folder_source *self = (const folder_source *)source;
    char path[GAN_TEXT_MAX + PATH_MAX + 2];
    snprintf(path, sizeof path, "%s/%s", source->config->data, self->names[index]);
    *bad = gan_picture_load(scratch, out, source->config, path);
    return GAN_OK;
}

static int32_t file_label(const gan_source *source, uint64_t index)
{
    return ((const folder_source *)source)->labels[index];
}

static const char *file_path(const gan_source *source, uint64_t index)
{
    return ((const folder_source *)source)->names[index];
}

static void close_folder(gan_source *source)
{
    folder_source *self = (folder_source *)source;
    gan_scan_free(&self->scan);
    free(self->labels);
    free(self);
}

static size_t first_level(const char *name)
{
    const char *slash = strchr(name, '/');
    return slash ? (size_t)(slash - name) : 0;
}

/* Sub-folders are numbered in the order of their names. Sorted whole paths do not give that ("a-b/x" comes
 * before "a/x"), so a new number is the count of distinct names before it. */
typedef struct folder_name {
    const char *text;
    size_t n;
} folder_name;

static int by_name(const void *a, const void *b)
{
    const folder_name *x = a, *y = b;
    int order = memcmp(x->text, y->text, x->n < y->n ? x->n : y->n);
    return order ? order : x->n < y->n ? -1 : x->n > y->n;
}

/* The distinct first-level folders, sorted. They stand together in the sorted list of paths. */
static gan_status list_folders(folder_name **out, size_t *n, const gan_scan *scan, const char *data)
{
    *n = 0;
    *out = calloc(scan->count, sizeof **out);
    if (!*out)
        return gan_error(GAN_FAILED, "--data %s: out of memory for %zu labels", data, scan->count);
    for (size_t i = 0; i < scan->count; i++) {
        folder_name name = {scan->names[i], first_level(scan->names[i])};
        if (name.n == 0)
            return gan_error(
                GAN_BAD_INPUT,
                "--data %s: data.labels = folders, but %s lies in no sub-folder: move it into the folder "
                "of its class",
                data, name.text);
        if (*n == 0 || by_name(&(*out)[*n - 1], &name) != 0)
            (*out)[(*n)++] = name;
    }
    qsort(*out, *n, sizeof **out, by_name);
    return GAN_OK;
}

static gan_status label_files(folder_source *self, const gan_config *config)
{
    size_t n = 0;
    folder_name *folders = NULL;
    gan_status status = list_folders(&folders, &n, &self->scan, config->data);
    if (status == GAN_OK) {
        self->labels = calloc(self->base.count, sizeof *self->labels);
        if (!self->labels)
            status = gan_error(GAN_FAILED, "--data %s: out of memory for labels", config->data);
    }
    for (uint64_t i = 0; status == GAN_OK && i < self->base.count; i++) {
        folder_name name = {self->names[i], first_level(self->names[i])};
        folder_name *found = bsearch(&name, folders, n, sizeof *folders, by_name);
        self->labels[i] = (int32_t)(found - folders);
    }
    self->base.has_labels = status == GAN_OK;
    free(folders);
    return status;
}

static gan_status fill(folder_source *self, const gan_config *config)
{
    GAN_TRY(gan_scan_folder(&self->scan, config->data));
    uint64_t found = self->scan.count, skip = (uint64_t)config->skip;
    if (found == 0)
        return gan_error(
            GAN_BAD_INPUT,
            "--data %s: nothing found: looked for .jpg .jpeg .png files in it and in all folders below "
            "it, and for MNIST's files (train-images-idx3-ubyte, with or without .gz)",
            config->data);
    if (skip >= found)
        return gan_error(GAN_BAD_INPUT, "--data %s: data.skip %llu leaves none of %llu picture files",
                         config->data, (unsigned long long)skip, (unsigned long long)found);
    self->names = self->scan.names + skip;
    self->base.count = found - skip;
    for (uint64_t i = 0; i < self->base.count; i++)
        self->base.identity = gan_hash(self->names[i], strlen(self->names[i]), self->base.identity);
    if (config->labels == GAN_LABELS_FILE)
        return gan_error(
            GAN_BAD_INPUT,
            "--data %s: data.labels = file is for IDX files: for a folder of pictures use folders (names "
            "of sub-folders) or none",
            config->data);
    return config->labels == GAN_LABELS_FOLDERS ? label_files(self, config) : GAN_OK;
}

gan_status gan_source_open_folder(gan_source **out, const gan_config *config)
{
    static const gan_source_ops ops = {
        .read = read_file, .label = file_label, .path = file_path, .close = close_folder};
    folder_source *self = calloc(1, sizeof *self);
    if (!self)
        return gan_error(GAN_FAILED, "--data %s: out of memory", config->data);
    self->base.ops = &ops;
    self->base.config = config;
    snprintf(self->base.what, sizeof self->base.what, "the folder %.4000s", config->data);
    gan_status status = fill(self, config);
    if (status != GAN_OK) {
        close_folder(&self->base);
        return status;
    }
    *out = &self->base;
    return GAN_OK;
}
