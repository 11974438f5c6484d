/* feed.c: host backends get floats. A device gets bytes: all of them once, and then only which ones make a
 * batch; or a batch of them for each step, sent while the step before is computed. */
#include "feed.h"

#include <stdlib.h>
#include "gan_dist/log.h"

#define PLACES GAN_LOADER_BUFFERS

struct gan_feed {
    gan_backend *backend;
    gan_loader *loader;
    gan_form form;
    size_t picture, bytes; /* of a picture, of a batch */
    void *pixels[PLACES];  /* the backend's memory: all pictures in the first, or batches in turn */
    void *sent[PLACES];    /* host memory from which they are sent */
    int place;             /* the next to send to */
};

static gan_status choose(gan_feed *feed, const gan_data *data, const gan_config *config)
{
    const gan_backend *be = feed->backend;
    const size_t all = (size_t)gan_data_count(data) * feed->picture;
    size_t room;
    feed->form = GAN_FORM_FLOATS;
    if (be->ops->host_memory)
        return GAN_OK;
    GAN_TRY(be->ops->room(feed->backend, &room));
    const bool fits = all <= room / 2;
    if (config->pictures == GAN_PICTURES_DEVICE && !fits)
        return gan_error(
            GAN_BAD_INPUT,
            "run.pictures = device: the pictures take %zu MiB, more than half of the %zu MiB that "
            "are free on the device; use auto or host",
            all >> 20, room >> 20);
    feed->form = fits && config->pictures != GAN_PICTURES_HOST ? GAN_FORM_PICKS : GAN_FORM_BYTES;
    if (feed->form == GAN_FORM_PICKS)
        gan_log0("pictures     on the device: %zu of its %zu free MiB", all >> 20, room >> 20);
    else
        gan_log0("pictures     sent for each step; all take %zu MiB, free on the device are %zu MiB",
                 all >> 20, room >> 20);
    return GAN_OK;
}

/* Pictures that follow each other in memory go up together. */
static gan_status keep_all(gan_feed *feed, const gan_data *data)
{
    gan_backend *be = feed->backend;
    const uint64_t count = gan_data_count(data);
    GAN_TRY(be->ops->alloc(be, &feed->pixels[0], (size_t)count * feed->picture));
    for (uint64_t first = 0, next; first < count; first = next) {
        const uint8_t *from = gan_data_image(data, first);
        for (next = first + 1; next < count; next++)
            if (gan_data_image(data, next) != from + (next - first) * feed->picture)
                break;
        GAN_TRY(be->ops->upload(be, (uint8_t *)feed->pixels[0] + first * feed->picture, from,
                                (size_t)(next - first) * feed->picture));
    }
    return GAN_OK;
}

static gan_status make_places(gan_feed *feed)
{
    gan_backend *be = feed->backend;
    for (int i = 0; i < PLACES; i++) {
        GAN_TRY(be->ops->alloc(be, &feed->pixels[i], feed->bytes));
        GAN_TRY(be->ops->host_alloc(be, &feed->sent[i], feed->bytes));
    }
    return GAN_OK;
}

gan_status gan_feed_open(gan_feed **out, gan_backend *backend, const gan_data *data, const gan_config *config,
                         int first, int n, uint64_t step)
{
    gan_status status;
    *out = NULL;
    gan_feed *feed = calloc(1, sizeof *feed);
    if (!feed)
        return gan_error(GAN_FAILED, "no memory for the pictures of a step");
    feed->backend = backend;
    feed->picture = (size_t)config->height * (size_t)config->width * (size_t)config->channels;
    feed->bytes = (size_t)n * feed->picture;
    GAN_TRY_OUT(status, choose(feed, data, config));
    if (feed->form == GAN_FORM_PICKS)
        GAN_TRY_OUT(status, keep_all(feed, data));
    if (feed->form == GAN_FORM_BYTES)
        GAN_TRY_OUT(status, make_places(feed));
    gan_loader_spec spec = {.first = first, .n = n, .step = step, .form = feed->form};
    for (int i = 0; i < PLACES; i++)
        spec.pixels[i] = feed->sent[i];
    GAN_TRY_OUT(status, gan_loader_open(&feed->loader, data, config, &spec));
    *out = feed;
    return GAN_OK;
out:
    gan_feed_close(feed);
    return status;
}

/* gan_loader_next lets the thread fill the memory of the batch before:
 * only then must its journey have ended. */
gan_status gan_feed_next(gan_feed *feed, gan_batch *out)
{
    gan_backend *be = feed->backend;
    if (feed->form == GAN_FORM_BYTES)
        GAN_TRY(be->ops->send_wait(be));
    GAN_TRY(gan_loader_next(feed->loader, out));
    if (feed->form == GAN_FORM_BYTES) {
        GAN_TRY(be->ops->send(be, feed->pixels[feed->place], out->pixels, feed->bytes));
        out->pixels = feed->pixels[feed->place];
        feed->place = (feed->place + 1) % PLACES;
    } else if (feed->form == GAN_FORM_PICKS) {
        out->pixels = feed->pixels[0];
    }
    return GAN_OK;
}

void gan_feed_close(gan_feed *feed)
{
    if (!feed)
        return;
    gan_backend *be = feed->backend;
    gan_loader_close(feed->loader);
    for (int i = 0; i < PLACES; i++) {
        be->ops->host_free(be, feed->sent[i]);
        be->ops->free(be, feed->pixels[i]);
    }
    free(feed);
}
