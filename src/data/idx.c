#include "idx.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define HEADER_MAX 20

struct gan_idx_stream {
    const gan_idx *idx;
    gzFile file;
    uint64_t next; /* the item at which the stream stands */
};

static uint64_t big_endian_32(const uint8_t *p)
{
    return (uint64_t)p[0] << 24 | (uint64_t)p[1] << 16 | (uint64_t)p[2] << 8 | p[3];
}

/* What is taken for an IDX file when a download or an unpacking went wrong. */
static gan_status tell_kind(const char *path, const uint8_t *bytes, size_t n)
{
    static const struct {
        const char *start, *kind;
        size_t n;
    } kinds[] = {
        {"\x1f\x8b", "it is zipped twice: unzip it once", 2},
        {"PK\x03\x04", "it is a ZIP archive: unpack it", 4},
        {"BZh", "it is packed by bzip2: unpack it", 3},
        {"\xfd"
         "7zXZ",
         "it is packed by xz: unpack it", 5},
        {"version https://git-", "it is a pointer of Git LFS: git lfs pull", 20},
        {"<", "it is a web page: the download was refused", 1},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (n >= kinds[i].n && memcmp(bytes, kinds[i].start, kinds[i].n) == 0)
            return gan_error(GAN_BAD_INPUT, "%s: not an IDX file: %s", path, kinds[i].kind);
    return gan_error(GAN_BAD_INPUT,
                     "%s: not an IDX file (for pictures, name the folder that holds them, not one file)",
                     path);
}

static gan_status parse_header(gan_idx *idx, const uint8_t *bytes, size_t n)
{
    if (n < 4 || bytes[0] != 0 || bytes[1] != 0)
        return tell_kind(idx->path, bytes, n);
    idx->type = bytes[2];
    idx->dims = bytes[3];
    if ((idx->type != GAN_IDX_BYTE && idx->type != GAN_IDX_INT) || idx->dims < 1 || idx->dims > 4)
        return gan_error(
            GAN_BAD_INPUT,
            "%s: IDX type 0x%02x with %d dimensions cannot be used (needed: 0x08, 3 or 4 dimensions for "
            "pictures, 1 for labels)",
            idx->path, (unsigned)idx->type, idx->dims);
    idx->header = 4 + 4 * (size_t)idx->dims;
    if (n < idx->header)
        return gan_error(GAN_BAD_INPUT, "%s: truncated inside its header", idx->path);
    bool overflow = false;
    idx->item = idx->type == GAN_IDX_INT ? 4 : 1;
    for (int d = 0; d < idx->dims; d++) {
        idx->dim[d] = big_endian_32(bytes + 4 + 4 * d);
        if (d > 0)
            overflow |= __builtin_mul_overflow(idx->item, idx->dim[d], &idx->item);
    }
    uint64_t all;
    overflow |= __builtin_mul_overflow(idx->item, idx->dim[0], &all) || all > INT64_MAX - HEADER_MAX;
    if (overflow || all == 0)
        return gan_error(GAN_BAD_INPUT,
                         "%s: its header promises an impossible size (%llu items of %llu bytes)", idx->path,
                         (unsigned long long)idx->dim[0], (unsigned long long)idx->item);
    return GAN_OK;
}

static gan_status map_plain(gan_idx *idx, int file)
{
    struct stat info;
    if (fstat(file, &info) != 0)
        return gan_error(GAN_BAD_INPUT, "%s: cannot be read: %s", idx->path, strerror(errno));
    uint64_t promised = idx->header + idx->dim[0] * idx->item;
    if ((uint64_t)info.st_size != promised)
        return gan_error(GAN_BAD_INPUT, "%s: %s: its header promises %llu bytes, the file has %llu",
                         idx->path, (uint64_t)info.st_size < promised ? "truncated" : "damaged",
                         (unsigned long long)promised, (unsigned long long)info.st_size);
    void *map = mmap(NULL, (size_t)promised, PROT_READ, MAP_SHARED, file, 0);
    if (map == MAP_FAILED)
        return gan_error(GAN_FAILED, "%s: cannot be mapped: %s", idx->path, strerror(errno));
    idx->map = map;
    idx->map_bytes = (size_t)promised;
    return GAN_OK;
}

/* What is wrong with a stream, in zlib's own words. */
static gan_status zip_error(const char *path, gzFile file)
{
    int code = Z_OK, system_error = errno;
    const char *text = gzerror(file, &code);
    size_t n = strlen(path);
    if (code == Z_ERRNO)
        return gan_error(GAN_BAD_INPUT, "%s: cannot be read: %s", path, strerror(system_error));
    if (text && strncmp(text, path, n) == 0 && strncmp(text + n, ": ", 2) == 0)
        text += n + 2; /* zlib begins with the path */
    return gan_error(GAN_BAD_INPUT, "%s: truncated or damaged: %s", path,
                     code == Z_OK || !text ? "it ends too early" : text);
}

static gan_status open_zipped(gzFile *out, const char *path)
{
    *out = gzopen(path, "rbe");
    if (!*out)
        return gan_error(GAN_BAD_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    gzbuffer(*out, 1 << 17);
    return GAN_OK;
}

/* Deflate makes at most about 1032 bytes of one: memory for more would be asked for in vain. */
static gan_status check_zip_size(const gan_idx *idx, int file)
{
    struct stat info;
    if (fstat(file, &info) != 0)
        return gan_error(GAN_BAD_INPUT, "%s: cannot be read: %s", idx->path, strerror(errno));
    uint64_t promised = idx->dim[0] * idx->item;
    if (promised / 1100 > (uint64_t)info.st_size)
        return gan_error(
            GAN_BAD_INPUT,
            "%s: truncated or damaged: its header promises %llu bytes, too many for %llu zipped ones",
            idx->path, (unsigned long long)promised, (unsigned long long)info.st_size);
    return GAN_OK;
}

static gan_status read_header(gan_idx *idx, int file)
{
    uint8_t bytes[HEADER_MAX];
    ssize_t got = pread(file, bytes, sizeof bytes, 0);
    if (got < 0)
        return gan_error(GAN_BAD_INPUT, "%s: cannot be read: %s", idx->path, strerror(errno));
    if (got == 0)
        return gan_error(GAN_BAD_INPUT, "%s: empty", idx->path);
    idx->zipped = got >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
    if (!idx->zipped) {
        GAN_TRY(parse_header(idx, bytes, (size_t)got));
        return map_plain(idx, file);
    }
    gzFile stream;
    GAN_TRY(open_zipped(&stream, idx->path));
    int n = gzread(stream, bytes, sizeof bytes), code = Z_OK;
    gzerror(stream, &code);
    gan_status status =
        code != Z_OK ? zip_error(idx->path, stream) : parse_header(idx, bytes, n < 0 ? 0 : (size_t)n);
    gzclose(stream);
    return status == GAN_OK ? check_zip_size(idx, file) : status;
}

gan_status gan_idx_open(gan_idx *out, const char *path)
{
    *out = (gan_idx){0};
    snprintf(out->path, sizeof out->path, "%s", path);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return gan_error(GAN_BAD_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    gan_status status = read_header(out, file);
    close(file);
    return status;
}

void gan_idx_close(gan_idx *idx)
{
    if (idx->map)
        munmap((void *)(uintptr_t)idx->map, idx->map_bytes);
    *idx = (gan_idx){0};
}

gan_status gan_idx_stream_open(gan_idx_stream **out, const gan_idx *idx)
{
    gan_idx_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return gan_error(GAN_FAILED, "%s: out of memory", idx->path);
    stream->idx = idx;
    gan_status status = open_zipped(&stream->file, idx->path);
    if (status == GAN_OK && gzseek(stream->file, (z_off_t)idx->header, SEEK_SET) < 0)
        status = zip_error(idx->path, stream->file);
    if (status != GAN_OK) {
        gan_idx_stream_close(stream);
        return status;
    }
    *out = stream;
    return GAN_OK;
}

static gan_status read_exactly(gan_idx_stream *stream, uint8_t *out, uint64_t n)
{
    while (n > 0) {
        unsigned part = n < (1u << 30) ? (unsigned)n : 1u << 30;
        int got = gzread(stream->file, out, part);
        if (got <= 0)
            return zip_error(stream->idx->path, stream->file);
        out += got;
        n -= (uint64_t)got;
    }
    return GAN_OK;
}

gan_status gan_idx_stream_read(gan_idx_stream *stream, uint8_t *out, uint64_t index)
{
    const gan_idx *idx = stream->idx;
    if (index > stream->next &&
        gzseek(stream->file, (z_off_t)((index - stream->next) * idx->item), SEEK_CUR) < 0)
        return zip_error(idx->path, stream->file);
    GAN_TRY(read_exactly(stream, out, idx->item));
    stream->next = index + 1;
    if (stream->next < idx->dim[0])
        return GAN_OK;
    uint8_t more;
    int got = gzread(stream->file, &more, 1); /* reaching the end makes zlib compare its checksum */
    if (got > 0)
        return gan_error(GAN_BAD_INPUT, "%s: damaged: it has more bytes than its header promises", idx->path);
    int code = Z_OK;
    gzerror(stream->file, &code);
    if (got < 0 || code != Z_OK)
        return zip_error(idx->path, stream->file);
    return GAN_OK;
}

void gan_idx_stream_close(gan_idx_stream *stream)
{
    if (!stream)
        return;
    if (stream->file)
        gzclose(stream->file);
    free(stream);
}

static gan_status read_zipped_labels(uint8_t *out, const gan_idx *idx)
{
    gan_idx_stream *stream = NULL;
    GAN_TRY(gan_idx_stream_open(&stream, idx));
    gan_status status = GAN_OK;
    for (uint64_t i = 0; status == GAN_OK && i < idx->dim[0]; i++)
        status = gan_idx_stream_read(stream, out + i * idx->item, i);
    gan_idx_stream_close(stream);
    return status;
}

/* QMNIST's labels are tables of eight columns, of which the first is the class. */
static bool is_table(const gan_idx *idx)
{
    return idx->dims == 2 && idx->type == GAN_IDX_INT && idx->dim[1] == 8;
}

static gan_status convert_labels(int32_t **out, const gan_idx *idx)
{
    if (idx->dims != 1 && !is_table(idx))
        return gan_error(GAN_BAD_INPUT, "%s: labels need 1 dimension, it has %d", idx->path, idx->dims);
    if (idx->dim[0] > UINT32_MAX)
        return gan_error(GAN_BAD_INPUT, "%s: too many labels", idx->path);
    uint8_t *bytes = NULL;
    int32_t *labels = calloc(idx->dim[0], sizeof *labels);
    if (idx->zipped)
        bytes = calloc(idx->dim[0], idx->item);
    if (!labels || (idx->zipped && !bytes)) {
        free(labels);
        free(bytes);
        return gan_error(GAN_FAILED, "%s: out of memory for its labels", idx->path);
    }
    gan_status status = idx->zipped ? read_zipped_labels(bytes, idx) : GAN_OK;
    const uint8_t *from = idx->zipped ? bytes : idx->map + idx->header;
    for (uint64_t i = 0; status == GAN_OK && i < idx->dim[0]; i++)
        labels[i] =
            idx->type == GAN_IDX_INT ? (int32_t)(uint32_t)big_endian_32(from + idx->item * i) : from[i];
    free(bytes);
    if (status == GAN_OK)
        *out = labels;
    else
        free(labels);
    return status;
}

gan_status gan_idx_read_labels(int32_t **out, uint64_t *n, const char *path)
{
    gan_idx idx;
    gan_status status = gan_idx_open(&idx, path);
    if (status == GAN_OK)
        status = convert_labels(out, &idx);
    *n = idx.dim[0];
    gan_idx_close(&idx);
    return status;
}

size_t gan_idx_header(uint8_t *out, int type, int dims, const uint64_t *dim)
{
    out[0] = out[1] = 0;
    out[2] = (uint8_t)type;
    out[3] = (uint8_t)dims;
    for (int d = 0; d < dims; d++)
        for (int b = 0; b < 4; b++)
            out[4 + 4 * d + b] = (uint8_t)(dim[d] >> (24 - 8 * b));
    return 4 + 4 * (size_t)dims;
}
