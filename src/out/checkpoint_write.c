#include "checkpoint.h"

#include <stdlib.h>
#include <string.h>
#include "gan_dist/base.h"
#include "gan_dist/rng.h"

/* A header's numbers pass through double in most JSON readers. */
#define DATA_LIMIT (UINT64_C(1) << 53)

static gan_status check_text(const char *path, const char *what, const char *text)
{
    if (!text)
        return gan_error(GAN_BAD_INPUT, "%s: %s without text", path, what);
    if (!gan_utf8_valid(text))
        return gan_error(GAN_BAD_INPUT, "%s: %s \"%.100s\" is not UTF-8", path, what, text);
    return GAN_OK;
}

static gan_status check_tensor(size_t *bytes, const char *path, const gan_tensor_view *tensor)
{
    size_t elements;
    const gan_dtype_row *dtype = gan_dtype_of(tensor->dtype);
    GAN_TRY(check_text(path, "a tensor's name", tensor->name));
    if (!*tensor->name || strcmp(tensor->name, METADATA_NAME) == 0)
        return gan_error(GAN_BAD_INPUT, "%s: a tensor cannot be called \"%s\"", path, tensor->name);
    if (!dtype || tensor->rank < 0 || tensor->rank > GAN_RANK_MAX ||
        !gan_shape_size(&elements, bytes, dtype->bits, tensor->rank, tensor->dims) || *bytes >= DATA_LIMIT ||
        (*bytes && !tensor->data))
        return gan_error(GAN_BAD_INPUT, "%s: tensor %s has no valid type, shape or data", path, tensor->name);
    return GAN_OK;
}

static gan_status check_arguments(const char *path, const gan_tensor_view *tensors, size_t n_tensors,
                                  const gan_metadata *metadata, size_t n_metadata)
{
    gan_status status = GAN_OK;
    size_t n = n_tensors > n_metadata + 2 ? n_tensors : n_metadata + 2;
    const char **names = calloc(n, sizeof *names);
    if (!names)
        return gan_error(GAN_FAILED, "%s: out of memory", path);
    size_t total = 0;
    for (size_t i = 0; i < n_tensors; i++) {
        size_t bytes;
        GAN_TRY_OUT(status, check_tensor(&bytes, path, &tensors[i]));
        names[i] = tensors[i].name;
        total += bytes;
        if (total >= DATA_LIMIT) {
            status = gan_error(GAN_BAD_INPUT, "%s: more than 2^53 bytes of tensors", path);
            goto out;
        }
    }
    const char *twice = gan_find_duplicate(names, n_tensors);
    if (!twice) {
        for (size_t i = 0; i < n_metadata; i++) {
            GAN_TRY_OUT(status, check_text(path, "a metadata key", metadata[i].key));
            GAN_TRY_OUT(status, check_text(path, "a metadata value", metadata[i].value));
            names[i] = metadata[i].key;
        }
        names[n_metadata] = HEADER_HASH_KEY;
        names[n_metadata + 1] = DATA_HASH_KEY;
        twice = gan_find_duplicate(names, n_metadata + 2);
    }
    if (twice)
        status = gan_error(GAN_BAD_INPUT, "%s: the name %s is used twice", path, twice);
out:
    free(names);
    return status;
}

static size_t tensor_bytes(const gan_tensor_view *tensor)
{
    size_t elements, bytes = 0;
    gan_shape_size(&elements, &bytes, gan_dtype_of(tensor->dtype)->bits, tensor->rank, tensor->dims);
    return bytes;
}

/* The place in the data of each tensor: those of 64 bits an element first, so that every tensor stands at a
 * multiple of its element's size, and can be used where it lies in a mapped file. The header keeps the order
 * it was given. */
static size_t *order_data(const gan_tensor_view *tensors, size_t n)
{
    size_t *order = calloc(n + 1, sizeof *order), k = 0;
    for (int wide = 1; order && wide >= 0; wide--)
        for (size_t i = 0; i < n; i++)
            if ((gan_dtype_of(tensors[i].dtype)->bits >= 64) == wide)
                order[k++] = i;
    return order;
}

static uint64_t hash_data(const gan_tensor_view *tensors, const size_t *order, size_t n)
{
    uint64_t hash = 0;
    for (size_t k = 0; k < n; k++)
        hash = gan_hash(tensors[order[k]].data, tensor_bytes(&tensors[order[k]]), hash);
    return hash;
}

/* Where tensor i begins. */
static size_t begin_of(const gan_tensor_view *tensors, const size_t *order, size_t i)
{
    size_t begin = 0;
    for (size_t k = 0; order[k] != i; k++)
        begin += tensor_bytes(&tensors[order[k]]);
    return begin;
}

static bool add_metadata(cJSON *root, const gan_metadata *metadata, size_t n, uint64_t data_hash)
{
    char digits[HASH_DIGITS + 1];
    cJSON *object = cJSON_AddObjectToObject(root, METADATA_NAME);
    bool ok = object && cJSON_AddStringToObject(object, HEADER_HASH_KEY, "0000000000000000");
    gan_hash_text(digits, data_hash);
    ok = ok && cJSON_AddStringToObject(object, DATA_HASH_KEY, digits);
    for (size_t i = 0; ok && i < n; i++)
        ok = cJSON_AddStringToObject(object, metadata[i].key, metadata[i].value);
    return ok;
}

static bool add_number(cJSON *array, uint64_t value)
{
    return cJSON_AddItemToArray(array, cJSON_CreateNumber((double)value));
}

static bool add_tensor(cJSON *root, const gan_tensor_view *tensor, size_t begin)
{
    cJSON *entry = cJSON_AddObjectToObject(root, tensor->name);
    bool ok = entry && cJSON_AddStringToObject(entry, "dtype", gan_dtype_of(tensor->dtype)->name);
    cJSON *shape = ok ? cJSON_AddArrayToObject(entry, "shape") : NULL;
    cJSON *offsets = shape ? cJSON_AddArrayToObject(entry, "data_offsets") : NULL;
    ok = offsets != NULL;
    for (int i = 0; ok && i < tensor->rank; i++)
        ok = add_number(shape, (uint64_t)tensor->dims[i]);
    return ok && add_number(offsets, begin) && add_number(offsets, begin + tensor_bytes(tensor));
}

/* The length, the JSON, blanks up to the alignment, and the checksum of all
 * that in its place. Freed by the caller. */
static gan_status make_header(char **out, size_t *n, const char *path, const gan_tensor_view *tensors,
                              const size_t *order, size_t n_tensors, const gan_metadata *metadata,
                              size_t n_metadata)
{
    gan_status status = GAN_OK;
    char *text = NULL, *header = NULL;
    cJSON *root = cJSON_CreateObject();
    bool ok = root && add_metadata(root, metadata, n_metadata, hash_data(tensors, order, n_tensors));
    for (size_t i = 0; ok && i < n_tensors; i++) {
        ok = add_tensor(root, &tensors[i], begin_of(tensors, order, i));
    }
    text = ok ? cJSON_PrintUnformatted(root) : NULL;
    size_t used = text ? HEADER_LENGTH_BYTES + strlen(text) : 0;
    *n = (used + DATA_ALIGNMENT - 1) / DATA_ALIGNMENT * DATA_ALIGNMENT;
    header = text ? malloc(*n) : NULL;
    if (!header) {
        status = gan_error(GAN_FAILED, "%s: out of memory", path);
        goto out;
    }
    uint64_t length = *n - HEADER_LENGTH_BYTES;
    if (length > HEADER_LIMIT) {
        status = gan_error(GAN_BAD_INPUT, "%s: names and metadata of more than %d bytes", path, HEADER_LIMIT);
        goto out;
    }
    memcpy(header, &length, sizeof length);
    memcpy(header + HEADER_LENGTH_BYTES, text, used - HEADER_LENGTH_BYTES);
    memset(header + used, ' ', *n - used);
    char digits[HASH_DIGITS + 1];
    gan_hash_text(digits, gan_hash(header, *n, 0));
    memcpy(header + HASH_AT, digits, HASH_DIGITS);
    *out = header;
    header = NULL;
out:
    free(header);
    cJSON_free(text);
    cJSON_Delete(root);
    return status;
}

gan_status gan_checkpoint_write(const char *path, const gan_tensor_view *tensors, size_t n_tensors,
                                const gan_metadata *metadata, size_t n_metadata)
{
    gan_status status = GAN_OK;
    char *header = NULL;
    size_t n = 0;
    gan_file_writer *writer = NULL;
    GAN_TRY(check_arguments(path, tensors, n_tensors, metadata, n_metadata));
    size_t *order = order_data(tensors, n_tensors);
    if (!order)
        return gan_error(GAN_FAILED, "%s: out of memory", path);
    GAN_TRY_OUT(status, make_header(&header, &n, path, tensors, order, n_tensors, metadata, n_metadata));
    GAN_TRY_OUT(status, gan_file_begin(&writer, path));
    GAN_TRY_OUT(status, gan_file_append(writer, header, n));
    for (size_t k = 0; k < n_tensors; k++)
        GAN_TRY_OUT(status,
                    gan_file_append(writer, tensors[order[k]].data, tensor_bytes(&tensors[order[k]])));
    status = gan_file_commit_soon(writer); /* who reads it compares checksums */
    writer = NULL;
out:
    gan_file_abandon(writer);
    free(header);
    free(order);
    return status;
}
