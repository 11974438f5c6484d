#include "source.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
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

/* --- classes: the folders directly in it, numbered in the order of their names -------------------------- */

static int by_name(const void *name, const void *folder)
{
    const char *path = name, *text = *(char *const *)folder;
    const size_t n = strcspn(path, "/"), m = strlen(text);
    int order = memcmp(path, text, n < m ? n : m);
    return order ? order : n < m ? -1 : n > m;
}

/* Which folder the file lies in; -1: in none. */
static int32_t class_of(const gan_scan *scan, const char *path)
{
    char **found = strchr(path, '/')
                       ? bsearch(path, scan->folders, scan->n_folders, sizeof *scan->folders, by_name)
                       : NULL;
    return found ? (int32_t)(found - scan->folders) : -1;
}

/* Parts of a set, which no network should learn to tell apart. */
static bool is_part_of_set(const char *name)
{
    static const char *const words[] = {"train", "training", "test",       "testing", "val",
                                        "valid", "dev",      "validation", "eval",    "evaluation"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(name, words[i]) == 0)
            return true;
    return false;
}

static gan_status check_folders(const gan_scan *scan, const gan_config *config)
{
    size_t parts = 0, part = 0;
    if (scan->closed_reason)
        return gan_error(
            GAN_BAD_INPUT,
            "--data %s: cannot open the folder %s: %s; the pictures of its class would be missing",
            config->data, scan->closed, strerror(scan->closed_reason));
    for (size_t i = 0; i < scan->n_folders; i++) {
        if (!is_part_of_set(scan->folders[i]))
            continue;
        part = i;
        parts++;
    }
    if (parts == 0)
        return GAN_OK;
    return gan_error(
        GAN_BAD_INPUT,
        "--data %s: data.labels = folders, and its folder%s %s looks like a part of a set, not like a "
        "class: give one part, --data %s/%s, or rename the folder",
        config->data, parts == scan->n_folders ? "s are no classes:" : "", scan->folders[part], config->data,
        scan->folders[part]);
}

static gan_status label_files(folder_source *self, const gan_config *config)
{
    GAN_TRY(check_folders(&self->scan, config));
    self->labels = calloc(self->base.count, sizeof *self->labels);
    if (!self->labels)
        return gan_error(GAN_FAILED, "--data %s: out of memory for labels", config->data);
    for (uint64_t i = 0; i < self->base.count; i++) {
        if (strcmp(self->names[i], GAN_LOST_FOUND) == 0)
            continue; /* unreadable, and will be found so */
        self->labels[i] = class_of(&self->scan, self->names[i]);
        if (self->labels[i] < 0)
            return gan_error(
                GAN_BAD_INPUT,
                "--data %s: data.labels = folders, but %s lies in no sub-folder: move it into the folder "
                "of its class",
                config->data, self->names[i]);
    }
    self->base.has_labels = true;
    self->base.class_names = self->scan.folders;
    self->base.n_class_names = self->scan.n_folders;
    return GAN_OK;
}

/* "65 left out: .webp 50, .gif 15", the most first. */
static void tell_left_out(gan_source *out, const gan_scan *scan)
{
    uint64_t all = scan->others, told[GAN_ENDINGS_MAX] = {0};
    size_t used = 0;
    for (size_t i = 0; i < scan->n_endings; i++)
        all += told[i] = scan->endings[i].count;
    if (all > 0)
        used =
            (size_t)snprintf(out->left_out, sizeof out->left_out, "%llu left out:", (unsigned long long)all);
    for (size_t n = 0; n < scan->n_endings; n++) {
        size_t most = 0;
        for (size_t i = 1; i < scan->n_endings; i++)
            most = told[i] > told[most] ? i : most;
        const char *ending = scan->endings[most].text;
        used += (size_t)snprintf(out->left_out + used, sizeof out->left_out - used, "%s %s %llu",
                                 n > 0 ? "," : "", *ending ? ending : "without an ending",
                                 (unsigned long long)told[most]);
        told[most] = 0;
    }
    if (scan->others > 0)
        used += (size_t)snprintf(out->left_out + used, sizeof out->left_out - used, "%s others %llu",
                                 scan->n_endings > 0 ? "," : "", (unsigned long long)scan->others);
    if (scan->runs > 0)
        snprintf(out->left_out + used, sizeof out->left_out - used, "%s%llu folder%s of runs left out",
                 used > 0 ? "; " : "", (unsigned long long)scan->runs, scan->runs == 1 ? "" : "s");
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
    self->base.left = self->scan.left;
    self->base.n_left = self->scan.n_left;
    tell_left_out(&self->base, &self->scan);
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
