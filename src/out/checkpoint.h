/* checkpoint.h: what the writer and the reader of checkpoints share. The format is in docs/formats.md. */
#ifndef GAN_OUT_CHECKPOINT_H
#define GAN_OUT_CHECKPOINT_H

#include <cjson/cJSON.h>
#include "gan_dist/out.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors is little-endian; this code copies numbers as they stand in memory"
#endif

#define HEADER_LENGTH_BYTES 8
#define HEADER_LIMIT        100000000 /* the format's own limit */
#define DATA_ALIGNMENT      64
#define METADATA_NAME       "__metadata__"
#define HEADER_HASH_KEY     "gan_dist.header_hash"
#define DATA_HASH_KEY       "gan_dist.data_hash"
#define HASH_DIGITS         16

/* How every file with checksums begins after the length. The digits of the header's checksum come next, so
 * they stand at one place in every file and can be taken as zeros without understanding the rest. */
#define HASH_PREFIX "{\"" METADATA_NAME "\":{\"" HEADER_HASH_KEY "\":\""
#define HASH_AT     (HEADER_LENGTH_BYTES + sizeof HASH_PREFIX - 1)

/* Lower-case hexadecimal with a terminating zero. */
void gan_hash_text(char out[HASH_DIGITS + 1], uint64_t hash);

/* The types of the format. `bits` of one element. */
typedef struct gan_dtype_row {
    const char *name;
    unsigned bits;
    gan_dtype dtype;
} gan_dtype_row;

const gan_dtype_row *gan_dtype_find(const char *name); /* NULL if unknown */
const gan_dtype_row *gan_dtype_of(gan_dtype dtype);    /* F32 or I64, else NULL */

/* Elements and bytes of a shape; false when a dimension is negative,
 * a product overflows or ends inside a byte. */
bool gan_shape_size(size_t *elements, size_t *bytes, unsigned bits, int rank, const int64_t *dims);

/* The text that occurs twice in `names`, NULL when all differ. Sorts `names`. */
const char *gan_find_duplicate(const char **names, size_t n);

typedef struct gan_stored_tensor {
    const char *name;
    const gan_dtype_row *dtype;
    int rank;
    int64_t dims[GAN_RANK_MAX];
    size_t begin, end;          /* bytes of the data part */
    uint64_t hash_before, hash; /* of a file with checksums: the data's, up to this tensor and with it */
} gan_stored_tensor;

struct gan_checkpoint {
    char *path;
    int file;    /* read, not mapped: a failing disk must be an error, not a signal */
    size_t size; /* of the whole file */
    size_t data_at, data_size;
    cJSON *json;                /* owns every name and text below */
    gan_stored_tensor *tensors; /* in the order of the data */
    size_t n_tensors;
    gan_metadata *metadata;
    size_t n_metadata;
    bool checked;   /* it carries checksums, and they agree */
    bool rewritten; /* it carries those of a file that another program has written again */
};

/* Fills json, tensors and metadata from the header's `n` bytes, which a zero must follow, and checks them
 * against data_size. On failure the caller closes the checkpoint. */
gan_status gan_header_parse(gan_checkpoint *checkpoint, const char *header, size_t n);

/* Bytes `begin` to `end` of the data part. */
gan_status gan_checkpoint_bytes(void *out, const gan_checkpoint *checkpoint, size_t begin, size_t end);

/* GAN_FAILED: "PATH: damaged, or not a safetensors file: REASON". */
gan_status gan_checkpoint_damaged(const gan_checkpoint *checkpoint, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
