#include "source.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gan_dist/rng.h"
#include "idx.h"
#include "mnist.h"

/* One or two IDX files one after the other: MNIST's training and test pictures. */
typedef struct idx_source {
    gan_source base;
    gan_idx file[2];
    int files;
    int height, width, channels; /* of the pictures in the files */
    uint64_t skip;
    int32_t *labels; /* of the pictures after `skip` */
} idx_source;

/* --- pictures ---------------------------------------------------------------------------------- */

/* Which file picture `index` (after the skip) lies in, and where. */
static int find(const idx_source *self, uint64_t *index)
{
    *index += self->skip;
    if (*index < self->file[0].dim[0])
        return 0;
    *index -= self->file[0].dim[0];
    return 1;
}

static const uint8_t *mapped_pixels(const gan_source *source, uint64_t index)
{
    const idx_source *self = (const idx_source *)source;
    const gan_idx *file = &self->file[find(self, &index)];
    return file->map + file->header + index * file->item;
}

static gan_status read_picture(const gan_source *source, gan_scratch *scratch, uint8_t *out, uint64_t index,
                               gan_bad *bad)
{
    const idx_source *self = (const idx_source *)source;
    uint64_t at = index;
    int which = find(self, &at);
    const gan_idx *file = &self->file[which];
    const uint8_t *pixels = NULL;
    *bad = GAN_BAD_NONE;
    if (file->zipped) {
        if (!scratch->stream[which])
            GAN_TRY(gan_idx_stream_open(&scratch->stream[which], file));
        if (!gan_buffer_need(&scratch->pixels, file->item))
            return gan_error(GAN_FAILED, "%s: out of memory", file->path);
        GAN_TRY(gan_idx_stream_read(scratch->stream[which], scratch->pixels.bytes, at));
        pixels = scratch->pixels.bytes;
    } else {
        pixels = mapped_pixels(source, index);
    }
    gan_pixels in = {pixels, (size_t)self->width * (size_t)self->channels, self->height, self->width,
                     self->channels};
    if (!gan_picture_fit(scratch, out, source->config, in))
        return gan_error(GAN_FAILED, "%s: out of memory for resizing", file->path);
    return GAN_OK;
}

static void release_streams(gan_scratch *scratch)
{
    for (int i = 0; i < 2; i++) {
        gan_idx_stream_close(scratch->stream[i]);
        scratch->stream[i] = NULL;
    }
}

static int32_t picture_label(const gan_source *source, uint64_t index)
{
    return ((const idx_source *)source)->labels[index];
}

static void close_idx(gan_source *source)
{
    idx_source *self = (idx_source *)source;
    for (int i = 0; i < 2; i++)
        gan_idx_close(&self->file[i]);
    free(self->labels);
    free(self);
}

/* --- opening ----------------------------------------------------------------------------------- */

static gan_status check_shape(const gan_idx *file)
{
    bool right = file->type == GAN_IDX_BYTE && (file->dims == 3 || file->dims == 4);
    uint64_t channels = file->dims == 4 ? file->dim[3] : 1;
    if (!right || (channels != 1 && channels != 3))
        return gan_error(
            GAN_BAD_INPUT,
            "%s: not a file of pictures: IDX type 0x%02x with %d dimensions (needed: 0x08, N x H x W or N "
            "x H x W x C with 1 or 3 channels)",
            file->path, (unsigned)file->type, file->dims);
    if (file->dim[1] > INT_MAX || file->dim[2] > INT_MAX ||
        file->dim[1] * file->dim[2] > GAN_PICTURE_PIXEL_MAX)
        return gan_error(GAN_BAD_INPUT, "%s: pictures of %llu x %llu are too large (limit: 64 Mpixel)",
                         file->path, (unsigned long long)file->dim[1], (unsigned long long)file->dim[2]);
    return GAN_OK;
}

static gan_status open_file(idx_source *self, const char *path)
{
    gan_idx *file = &self->file[self->files];
    self->files++;
    GAN_TRY(gan_idx_open(file, path));
    GAN_TRY(check_shape(file));
    int channels = file->dims == 4 ? (int)file->dim[3] : 1;
    if (self->files == 1) {
        self->height = (int)file->dim[1];
        self->width = (int)file->dim[2];
        self->channels = channels;
    } else if (self->height != (int)file->dim[1] || self->width != (int)file->dim[2] ||
               self->channels != channels) {
        return gan_error(GAN_BAD_INPUT, "%s: its pictures have another size than those of %s", path,
                         self->file[0].path);
    }
    return GAN_OK;
}

bool gan_idx_in_folder(const char *path)
{
    gan_mnist found;
    gan_mnist_find(&found, path);
    bool any = found.n > 0 || found.no_memory;
    gan_mnist_free(&found);
    return any;
}

/* The parts that data.split wants, of the one set there is. */
static gan_status open_set(idx_source *self, const gan_config *config, const gan_mnist *found)
{
    const gan_mnist_set *set = found->sets;
    if (found->n > 1)
        return gan_error(
            GAN_BAD_INPUT,
            "--data %s: holds several sets, such as %.900s and %.900s: name the folder of one, or one "
            "file of pictures",
            config->data, *set[0].images[0] ? set[0].images[0] : set[0].images[1],
            *set[1].images[0] ? set[1].images[0] : set[1].images[1]);
    for (int test = 0; test < 2; test++) {
        const char *path = set->images[test], *name = strrchr(set->place, '/') + 1;
        if (config->split == (test ? GAN_SPLIT_TRAIN : GAN_SPLIT_TEST) || (found->one_file && !*path))
            continue;
        if (!*path)
            return gan_error(
                GAN_BAD_INPUT,
                "--data %s: %s%s-images-idx3-ubyte (or .gz) is missing; to use the other part alone set "
                "data.split to %s",
                config->data, name,
                !test   ? "train"
                : *name ? "test"
                        : "t10k",
                test ? "train" : "test");
        GAN_TRY(open_file(self, path));
    }
    if (self->files == 0)
        return gan_error(GAN_BAD_INPUT, "--data %s: holds the other part than data.split names",
                         config->data);
    return GAN_OK;
}

static gan_status open_folder(idx_source *self, const gan_config *config)
{
    gan_mnist found;
    gan_mnist_find(&found, config->data);
    gan_status status =
        found.n > 0 ? open_set(self, config, &found)
                    : gan_error(GAN_FAILED, "--data %s: out of memory for looking into it", config->data);
    gan_mnist_free(&found);
    return status;
}

/* Appends the labels of one pictures file. */
static gan_status add_labels(int32_t *all, const gan_idx *file)
{
    char path[GAN_TEXT_MAX];
    if (!gan_mnist_labels(path, file->path))
        return gan_error(
            GAN_BAD_INPUT,
            "%s: its labels are missing: looked for %s-labels and for the same name with labels instead of "
            "images, idx1 instead of idx3",
            file->path, file->path);
    int32_t *labels = NULL;
    uint64_t n = 0;
    GAN_TRY(gan_idx_read_labels(&labels, &n, path));
    gan_status status = GAN_OK;
    if (n != file->dim[0])
        status = gan_error(GAN_BAD_INPUT, "%s: has %llu labels for %llu pictures", path,
                           (unsigned long long)n, (unsigned long long)file->dim[0]);
    else
        memcpy(all, labels, n * sizeof *labels);
    free(labels);
    return status;
}

static gan_status load_labels(idx_source *self, const gan_config *config)
{
    if (config->labels == GAN_LABELS_NONE)
        return GAN_OK;
    if (config->labels == GAN_LABELS_FOLDERS)
        return gan_error(GAN_BAD_INPUT,
                         "--data %s: data.labels = folders is for folders of pictures: for IDX files use "
                         "file or none",
                         config->data);
    uint64_t n = self->file[0].dim[0] + self->file[1].dim[0];
    int32_t *all = calloc(n, sizeof *all);
    if (!all)
        return gan_error(GAN_FAILED, "--data %s: out of memory for labels", config->data);
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < self->files; i++)
        status = add_labels(all + (i ? self->file[0].dim[0] : 0), &self->file[i]);
    if (status == GAN_OK) {
        memmove(all, all + self->skip, self->base.count * sizeof *all);
        self->labels = all;
        self->base.has_labels = true;
    } else {
        free(all);
    }
    return status;
}

static gan_status fill(idx_source *self, const gan_config *config, bool folder)
{
    GAN_TRY(folder ? open_folder(self, config) : open_file(self, config->data));
    uint64_t found = self->file[0].dim[0] + self->file[1].dim[0];
    self->skip = (uint64_t)config->skip;
    if (self->skip >= found)
        return gan_error(GAN_BAD_INPUT, "--data %s: data.skip %llu leaves none of %llu pictures",
                         config->data, (unsigned long long)self->skip, (unsigned long long)found);
    gan_source *base = &self->base;
    base->count = found - self->skip;
    bool zipped = self->file[0].zipped || self->file[1].zipped;
    base->mapped = !zipped && self->height == config->height && self->width == config->width &&
                   self->channels == config->channels;
    base->threads = zipped ? 1 : 0; /* each reader of a .gz unzips all that lies before its pictures */
    for (int i = 0; i < self->files; i++)
        base->identity = gan_hash(self->file[i].dim, sizeof self->file[i].dim, base->identity);
    snprintf(base->what, sizeof base->what, "%.4000s (IDX%s)", config->data,
             zipped         ? ", unzipped"
             : base->mapped ? ", mapped"
                            : "");
    return load_labels(self, config);
}

gan_status gan_source_open_idx(gan_source **out, const gan_config *config, bool folder)
{
    static const gan_source_ops ops = {.read = read_picture,
                                       .release = release_streams,
                                       .label = picture_label,
                                       .pixels = mapped_pixels,
                                       .close = close_idx};
    idx_source *self = calloc(1, sizeof *self);
    if (!self)
        return gan_error(GAN_FAILED, "--data %s: out of memory", config->data);
    self->base.ops = &ops;
    self->base.config = config;
    gan_status status = fill(self, config, folder);
    if (status != GAN_OK) {
        close_idx(&self->base);
        return status;
    }
    *out = &self->base;
    return GAN_OK;
}
