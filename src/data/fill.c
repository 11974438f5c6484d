#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gan_dist/rng.h"
#include "store.h"

#define THREADS_MAX 16

/* Few enough that the last worker is not left with much, many enough that the counter is rarely touched. */
#define CHUNK 16

typedef struct worker {
    const gan_source *source;
    const gan_shelf *shelf;
    size_t record;
    pthread_t thread;
    gan_status status;
    char message[2048]; /* a thread's own error text does not outlive it */
} worker;

/* The hash of a picture and its label. Four chains side by side, since one waits for each of its
 * multiplications: on small JPEGs gan_hash alone would take a tenth of the decoding time. */
static uint64_t hash_picture(const uint8_t *pixels, size_t n, int32_t label)
{
    enum { LANES = 4, BLOCK = LANES * sizeof(uint64_t) };
    uint64_t lane[LANES] = {1, 2, 3, 4};
    size_t whole = n - n % BLOCK;
    for (size_t i = 0; i < whole; i += BLOCK) {
        uint64_t word[LANES];
        memcpy(word, pixels + i, sizeof word);
        for (int k = 0; k < LANES; k++) {
            lane[k] = (lane[k] ^ word[k]) * UINT64_C(0x100000001b3);
            lane[k] ^= lane[k] >> 32;
        }
    }
    uint64_t hash = gan_hash(lane, sizeof lane, (uint64_t)(int64_t)label);
    return gan_hash(pixels + whole, n - whole, hash);
}

static gan_status fill_one(const worker *w, gan_scratch *scratch, uint64_t i)
{
    const gan_source *source = w->source;
    const gan_shelf *shelf = w->shelf;
    const uint8_t *pixels = NULL;
    gan_bad bad = GAN_BAD_NONE;
    if (source->mapped) {
        pixels = source->ops->pixels(source, i);
    } else {
        uint8_t *out = shelf->pixels + i * w->record;
        GAN_TRY(source->ops->read(source, scratch, out, i, &bad));
        pixels = out;
    }
    shelf->bad[i] = bad;
    shelf->labels[i] = source->has_labels ? source->ops->label(source, i) : -1;
    if (bad == GAN_BAD_NONE) /* while the pixels are still in the cache */
        shelf->hashes[i] = hash_picture(pixels, w->record, shelf->labels[i]);
    return GAN_OK;
}

/* Takes chunks until none is left: whoever is fast does more, and nothing depends on who did what. */
static void *work(void *argument)
{
    worker *w = argument;
    uint64_t count = w->source->count;
    gan_scratch scratch = {0};
    while (w->status == GAN_OK) {
        uint64_t first = atomic_fetch_add(w->shelf->next, CHUNK);
        if (first >= count)
            break;
        for (uint64_t i = first; w->status == GAN_OK && i < count && i < first + CHUNK; i++)
            w->status = fill_one(w, &scratch, i);
    }
    if (w->status != GAN_OK) {
        snprintf(w->message, sizeof w->message, "%s", gan_error_message());
        atomic_store(w->shelf->next, count); /* the others may stop too */
    }
    if (w->source->ops->release)
        w->source->ops->release(&scratch);
    gan_picture_scratch_free(&scratch);
    return NULL;
}

int gan_fill_threads(int local_size)
{
    cpu_set_t allowed;
    int cores = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
    int threads = cores / local_size;
    return threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : threads;
}

gan_status gan_fill(const gan_source *source, const gan_shelf *shelf, size_t record, int threads)
{
    if (source->threads > 0 && threads > source->threads)
        threads = source->threads;
    worker *workers = calloc((size_t)threads, sizeof *workers);
    if (!workers)
        return gan_error(GAN_FAILED, "no memory to start reading the pictures");
    int started = 1; /* worker 0 is this thread; fewer threads than wished for do the same work */
    for (int t = 0; t < threads; t++)
        workers[t] = (worker){.source = source, .shelf = shelf, .record = record};
    while (started < threads && pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
        started++;
    work(&workers[0]);
    gan_status status = GAN_OK;
    for (int t = 0; t < started; t++) {
        if (t > 0)
            pthread_join(workers[t].thread, NULL);
        if (status == GAN_OK && workers[t].status != GAN_OK)
            status = gan_error(workers[t].status, "%s", workers[t].message);
    }
    free(workers);
    return status;
}
