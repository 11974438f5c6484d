#include "checkpoint.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static gan_status open_file(gan_checkpoint *checkpoint)
{
    struct stat info;
    const char *path = checkpoint->path;
    /* Without O_NONBLOCK, opening a named pipe would wait for its other end for ever. */
    checkpoint->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (checkpoint->file < 0)
        return gan_error(errno == ENOENT ? GAN_BAD_INPUT : GAN_FAILED, "%s: cannot open: %s", path,
                         strerror(errno));
    if (fstat(checkpoint->file, &info) != 0)
        return gan_error(GAN_FAILED, "%s: cannot read: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return gan_error(GAN_BAD_INPUT, "%s: not a file", path);
    if (info.st_size < HEADER_LENGTH_BYTES)
        return gan_checkpoint_damaged(checkpoint, "only %lld bytes long", (long long)info.st_size);
    checkpoint->size = (size_t)info.st_size;
    return GAN_OK;
}

static gan_status read_at(void *out, const gan_checkpoint *checkpoint, size_t n, size_t at)
{
    unsigned char *p = out;
    while (n > 0) {
        ssize_t got = pread(checkpoint->file, p, n, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return gan_error(GAN_FAILED, "%s: cannot read: %s", checkpoint->path, strerror(errno));
        if (got == 0)
            return gan_checkpoint_damaged(checkpoint, "it has become shorter while it was read");
        p += got;
        at += (size_t)got;
        n -= (size_t)got;
    }
    return GAN_OK;
}

gan_status gan_checkpoint_bytes(void *out, const gan_checkpoint *checkpoint, size_t begin, size_t end)
{
    return read_at(out, checkpoint, end - begin, checkpoint->data_at + begin);
}

/* Compares the header's checksum, where there is one in its place. `header` is the length and the header. */
static void check_header_hash(gan_checkpoint *checkpoint, char *header, size_t n)
{
    char stored[HASH_DIGITS], digits[HASH_DIGITS + 1];
    if (n < HASH_AT + HASH_DIGITS ||
        memcmp(header + HEADER_LENGTH_BYTES, HASH_PREFIX, sizeof HASH_PREFIX - 1) != 0)
        return;
    memcpy(stored, header + HASH_AT, HASH_DIGITS);
    memset(header + HASH_AT, '0', HASH_DIGITS);
    gan_hash_text(digits, gan_hash(header, n, 0));
    memcpy(header + HASH_AT, stored, HASH_DIGITS);
    checkpoint->checked = memcmp(digits, stored, HASH_DIGITS) == 0;
}

/* The same but for one byte at most, in which bits may have changed. */
static bool nearly(const char *a, const char *b)
{
    int differ = 0;
    if (strlen(a) != strlen(b))
        return false;
    for (; *a; a++, b++)
        differ += *a != *b;
    return differ <= 1;
}

/* Whether the keys that a run writes stand in its order. */
static bool in_order_of_run(const gan_checkpoint *checkpoint)
{
    static const char *const keys[] = {"format",      GAN_META_STEP,   GAN_META_PRESET,
                                       GAN_META_DATA, GAN_META_CONFIG, GAN_META_CLASSES};
    size_t next = 0;
    for (size_t i = 0; i < checkpoint->n_metadata; i++)
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            if (strcmp(checkpoint->metadata[i].key, keys[k]) != 0)
                continue;
            if (k < next)
                return false;
            next = k;
        }
    return true;
}

/* Whether the header is laid out as gan_checkpoint_write does it: its two checksums first. Another program
 * keeps the texts, and orders them as it likes; a changed bit does not change their order. */
static bool laid_out_as_ours(const gan_checkpoint *checkpoint)
{
    return checkpoint->n_metadata >= 2 && checkpoint->data_at % DATA_ALIGNMENT == 0 &&
           nearly(checkpoint->metadata[0].key, HEADER_HASH_KEY) &&
           nearly(checkpoint->metadata[1].key, DATA_HASH_KEY) && in_order_of_run(checkpoint);
}

/* Chained into *hash. A tensor at a time, so that memory need not hold the whole file. */
static gan_status hash_data(uint64_t *hash, gan_checkpoint *checkpoint)
{
    gan_status status = GAN_OK;
    size_t largest = 0;
    for (size_t i = 0; i < checkpoint->n_tensors; i++) {
        size_t n = checkpoint->tensors[i].end - checkpoint->tensors[i].begin;
        largest = n > largest ? n : largest;
    }
    unsigned char *bytes = malloc(largest + 1);
    if (!bytes)
        return gan_error(GAN_FAILED, "%s: out of memory", checkpoint->path);
    for (size_t i = 0; i < checkpoint->n_tensors; i++) {
        gan_stored_tensor *tensor = &checkpoint->tensors[i];
        GAN_TRY_OUT(status, gan_checkpoint_bytes(bytes, checkpoint, tensor->begin, tensor->end));
        tensor->hash_before = *hash;
        tensor->hash = *hash = gan_hash(bytes, tensor->end - tensor->begin, *hash);
    }
out:
    free(bytes);
    return status;
}

static gan_status check_data_hash(gan_checkpoint *checkpoint)
{
    char digits[HASH_DIGITS + 1];
    const char *stored = gan_checkpoint_metadata(checkpoint, DATA_HASH_KEY);
    const char *header_hash = gan_checkpoint_metadata(checkpoint, HEADER_HASH_KEY);
    if (!checkpoint->checked) {
        /* One flipped bit must not turn a checked file into an unchecked one. */
        if ((stored || header_hash) && laid_out_as_ours(checkpoint))
            return gan_checkpoint_damaged(checkpoint, "the header's checksum does not agree");
        if (!stored != !header_hash)
            return gan_checkpoint_damaged(checkpoint, "it has one of its two checksums");
        checkpoint->rewritten = stored != NULL;
        return GAN_OK;
    }
    uint64_t hash = 0;
    GAN_TRY(hash_data(&hash, checkpoint));
    gan_hash_text(digits, hash);
    if (!stored || strcmp(stored, digits) != 0)
        return gan_checkpoint_damaged(checkpoint, "the data's checksum does not agree");
    return GAN_OK;
}

static gan_status validate(gan_checkpoint *checkpoint)
{
    uint64_t length;
    GAN_TRY(read_at(&length, checkpoint, sizeof length, 0));
    if (length > HEADER_LIMIT || length > checkpoint->size - HEADER_LENGTH_BYTES)
        return gan_checkpoint_damaged(checkpoint, "a header of %llu bytes does not fit",
                                      (unsigned long long)length);
    size_t n = HEADER_LENGTH_BYTES + (size_t)length;
    checkpoint->data_at = n;
    checkpoint->data_size = checkpoint->size - n;
    char *header = malloc(n + 1); /* a text parser wants a zero at the end */
    if (!header)
        return gan_error(GAN_FAILED, "%s: out of memory", checkpoint->path);
    header[n] = '\0';
    gan_status status = read_at(header, checkpoint, n, 0);
    if (status == GAN_OK)
        check_header_hash(checkpoint, header, n);
    if (status == GAN_OK)
        status = gan_header_parse(checkpoint, header + HEADER_LENGTH_BYTES, (size_t)length);
    free(header);
    GAN_TRY(status);
    return check_data_hash(checkpoint);
}

gan_status gan_checkpoint_open(gan_checkpoint **out, const char *path)
{
    gan_status status = GAN_OK;
    gan_checkpoint *checkpoint = calloc(1, sizeof *checkpoint);
    if (!checkpoint)
        return gan_error(GAN_FAILED, "%s: out of memory", path);
    checkpoint->file = -1;
    checkpoint->path = strdup(path);
    if (!checkpoint->path) {
        status = gan_error(GAN_FAILED, "%s: out of memory", path);
        goto out;
    }
    GAN_TRY_OUT(status, open_file(checkpoint));
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
    if (checkpoint->file >= 0)
        close(checkpoint->file);
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

bool gan_checkpoint_rewritten(const gan_checkpoint *checkpoint)
{
    return checkpoint->rewritten;
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
    *out = (gan_tensor_view){.name = tensor->name, .dtype = tensor->dtype->dtype, .rank = tensor->rank};
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
