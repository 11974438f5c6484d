/* idx.h: the IDX format of MNIST, plain (mapped) or .gz (a stream). Internal to src/data.
 *
 * Bytes: 0, 0, element type, number of dimensions; each dimension as a big-endian 32-bit number; then the
 * elements, the last dimension fastest. Types read here: 0x08 unsigned byte, 0x0C big-endian 32-bit integer
 * (labels above 255). */
#ifndef GAN_DATA_IDX_H
#define GAN_DATA_IDX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gan_dist/config.h"
#include "gan_dist/error.h"

#define GAN_IDX_BYTE 0x08
#define GAN_IDX_INT  0x0c

typedef struct gan_idx {
    char path[GAN_TEXT_MAX];
    bool zipped;
    int type, dims;
    uint64_t dim[4];
    uint64_t item;      /* bytes of one element of the first dimension */
    size_t header;      /* bytes before the elements */
    const uint8_t *map; /* the whole file, if not zipped */
    size_t map_bytes;
} gan_idx;

/* Opens and checks the header, and for a plain file that its size is what the header says. */
gan_status gan_idx_open(gan_idx *out, const char *path);
void gan_idx_close(gan_idx *idx); /* a zeroed struct is fine */

/* Items in rising order from a zipped file; one thread each. */
typedef struct gan_idx_stream gan_idx_stream;
gan_status gan_idx_stream_open(gan_idx_stream **out, const gan_idx *idx);
/* Item `index` (not below the last one) into `out`. After the last item the checksum and the end of the file
 * are checked. */
gan_status gan_idx_stream_read(gan_idx_stream *stream, uint8_t *out, uint64_t index);
void gan_idx_stream_close(gan_idx_stream *stream); /* NULL is fine */

/* A labels file: one dimension, or QMNIST's table. *out is freed by the caller. */
gan_status gan_idx_read_labels(int32_t **out, uint64_t *n, const char *path);

/* The header of a file of the given shape; returns its length. `out` has room for 20 bytes. */
size_t gan_idx_header(uint8_t *out, int type, int dims, const uint64_t *dim);

#endif
