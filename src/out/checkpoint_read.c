#include "checkpoint.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "gan_dist/base.h"
#include "gan_dist/rng.h"

gan_status gan_checkpoint_damaged(const gan_checkpoint *checkpoint, const char *format, ...)
{
    char reason[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    /* Names of a foreign file may hold line ends; a message is one line. */
    for (char *c = reason; *c; c++)
        if (iscntrl((unsigned char)*c))
            *c = '?';
    return gan_error(GAN_FAILED, "%s: damaged, or not a safetensors file: %s", checkpoint->path, reason);
}

static gan_status map_file(gan_checkpoint *checkpoint)
{
    gan_status status = GAN_OK;
    struct stat info;
    const char *path = checkpoint->path;
    /* Without O_NONBLOCK, opening a named pipe would wait for its other end for ever. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return gan_error(errno == ENOENT ? GAN_BAD_INPUT : GAN_FAILED, "%s: cannot open: %s", path,
                         strerror(errno));
    if (fstat(file, &info) != 0) {
        status = gan_error(GAN_FAILED, "%s: cannot read: %s", path, strerror(errno));
    } else if (!S_ISREG(info.st_mode)) {
        status = gan_error(GAN_BAD_INPUT, "%s: not a file", path);
    } else if (info.st_size < HEADER_LENGTH_BYTES) {
        status = gan_checkpoint_damaged(checkpoint, "only %lld bytes long", (long long)info.st_size);
    } else {
        checkpoint->size = (size_t)info.st_size;
        void *map = mmap(NULL, checkpoint->size, PROT_READ, MAP_PRIVATE, file, 0);
        if (map == MAP_FAILED)
            status = gan_error(GAN_FAILED, "%s: cannot map: %s", path, strerror(errno));
        else
            checkpoint->map = map;
    }
    close(file);
    return status;
}

/* Compares the header's checksum, if there is one, before anything is made of the header. `copy` is the
 * length and the header; the checksum's digits in it become zeros. */
static gan_status check_header_hash(gan_checkpoint *checkpoint, char *copy, size_t n)
{
    char digits[HASH_DIGITS + 1];
    if (n < HASH_AT + HASH_DIGITS ||
        memcmp(copy + HEADER_LENGTH_BYTES, HASH_PREFIX, sizeof HASH_PREFIX - 1) != 0)
        return GAN_OK;
    memset(copy + HASH_AT, '0', HASH_DIGITS);
    gan_hash_text(digits, gan_hash(copy, n, 0));
    if (memcmp(digits, checkpoint->map + HASH_AT, HASH_DIGITS) != 0)
        return gan_checkpoint_damaged(checkpoint, "the header's checksum does not agree");
    checkpoint->checked = true;
    return GAN_OK;
}

static gan_status check_data_hash(gan_checkpoint *checkpoint)
{
    char digits[HASH_DIGITS + 1];
    const char *stored = gan_checkpoint_metadata(checkpoint, DATA_HASH_KEY);
    if (!checkpoint->checked) {
        /* One flipped bit must not turn a checked file into an unchecked one. */
        if (stored || gan_checkpoint_metadata(checkpoint, HEADER_HASH_KEY))
            return gan_checkpoint_damaged(checkpoint, "its checksums are not where they belong");
        return GAN_OK;
    }
    uint64_t hash = 0;
    for (size_t i = 0; i < checkpoint->n_tensors; i++) {
        const gan_stored_tensor *tensor = &checkpoint->tensors[i];
        hash = gan_hash(checkpoint->data + tensor->begin, tensor->end - tensor->begin, hash);
    }
    gan_hash_text(digits, hash);
    if (!stored || strcmp(stored, digits) != 0)
        return gan_checkpoint_damaged(checkpoint, "the data's checksum does not agree");
    return GAN_OK;
}

static gan_status validate(gan_checkpoint *checkpoint)
{
    uint64_t length;
    memcpy(&length, checkpoint->map, sizeof length);
    if (length > HEADER_LIMIT || length > checkpoint->size - HEADER_LENGTH_BYTES)
        return gan_checkpoint_damaged(checkpoint, "a header of %llu bytes does not fit",
                                      (unsigned long long)length);
    size_t n = HEADER_LENGTH_BYTES + (size_t)length;
    checkpoint->data = checkpoint->map + n;
    checkpoint->data_size = checkpoint->size - n;
    char *copy = malloc(n + 1); /* a text parser wants a zero at the end */
    if (!copy)
        return gan_error(GAN_FAILED, "%s: out of memory", checkpoint->path);
    memcpy(copy, checkpoint->map, n);
    copy[n] = '\0';
    gan_status status = check_header_hash(checkpoint, copy, n);
    if (status == GAN_OK)
        status = gan_header_parse(checkpoint, copy + HEADER_LENGTH_BYTES, (size_t)length);
    free(copy);
    GAN_TRY(status);
    return check_data_hash(checkpoint);
}

gan_status gan_checkpoint_open(gan_checkpoint **out, const char *path)
{
    gan_status status = GAN_OK;
    gan_checkpoint *checkpoint = calloc(1, sizeof *checkpoint);
    if (!checkpoint || !(checkpoint->path = strdup(path))) {
        status = gan_error(GAN_FAILED, "%s: out of memory", path);
        goto out;
    }
    GAN_TRY_OUT(status, map_file(checkpoint));
    GAN_TRY_OUT(status, validate(checkpoint));
    *out = checkpoint;
    checkpoint = NULL;
out:
    gan_checkpoint_close(checkpoint);
    return status;
}

void gan_checkpoint_close(gan_checkpoint *checkpoint)
{
    if (!checkpoint)
        return;
    if (checkpoint->map)
        munmap(checkpoint->map, checkpoint->size);
    cJSON_Delete(checkpoint->json);
    free(checkpoint->tensors);
    free(checkpoint->metadata);
    free(checkpoint->path);
    free(checkpoint);
}

bool gan_checkpoint_checked(const gan_checkpoint *checkpoint)
{
    return checkpoint->checked;
}

size_t gan_checkpoint_count(const gan_checkpoint *checkpoint)
{
    return checkpoint->n_tensors;
}

size_t gan_checkpoint_size(const gan_checkpoint *checkpoint)
{
    return checkpoint->size;
}

gan_status gan_checkpoint_tensor(gan_tensor_view *out, const gan_checkpoint *checkpoint, size_t index)
{
    if (index >= checkpoint->n_tensors)
        return gan_error(GAN_FAILED, "%s: has no tensor number %zu", checkpoint->path, index);
    const gan_stored_tensor *tensor = &checkpoint->tensors[index];
    *out = (gan_tensor_view){.name = tensor->name,
                             .dtype = tensor->dtype->dtype,
                             .rank = tensor->rank,
                             .data = checkpoint->data + tensor->begin};
    memcpy(out->dims, tensor->dims, sizeof out->dims);
    return GAN_OK;
}

const char *gan_checkpoint_dtype(const gan_checkpoint *checkpoint, size_t index)
{
    return index < checkpoint->n_tensors ? checkpoint->tensors[index].dtype->name : NULL;
}

const char *gan_checkpoint_metadata(const gan_checkpoint *checkpoint, const char *key)
{
    for (size_t i = 0; i < checkpoint->n_metadata; i++)
        if (strcmp(checkpoint->metadata[i].key, key) == 0)
            return checkpoint->metadata[i].value;
    return NULL;
}

bool gan_checkpoint_metadata_at(gan_metadata *out, const gan_checkpoint *checkpoint, size_t index)
{
    if (index >= checkpoint->n_metadata)
        return false;
    *out = checkpoint->metadata[index];
    return true;
}
