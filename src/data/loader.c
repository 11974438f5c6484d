#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "gan_dist/base.h"
#include "gan_dist/data.h"
#include "gan_dist/pixel.h"
#include "gan_dist/rng.h"

#define BUFFERS GAN_LOADER_BUFFERS

typedef struct buffer {
    float *images;
    uint64_t *picks;
    int *labels;
    uint64_t *positions;
} buffer;

struct gan_loader {
    const gan_data *data;
    uint64_t seed, batch;
    bool mirror, has_labels;
    int height, width, channels;
    gan_loader_spec spec;
    float value[256]; /* of each uint8 in the configured range */
    buffer buffers[BUFFERS];
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    /* Guarded by the mutex. Step s lives in buffer s % 2;
     * taken <= step of the first unprepared <= taken + 2. */
    uint64_t prepared; /* steps below are prepared */
    uint64_t taken;    /* the step handed out next */
    uint64_t released; /* steps below are no longer looked at */
    bool stop;
};

static void convert(float *out, const uint8_t *in, size_t n, const float *value)
{
    for (size_t i = 0; i < n; i++)
        out[i] = value[in[i]];
}

static void convert_mirrored(const gan_loader *loader, float *out, const uint8_t *in)
{
    size_t c = (size_t)loader->channels, w = (size_t)loader->width;
    for (int y = 0; y < loader->height; y++, in += w * c)
        for (size_t x = w; x-- > 0; out += c)
            convert(out, in + x * c, c, loader->value);
}

/* Half of the samples, chosen by step and place in the global batch. */
static bool mirrored(const gan_loader *loader, uint64_t step, uint64_t sample)
{
    uint32_t word;
    gan_rng at = {loader->seed, GAN_STREAM_MIRROR, 0, (uint32_t)step, (uint32_t)sample};
    gan_rng_words(&word, 1, at);
    return word & 1;
}

static size_t picture_size(const gan_loader *loader)
{
    return (size_t)loader->height * (size_t)loader->width * (size_t)loader->channels;
}

/* Picture `at` of the data set as sample k of a batch. */
static void fetch(const gan_loader *loader, int b, int k, uint64_t at, bool mirror)
{
    const buffer *to = &loader->buffers[b];
    size_t size = picture_size(loader), offset = (size_t)k * size;
    const uint8_t *pixels = gan_data_image(loader->data, at);
    gan_form form = loader->spec.form;
    if (form == GAN_FORM_BYTES)
        memcpy(loader->spec.pixels[b] + offset, pixels, size);
    else if (form == GAN_FORM_FLOATS && mirror)
        convert_mirrored(loader, to->images + offset, pixels);
    else if (form == GAN_FORM_FLOATS)
        convert(to->images + offset, pixels, size, loader->value);
    to->picks[k] = 2 * (form == GAN_FORM_PICKS ? at : (uint64_t)k) + mirror;
}

static void prepare(const gan_loader *loader, int b, uint64_t step)
{
    const buffer *to = &loader->buffers[b];
    uint64_t count = gan_data_count(loader->data);
    for (int k = 0; k < loader->spec.n; k++) {
        uint64_t sample = (uint64_t)(loader->spec.first + k);
        uint64_t at = gan_data_position(count, loader->batch, loader->seed, step, sample);
        fetch(loader, b, k, at, loader->mirror && mirrored(loader, step, sample));
        to->positions[k] = at;
        if (loader->has_labels)
            to->labels[k] = gan_data_label(loader->data, at);
    }
}

static void *run(void *argument)
{
    gan_loader *loader = argument;
    pthread_mutex_lock(&loader->mutex);
    while (!loader->stop) {
        if (loader->prepared >= loader->released + BUFFERS) {
            pthread_cond_wait(&loader->changed, &loader->mutex);
            continue;
        }
        uint64_t step = loader->prepared;
        pthread_mutex_unlock(&loader->mutex);
        prepare(loader, (int)(step % BUFFERS), step);
        pthread_mutex_lock(&loader->mutex);
        loader->prepared = step + 1;
        pthread_cond_broadcast(&loader->changed);
    }
    pthread_mutex_unlock(&loader->mutex);
    return NULL;
}

static gan_status make_buffers(gan_loader *loader)
{
    size_t n = (size_t)loader->spec.n;
    size_t floats = loader->spec.form == GAN_FORM_FLOATS ? n * picture_size(loader) : 0;
    for (int b = 0; b < BUFFERS; b++) {
        buffer *to = &loader->buffers[b];
        to->images = gan_alloc(floats * sizeof *to->images);
        to->picks = calloc(n, sizeof *to->picks);
        to->labels = calloc(n, sizeof *to->labels);
        to->positions = calloc(n, sizeof *to->positions);
        if (!to->images || !to->picks || !to->labels || !to->positions)
            return gan_error(GAN_FAILED, "no memory for two batches of %zu pictures", n);
    }
    return GAN_OK;
}

static void free_loader(gan_loader *loader)
{
    for (int b = 0; b < BUFFERS; b++) {
        free(loader->buffers[b].images);
        free(loader->buffers[b].picks);
        free(loader->buffers[b].labels);
        free(loader->buffers[b].positions);
    }
    pthread_cond_destroy(&loader->changed);
    pthread_mutex_destroy(&loader->mutex);
    free(loader);
}

/* With every signal blocked, since requests to stop are the main thread's business,
 * but those of its own mistakes. */
static gan_status start(gan_loader *loader)
{
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&loader->thread, NULL, run, loader);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed ? gan_error(GAN_FAILED, "cannot start the loader's thread: %s", strerror(failed)) : GAN_OK;
}

gan_status gan_loader_open(gan_loader **out, const gan_data *data, const gan_config *config,
                           const gan_loader_spec *spec)
{
    *out = NULL;
    gan_loader *loader = calloc(1, sizeof *loader);
    if (!loader)
        return gan_error(GAN_FAILED, "no memory for the loader");
    *loader = (gan_loader){.data = data,
                           .seed = config->seed,
                           .batch = (uint64_t)config->batch,
                           .mirror = config->mirror,
                           .has_labels = gan_data_label(data, 0) >= 0,
                           .height = config->height,
                           .width = config->width,
                           .channels = config->channels,
                           .spec = *spec,
                           .prepared = spec->step,
                           .taken = spec->step,
                           .released = spec->step};
    for (int v = 0; v < 256; v++)
        loader->value[v] = gan_pixel_value((uint8_t)v, config->range == GAN_RANGE_UNIT);
    pthread_mutex_init(&loader->mutex, NULL);
    pthread_cond_init(&loader->changed, NULL);
    gan_status status = make_buffers(loader);
    if (status == GAN_OK)
        status = start(loader);
    if (status != GAN_OK) {
        free_loader(loader);
        return status;
    }
    *out = loader;
    return GAN_OK;
}

gan_status gan_loader_next(gan_loader *loader, gan_batch *out)
{
    pthread_mutex_lock(&loader->mutex);
    uint64_t step = loader->taken++;
    loader->released = step; /* the batch handed out before may be overwritten now */
    pthread_cond_broadcast(&loader->changed);
    while (loader->prepared <= step)
        pthread_cond_wait(&loader->changed, &loader->mutex);
    pthread_mutex_unlock(&loader->mutex);
    const buffer *from = &loader->buffers[step % BUFFERS];
    *out = (gan_batch){.step = step,
                       .images = loader->spec.form == GAN_FORM_FLOATS ? from->images : NULL,
                       .pixels = loader->spec.pixels[step % BUFFERS],
                       .picks = from->picks,
                       .labels = loader->has_labels ? from->labels : NULL,
                       .positions = from->positions};
    return GAN_OK;
}

void gan_loader_close(gan_loader *loader)
{
    if (!loader)
        return;
    pthread_mutex_lock(&loader->mutex);
    loader->stop = true;
    pthread_cond_broadcast(&loader->changed);
    pthread_mutex_unlock(&loader->mutex);
    pthread_join(loader->thread, NULL);
    free_loader(loader);
}
