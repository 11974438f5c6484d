#include "gan_dist/data.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gan_dist/log.h"
#include "gan_dist/rng.h"
#include "store.h"

/* --- shared memory ----------------------------------------------------------------------------- */

/* Adds an array to the block; false when the sum does not fit a size_t. */
static bool reserve(size_t *bytes, size_t *at, uint64_t count, size_t each)
{
    size_t array;
    *at = *bytes;
    return !__builtin_mul_overflow(count, each, &array) && !__builtin_add_overflow(array, 63, &array) &&
           !__builtin_add_overflow(*bytes, array & ~(size_t)63, bytes);
}

static gan_status build_shelf(gan_data *data)
{
    uint64_t n = data->source->count;
    size_t bytes = 64, hashes, labels, bad, pixels; /* the first 64 hold the counter */
    bool fits = reserve(&bytes, &hashes, n, sizeof *data->shelf.hashes) &&
                reserve(&bytes, &labels, n, sizeof *data->shelf.labels) &&
                reserve(&bytes, &bad, n, sizeof *data->shelf.bad) &&
                reserve(&bytes, &pixels, data->source->mapped ? 0 : n, data->record);
    if (!fits) /* the same on every rank */
        return gan_error(GAN_BAD_INPUT, "%" PRIu64 " pictures of %zu bytes do not fit any memory", n,
                         data->record);
    uint8_t *memory = NULL;
    GAN_TRY(gan_comm_shared_alloc(data->comm, (void **)&memory, bytes));
    data->shelf = (gan_shelf){.memory = memory,
                              .next = (_Atomic uint64_t *)(void *)memory,
                              .hashes = (uint64_t *)(void *)(memory + hashes),
                              .labels = (int32_t *)(void *)(memory + labels),
                              .bad = (gan_bad *)(void *)(memory + bad),
                              .pixels = data->source->mapped ? NULL : memory + pixels};
    return GAN_OK;
}

/* Moves the good pictures together, so that index order is the sorted order of the good files. */
static void close_gaps(gan_data *data)
{
    gan_shelf *shelf = &data->shelf;
    uint64_t to = 0;
    for (uint64_t from = 0; from < data->source->count; from++) {
        if (shelf->bad[from] != GAN_BAD_NONE)
            continue;
        if (to != from) {
            memcpy(shelf->pixels + to * data->record, shelf->pixels + from * data->record, data->record);
            shelf->labels[to] = shelf->labels[from];
            shelf->hashes[to] = shelf->hashes[from];
        }
        to++;
    }
}

/* --- verdicts, reached by every rank from the same shared facts --------------------------------- */

static gan_status check_bad(const gan_data *data, const gan_config *config, const char *bad_files)
{
    uint64_t all = data->source->count;
    if (data->bad == 0 || (data->count > 0 && (double)data->bad <= config->max_bad_fraction * (double)all))
        return GAN_OK;
    uint64_t first = 0;
    while (data->shelf.bad[first] == GAN_BAD_NONE)
        first++;
    char reason[256], share[64] = "nothing usable";
    gan_bad_text(reason, sizeof reason, data->shelf.bad[first]);
    if (data->count > 0)
        snprintf(share, sizeof share, "data.max_bad_fraction is %g", config->max_bad_fraction);
    return gan_error(
        GAN_BAD_INPUT,
        "--data %s: %" PRIu64 " of %" PRIu64 " picture files are bad (%s), the first: %s/%s: %s%s%s",
        config->data, data->bad, all, share, config->data, data->source->ops->path(data->source, first),
        reason, bad_files ? "; all are listed in " : "", bad_files ? bad_files : "");
}

static gan_status check_count(const gan_data *data, const gan_config *config)
{
    if (data->count >= (uint64_t)config->batch)
        return GAN_OK;
    return gan_error(GAN_BAD_INPUT,
                     "--data %s: %" PRIu64 " pictures are fewer than the batch of %d: use --batch %" PRIu64
                     " or less, or more pictures",
                     config->data, data->count, config->batch, data->count);
}

/* One hash of the pictures' hashes in index order: no trace of who computed which. */
static uint64_t fingerprint(const gan_data *data)
{
    uint64_t shape[4] = {data->count, (uint64_t)data->height, (uint64_t)data->width,
                         (uint64_t)data->channels};
    return gan_hash(data->shelf.hashes, (size_t)data->count * sizeof *data->shelf.hashes,
                    gan_hash(shape, sizeof shape, 0));
}

static void describe(gan_data *data, const char *bad_files)
{
    int used = snprintf(data->describe, sizeof data->describe, "%" PRIu64 " pictures, %dx%dx%d, from %s",
                        data->count, data->height, data->width, data->channels, data->source->what);
    if (data->bad && used > 0 && (size_t)used < sizeof data->describe)
        snprintf(data->describe + used, sizeof data->describe - (size_t)used,
                 "; %" PRIu64 " bad files skipped%s%s", data->bad, bad_files ? ", see " : "",
                 bad_files ? bad_files : "");
}

/* --- opening ----------------------------------------------------------------------------------- */

static gan_status fill_together(gan_data *data)
{
    GAN_TRY(build_shelf(data));
    int threads = gan_fill_threads(gan_comm_local_size(data->comm));
    GAN_TRY(gan_comm_agree(data->comm, gan_fill(data->source, &data->shelf, data->record, threads)));
    return gan_comm_shared_sync(data->comm);
}

static gan_status settle(gan_data *data, const gan_config *config, const char *bad_files)
{
    for (uint64_t i = 0; i < data->source->count; i++)
        data->bad += data->shelf.bad[i] != GAN_BAD_NONE;
    data->count = data->source->count - data->bad;
    gan_status status = GAN_OK;
    if (bad_files && gan_comm_rank(data->comm) == 0)
        status = gan_bad_files_write(bad_files, data->source, config, data->shelf.bad);
    GAN_TRY(gan_comm_agree(data->comm, status));
    status = check_bad(data, config, bad_files);
    if (status == GAN_OK)
        status = check_count(data, config);
    GAN_TRY(gan_comm_agree(data->comm, status));
    if (data->bad) {
        if (gan_comm_local_rank(data->comm) == 0)
            close_gaps(data);
        GAN_TRY(gan_comm_shared_sync(data->comm));
    }
    data->fingerprint = fingerprint(data);
    return gan_comm_check_same(data->comm, data->fingerprint, "the pictures (pixels and labels)");
}

static gan_status open_source(gan_data *data, const gan_config *config)
{
    GAN_TRY(gan_comm_agree(data->comm, gan_source_open(&data->source, config)));
    uint64_t found = gan_hash(&data->source->identity, sizeof data->source->identity, data->source->count);
    GAN_TRY(gan_comm_check_same(data->comm, found, "the list of pictures that --data names"));
    data->has_labels = data->source->has_labels;
    memcpy(data->left_out, data->source->left_out, sizeof data->left_out);
    return GAN_OK;
}

static gan_status open_store(gan_data *data, const gan_config *config, const char *bad_files)
{
    GAN_TRY(open_source(data, config));
    snprintf(data->list, sizeof data->list, "%s", bad_files ? bad_files : "");
    GAN_TRY(fill_together(data));
    GAN_TRY(settle(data, config, bad_files));
    describe(data, bad_files);
    GAN_TRY(gan_comm_agree(data->comm, gan_data_keep_classes(data, config->classes)));
    if (!data->source->mapped) {
        gan_source_close(data->source);
        data->source = NULL;
    }
    return GAN_OK;
}

/* Labels as the source has them, in place of those of decoded pictures. */
static gan_status look_at_labels(gan_data *data, const gan_config *config)
{
    if (!data->has_labels)
        return GAN_OK;
    data->shelf.labels = calloc(data->count, sizeof *data->shelf.labels);
    if (!data->shelf.labels)
        return gan_error(GAN_FAILED, "--data %s: out of memory for labels", config->data);
    for (uint64_t i = 0; i < data->count; i++)
        data->shelf.labels[i] = data->source->ops->label(data->source, i);
    return gan_data_keep_classes(data, config->classes);
}

gan_status gan_data_look(const gan_config *config, gan_comm *comm)
{
    gan_data data = {.comm = comm};
    gan_status status = open_source(&data, config);
    if (status == GAN_OK) {
        data.count = data.source->count;
        status = check_count(&data, config);
        if (status == GAN_OK)
            status = look_at_labels(&data, config);
        status = gan_comm_agree(comm, status);
    }
    if (status == GAN_OK) {
        gan_log0("data       %" PRIu64 " pictures%s, from %s", data.count,
                 data.source->ops->path ? " by their names, not decoded" : "", data.source->what);
        gan_data_tell(&data);
    }
    free(data.shelf.labels);
    gan_data_drop_classes(&data);
    gan_source_close(data.source);
    return status;
}

gan_status gan_data_open(gan_data **out, const gan_config *config, gan_comm *comm, const char *bad_files)
{
    *out = NULL;
    gan_data *data = calloc(1, sizeof *data);
    GAN_TRY(gan_comm_agree(comm, data ? GAN_OK : gan_error(GAN_FAILED, "no memory for the pictures")));
    data->comm = comm;
    data->height = config->height;
    data->width = config->width;
    data->channels = config->channels;
    data->record = (size_t)config->height * (size_t)config->width * (size_t)config->channels;
    gan_status status = open_store(data, config, bad_files);
    if (status != GAN_OK) {
        gan_data_close(data);
        return status;
    }
    *out = data;
    return GAN_OK;
}

void gan_data_close(gan_data *data)
{
    if (!data)
        return;
    gan_data_drop_classes(data);
    gan_source_close(data->source);
    gan_comm_shared_free(data->comm, data->shelf.memory);
    free(data);
}

/* --- reading ----------------------------------------------------------------------------------- */

uint64_t gan_data_count(const gan_data *data)
{
    return data->count;
}

uint64_t gan_data_bad_count(const gan_data *data)
{
    return data->bad;
}

uint64_t gan_data_fingerprint(const gan_data *data)
{
    return data->fingerprint;
}

const char *gan_data_describe(const gan_data *data)
{
    return data->describe;
}

const uint8_t *gan_data_image(const gan_data *data, uint64_t index)
{
    return data->shelf.pixels ? data->shelf.pixels + index * data->record
                              : data->source->ops->pixels(data->source, index);
}

int gan_data_label(const gan_data *data, uint64_t index)
{
    return data->shelf.labels[index];
}
