#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "gan_dist/base.h"
#include "idx.h"
#include "store.h"

static gan_status append_pixels(gan_file_writer *writer, const gan_data *data)
{
    for (uint64_t i = 0, end = 0; i < data->count; i = end) {
        /* As far as pictures lie one after the other, they go in one call. */
        const uint8_t *start = gan_data_image(data, i);
        for (end = i + 1; end < data->count && gan_data_image(data, end) == start + (end - i) * data->record;)
            end++;
        GAN_TRY(gan_file_append(writer, start, (size_t)(end - i) * data->record));
    }
    return GAN_OK;
}

static gan_status append_labels(gan_file_writer *writer, const gan_data *data, int type)
{
    uint8_t bytes[4096];
    size_t n = 0;
    for (uint64_t i = 0; i < data->count; i++) {
        uint32_t label = (uint32_t)gan_data_label(data, i);
        if (type == GAN_IDX_INT)
            for (int shift = 24; shift >= 8; shift -= 8)
                bytes[n++] = (uint8_t)(label >> shift);
        bytes[n++] = (uint8_t)label;
        if (n + 4 > sizeof bytes || i + 1 == data->count) {
            GAN_TRY(gan_file_append(writer, bytes, n));
            n = 0;
        }
    }
    return GAN_OK;
}

static gan_status write_file(const gan_data *data, const char *path, int type, int dims)
{
    uint64_t dim[4] = {data->count, (uint64_t)data->height, (uint64_t)data->width, (uint64_t)data->channels};
    uint8_t header[20];
    gan_file_writer *writer = NULL;
    GAN_TRY(gan_file_begin(&writer, path));
    gan_status status = gan_file_append(writer, header, gan_idx_header(header, type, dims, dim));
    if (status == GAN_OK)
        status = dims == 1 ? append_labels(writer, data, type) : append_pixels(writer, data);
    if (status == GAN_OK)
        return gan_file_commit(writer);
    gan_file_abandon(writer);
    return status;
}

static gan_status write_labels(const gan_data *data, const char *path)
{
    char labels[GAN_TEXT_MAX];
    if (snprintf(labels, sizeof labels, "%s-labels", path) >= (int)sizeof labels)
        return gan_error(GAN_BAD_INPUT, "%.60s...: the path is longer than %d bytes", path, GAN_TEXT_MAX);
    if (!data->has_labels) {
        /* Labels left by an earlier pack of the same name would be taken for those of these pictures. */
        if (unlink(labels) != 0 && errno != ENOENT)
            return gan_error(GAN_FAILED, "%s: cannot be removed: %s", labels, strerror(errno));
        return GAN_OK;
    }
    int largest = 0;
    for (uint64_t i = 0; i < data->count; i++)
        largest = gan_data_label(data, i) > largest ? gan_data_label(data, i) : largest;
    return write_file(data, labels, largest > 255 ? GAN_IDX_INT : GAN_IDX_BYTE, 1);
}

gan_status gan_data_pack(const gan_data *data, const gan_config *config, const char *path)
{
    if (data->count > UINT32_MAX)
        return gan_error(GAN_BAD_INPUT,
                         "--data %s: %" PRIu64 " pictures are more than one IDX file can hold (%" PRIu32 ")",
                         config->data, data->count, UINT32_MAX);
    /* Labels first: a file of pictures is never there without them. */
    GAN_TRY(write_labels(data, path));
    return write_file(data, path, GAN_IDX_BYTE, data->channels == 1 ? 3 : 4);
}
