/* gan_dist bench: times the training step on fixed random pictures that are in memory already, and says where
 * the time goes; with --count it counts instead (count.c).
 *
 * images/s = global batch / median step time. GFLOP/s = executed operations (gan_count_step) / time, all
 * ranks together. */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train.h"
#include "gan_dist/base.h"
#include "gan_dist/log.h"

#define WARM_UP_STEPS        2
#define WARM_UP_STEPS_DEVICE 6 /* its graph is recorded then */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Pictures, labels and positions of this rank's part of a batch that never
 * changes; a device has the bytes. */
typedef struct fixed_batch {
    float *images;
    void *pixels;
    uint64_t *picks;
    int *labels;
    uint64_t *positions;
} fixed_batch;

static gan_status make_pixels(fixed_batch *b, gan_training *t, size_t n, size_t bytes)
{
    gan_backend *be = t->backend;
    uint32_t *words = gan_alloc(bytes);
    b->picks = calloc(n, sizeof *b->picks);
    if (!words || !b->picks) {
        free(words);
        return gan_error(GAN_FAILED, "bench: out of memory");
    }
    gan_rng_words(words, bytes / sizeof *words,
                  (gan_rng){.seed = t->config.seed, .stream = GAN_STREAM_SAMPLE});
    for (size_t i = 0; i < n; i++)
        b->picks[i] = 2 * i;
    gan_status status = be->ops->alloc(be, &b->pixels, bytes);
    if (status == GAN_OK)
        status = be->ops->upload(be, b->pixels, words, bytes);
    free(words);
    t->fixed.pixels = b->pixels;
    t->fixed.picks = b->picks;
    return status;
}

static gan_status make_batch(fixed_batch *b, gan_training *t)
{
    size_t n = (size_t)t->shards.n_local * (size_t)t->shards.pictures;
    size_t picture = (size_t)t->config.height * (size_t)t->config.width * (size_t)t->config.channels;
    bool host = t->backend->ops->host_memory;
    b->images = gan_alloc(host ? n * picture * sizeof *b->images : 0);
    b->labels = calloc(n, sizeof *b->labels);
    b->positions = calloc(n, sizeof *b->positions);
    if (!b->images || !b->labels || !b->positions)
        return gan_error(GAN_FAILED, "bench: out of memory");
    float low = t->config.range == GAN_RANGE_UNIT ? 0 : -1;
    gan_rng_uniform(b->images, host ? n * picture : 0,
                    (gan_rng){.seed = t->config.seed, .stream = GAN_STREAM_SAMPLE}, low, 1);
    for (size_t i = 0; i < n; i++) {
        b->positions[i] = i;
        b->labels[i] = t->config.classes ? (int)(i % (size_t)t->config.classes) : 0;
    }
    t->fixed = (gan_batch){.images = host ? b->images : NULL, .labels = b->labels, .positions = b->positions};
    return host ? GAN_OK : make_pixels(b, t, n, n * picture);
}

static gan_status timed_step(double *seconds, gan_training *t)
{
    double start = gan_clock();
    GAN_TRY(gan_training_step(t));
    if (t->backend->ops->host_memory) /* a device works on; the host waits for it two steps later */
        GAN_TRY(gan_training_settle(t));
    *seconds = gan_clock() - start;
    return GAN_OK;
}

static void print_report(gan_training *t, double *times, int n)
{
    static const char *const names[GAN_PHASES] = {"data", "D", "G", "exchange", "optimiser", "output"};
    double total = 0;
    for (int i = 0; i < n; i++)
        total += times[i];
    qsort(times, (size_t)n, sizeof *times, by_size);
    double median = times[n / 2], batch = t->config.batch;
    double flops = gan_count_step(t->nets[GAN_NET_G], t->nets[GAN_NET_D], gan_step_order(t->step)) * batch;
    gan_log0("%s backend %s: %d rank%s x %d thread%s, batch %d: median %.1f ms a step, "
             "%.1f images/s, %.1f GFLOP/s, peak %.0f MiB on rank 0",
             t->config.preset, t->backend->ops->name, gan_comm_size(t->comm),
             gan_comm_size(t->comm) > 1 ? "s" : "", t->backend->threads, t->backend->threads > 1 ? "s" : "",
             t->config.batch, 1e3 * median, batch / median, 1e-9 * flops / median, gan_peak_memory_mib());
    char line[512];
    size_t used = 0;
    for (int p = 0; p < GAN_PHASES; p++)
        used += (size_t)snprintf(line + used, sizeof line - used, "%s %s %.1f", p ? "," : "", names[p],
                                 1e3 * t->seconds[p] / n);
    gan_log0("ms a step on rank 0:%s; mean %.1f", line, 1e3 * total / n);
}

static gan_status run(gan_training *t, int steps)
{
    double *times = calloc((size_t)steps, sizeof *times), seconds;
    gan_status status = times ? GAN_OK : gan_error(GAN_FAILED, "bench: out of memory");
    int warm_up = t->backend->ops->host_memory ? WARM_UP_STEPS : WARM_UP_STEPS_DEVICE;
    for (int i = 0; status == GAN_OK && i < warm_up; i++)
        status = timed_step(&seconds, t);
    gan_training_phase(t, GAN_PHASE_OUTPUT);
    memset(t->seconds, 0, sizeof t->seconds);
    for (int i = 0; status == GAN_OK && i < steps; i++)
        status = timed_step(&times[i], t);
    gan_training_phase(t, GAN_PHASE_OUTPUT);
    if (status == GAN_OK)
        status = gan_training_settle(t);
    if (status == GAN_OK)
        print_report(t, times, steps);
    free(times);
    return status;
}

gan_status gan_command_bench(bool *others_wait, gan_comm *comm, int argc, char **argv)
{
    static gan_training t;
    const char *names[GAN_COMMAND_OPTIONS_MAX + 1];
    gan_config config;
    const char *count = gan_config_extra(argc, argv, "--bench-steps");
    int steps = count ? atoi(count) : 10;
    gan_status status = gan_config_parse(&config, argc, argv, "dcgan64", gan_command_extra(names, "bench"));
    if (status == GAN_OK)
        status = gan_config_finish(&config);
    if (status == GAN_OK && (steps < 1 || steps > 1000000))
        status =
            gan_error(GAN_BAD_INPUT, "--bench-steps %s: must be a whole number from 1 to 1000000", count);
    if (status == GAN_OK && gan_config_extra(argc, argv, "--count!"))
        return gan_comm_agree(comm, gan_count_print(&config, gan_comm_size(comm)));
    GAN_TRY(gan_comm_agree(comm, status));
    fixed_batch batch = {.images = NULL};
    status = gan_training_open_fixed(&t, comm, &config);
    if (status == GAN_OK) {
        status = gan_comm_agree(comm, make_batch(&batch, &t));
        if (status == GAN_OK) {
            status = run(&t, steps);
            *others_wait = status != GAN_OK;
        }
    }
    if (batch.pixels)
        t.backend->ops->free(t.backend, batch.pixels);
    if (!*others_wait)
        gan_training_close(&t);
    free(batch.images);
    free(batch.picks);
    free(batch.labels);
    free(batch.positions);
    return status;
}
