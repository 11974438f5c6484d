/* From a header's bytes, which may be hostile, to the table of tensors. */
#include "checkpoint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "gan_dist/base.h"

/* cJSON ends texts at a zero, so a zero inside one would silently cut a name. */
static gan_status check_bytes(const gan_checkpoint *checkpoint, const char *header, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t step = gan_utf8_step(header + i, n - i);
        if (step == 0 || header[i] == '\0')
            return gan_checkpoint_damaged(checkpoint, "byte %zu of the header is not text", i);
        if (header[i] == '\\') {
            if (n - i >= 6 && memcmp(header + i, "\\u0000", 6) == 0)
                return gan_checkpoint_damaged(checkpoint, "a zero character at byte %zu of the header", i);
            step = 2;
        }
        i += step;
    }
    return GAN_OK;
}

/* A whole number that a double holds exactly. */
static bool to_count(uint64_t *out, const cJSON *item)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) || item->valuedouble >= 0x1p53 ||
        item->valuedouble != floor(item->valuedouble))
        return false;
    *out = (uint64_t)item->valuedouble;
    return true;
}

static bool read_shape(gan_stored_tensor *tensor, const cJSON *shape)
{
    if (!cJSON_IsArray(shape))
        return false;
    const cJSON *dim;
    cJSON_ArrayForEach(dim, shape)
    {
        uint64_t value;
        if (tensor->rank == GAN_RANK_MAX || !to_count(&value, dim))
            return false;
        tensor->dims[tensor->rank++] = (int64_t)value;
    }
    return true;
}

static bool read_offsets(gan_stored_tensor *tensor, const cJSON *offsets)
{
    uint64_t begin, end;
    if (!cJSON_IsArray(offsets) || !offsets->child || !offsets->child->next || offsets->child->next->next ||
        !to_count(&begin, offsets->child) || !to_count(&end, offsets->child->next) || end < begin)
        return false;
    tensor->begin = begin;
    tensor->end = end;
    return true;
}

static gan_status read_tensor(const gan_checkpoint *checkpoint, gan_stored_tensor *tensor, const cJSON *entry)
{
    const cJSON *dtype = NULL, *shape = NULL, *offsets = NULL, *member;
    size_t elements, bytes;
    tensor->name = entry->string;
    bool ok = cJSON_IsObject(entry);
    /* An unknown or repeated member is refused: readers would differ in what they make of it. */
    for (member = ok ? entry->child : NULL; ok && member; member = member->next) {
        const cJSON **slot = strcmp(member->string, "dtype") == 0          ? &dtype
                             : strcmp(member->string, "shape") == 0        ? &shape
                             : strcmp(member->string, "data_offsets") == 0 ? &offsets
                                                                           : NULL;
        ok = slot && !*slot;
        if (ok)
            *slot = member;
    }
    if (!ok || !cJSON_IsString(dtype) || !shape || !offsets)
        return gan_checkpoint_damaged(checkpoint, "tensor %.200s is not {dtype, shape, data_offsets}",
                                      tensor->name);
    tensor->dtype = gan_dtype_find(dtype->valuestring);
    if (!tensor->dtype)
        return gan_checkpoint_damaged(checkpoint, "tensor %.200s has the unknown dtype \"%.40s\"",
                                      tensor->name, dtype->valuestring);
    if (!read_shape(tensor, shape))
        return gan_checkpoint_damaged(checkpoint, "tensor %.200s has a bad shape, or more than %d dimensions",
                                      tensor->name, GAN_RANK_MAX);
    if (!read_offsets(tensor, offsets))
        return gan_checkpoint_damaged(checkpoint, "tensor %.200s has bad data_offsets", tensor->name);
    if (!gan_shape_size(&elements, &bytes, tensor->dtype->bits, tensor->rank, tensor->dims) ||
        bytes != tensor->end - tensor->begin)
        return gan_checkpoint_damaged(
            checkpoint, "tensor %.200s: its shape and its data_offsets differ in size", tensor->name);
    return GAN_OK;
}

static gan_status read_metadata(gan_checkpoint *checkpoint, const cJSON *object)
{
    if (!cJSON_IsObject(object))
        return gan_checkpoint_damaged(checkpoint, METADATA_NAME " is not an object");
    size_t n = (size_t)cJSON_GetArraySize(object);
    checkpoint->metadata = calloc(n + 1, sizeof *checkpoint->metadata);
    if (!checkpoint->metadata)
        return gan_error(GAN_FAILED, "%s: out of memory", checkpoint->path);
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        if (!cJSON_IsString(item))
            return gan_checkpoint_damaged(checkpoint, "metadata %.200s is not a text", item->string);
        checkpoint->metadata[checkpoint->n_metadata++] = (gan_metadata){item->string, item->valuestring};
    }
    return GAN_OK;
}

static gan_status read_entries(gan_checkpoint *checkpoint)
{
    size_t n = (size_t)cJSON_GetArraySize(checkpoint->json);
    checkpoint->tensors = calloc(n + 1, sizeof *checkpoint->tensors);
    if (!checkpoint->tensors)
        return gan_error(GAN_FAILED, "%s: out of memory", checkpoint->path);
    const cJSON *entry;
    cJSON_ArrayForEach(entry, checkpoint->json)
    {
        if (strcmp(entry->string, METADATA_NAME) != 0)
            GAN_TRY(read_tensor(checkpoint, &checkpoint->tensors[checkpoint->n_tensors++], entry));
        else if (checkpoint->metadata)
            return gan_checkpoint_damaged(checkpoint, METADATA_NAME " stands there twice");
        else
            GAN_TRY(read_metadata(checkpoint, entry));
    }
    return GAN_OK;
}

static gan_status check_duplicates(const gan_checkpoint *checkpoint)
{
    size_t n =
        checkpoint->n_tensors > checkpoint->n_metadata ? checkpoint->n_tensors : checkpoint->n_metadata;
    const char **names = calloc(n + 1, sizeof *names);
    if (!names)
        return gan_error(GAN_FAILED, "%s: out of memory", checkpoint->path);
    for (size_t i = 0; i < checkpoint->n_tensors; i++)
        names[i] = checkpoint->tensors[i].name;
    const char *twice = gan_find_duplicate(names, checkpoint->n_tensors);
    if (!twice) {
        for (size_t i = 0; i < checkpoint->n_metadata; i++)
            names[i] = checkpoint->metadata[i].key;
        twice = gan_find_duplicate(names, checkpoint->n_metadata);
    }
    gan_status status = GAN_OK;
    if (twice)
        status = gan_checkpoint_damaged(checkpoint, "the name %.200s stands there twice", twice);
    free(names);
    return status;
}

static int compare_places(const void *a, const void *b)
{
    const gan_stored_tensor *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* The tensors fill the data part exactly: no gap, no overlap, nothing after the last. */
static gan_status check_layout(gan_checkpoint *checkpoint)
{
    size_t place = 0;
    if (checkpoint->n_tensors > 1)
        qsort(checkpoint->tensors, checkpoint->n_tensors, sizeof *checkpoint->tensors, compare_places);
    for (size_t i = 0; i < checkpoint->n_tensors; i++) {
        const gan_stored_tensor *tensor = &checkpoint->tensors[i];
        if (tensor->begin != place)
            return gan_checkpoint_damaged(checkpoint, "%s before tensor %.200s",
                                          tensor->begin < place ? "an overlap" : "a gap", tensor->name);
        place = tensor->end;
    }
    if (place != checkpoint->data_size)
        return gan_checkpoint_damaged(checkpoint, "the header describes %zu bytes of data, the file has %zu",
                                      place, checkpoint->data_size);
    return GAN_OK;
}

gan_status gan_header_parse(gan_checkpoint *checkpoint, const char *header, size_t n)
{
    const char *end = NULL;
    GAN_TRY(check_bytes(checkpoint, header, n));
    if (n == 0 || header[0] != '{')
        return gan_checkpoint_damaged(checkpoint, "the header does not begin with {");
    checkpoint->json = cJSON_ParseWithLengthOpts(header, n + 1, &end, false);
    if (!checkpoint->json)
        return gan_checkpoint_damaged(checkpoint, "the header is not JSON (at byte %zu)",
                                      end ? (size_t)(end - header) : 0);
    while (*end == ' ')
        end++;
    if (end != header + n)
        return gan_checkpoint_damaged(checkpoint, "more than blanks after the header's end");
    GAN_TRY(read_entries(checkpoint));
    GAN_TRY(check_duplicates(checkpoint));
    return check_layout(checkpoint);
}
