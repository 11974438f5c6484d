#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gan_dist/data.h"

/* Enough that a small network does not learn them by heart, few enough to be drawn in about a second. */
#define FACES_DEFAULT 8192
#define FACES_MAX     100000000

/* The set does not depend on the run's seed: runs that differ in the seed alone see the same pictures. */
#define FACES_SEED 0

bool gan_faces_named(const char *path)
{
    return strcmp(path, "faces") == 0 || strncmp(path, "faces:", 6) == 0;
}

static gan_status read_face(const gan_source *source, gan_scratch *scratch, uint8_t *out, uint64_t index,
                            gan_bad *bad)
{
    const gan_config *config = source->config;
    size_t h = (size_t)config->height, w = (size_t)config->width;
    *bad = GAN_BAD_NONE;
    index += (uint64_t)config->skip;
    if (config->channels == 3) {
        gan_faces_draw(out, config->height, config->width, FACES_SEED, index);
        return GAN_OK;
    }
    if (!gan_buffer_need(&scratch->pixels, h * w * 3))
        return gan_error(GAN_FAILED, "--data %s: no memory to draw a face", config->data);
    gan_faces_draw(scratch->pixels.bytes, config->height, config->width, FACES_SEED, index);
    gan_pixels in = {scratch->pixels.bytes, w * 3, config->height, config->width, 3};
    if (!gan_picture_fit(scratch, out, config, in))
        return gan_error(GAN_FAILED, "--data %s: no memory to draw a face", config->data);
    return GAN_OK;
}

static void close_faces(gan_source *source)
{
    free(source);
}

gan_status gan_source_open_faces(gan_source **out, const gan_config *config)
{
    static const gan_source_ops ops = {.read = read_face, .close = close_faces};
    long long count = FACES_DEFAULT;
    if (config->data[5] == ':') {
        const char *digits = config->data + 6;
        char *end = NULL;
        errno = 0;
        count = strtoll(digits, &end, 10);
        if (digits[0] < '0' || digits[0] > '9' || *end != '\0' || errno || count < 1 || count > FACES_MAX)
            return gan_error(GAN_BAD_INPUT, "--data %s: faces:COUNT needs a COUNT of 1..%d", config->data,
                             FACES_MAX);
    }
    if (config->labels != GAN_LABELS_NONE)
        return gan_error(GAN_BAD_INPUT, "--data %s: the drawn faces have no labels: set data.labels to none",
                         config->data);
    if (config->skip >= count)
        return gan_error(GAN_BAD_INPUT, "--data %s: data.skip %lld leaves none of %lld faces", config->data,
                         (long long)config->skip, count);
    gan_source *source = calloc(1, sizeof *source);
    if (!source)
        return gan_error(GAN_FAILED, "--data %s: out of memory", config->data);
    source->ops = &ops;
    source->config = config;
    source->count = (uint64_t)(count - config->skip);
    source->identity = source->count;
    snprintf(source->what, sizeof source->what, "the built-in drawn faces");
    *out = source;
    return GAN_OK;
}
