/* Any bytes as a safetensors file: refused with a reason, or every tensor of it can be read. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include "gan_dist/base.h"
#include "gan_dist/rng.h"
#include "out/checkpoint.h"

/* No mutation would ever find the header's checksum, and what is behind it would not be tried. */
static void mend_header_hash(uint8_t *bytes, size_t n)
{
    uint64_t length;
    char digits[HASH_DIGITS + 1];
    if (n < HASH_AT + HASH_DIGITS ||
        memcmp(bytes + HEADER_LENGTH_BYTES, HASH_PREFIX, sizeof HASH_PREFIX - 1) != 0)
        return;
    memcpy(&length, bytes, sizeof length);
    if (length < HASH_AT + HASH_DIGITS - HEADER_LENGTH_BYTES || length > n - HEADER_LENGTH_BYTES)
        return;
    memset(bytes + HASH_AT, '0', HASH_DIGITS);
    gan_hash_text(digits, gan_hash(bytes, HEADER_LENGTH_BYTES + (size_t)length, 0));
    memcpy(bytes + HASH_AT, digits, HASH_DIGITS);
}

static void read_tensors(const gan_checkpoint *checkpoint)
{
    gan_metadata pair;
    for (size_t i = 0; gan_checkpoint_metadata_at(&pair, checkpoint, i); i++)
        fuzz_require(gan_checkpoint_metadata(checkpoint, pair.key) == pair.value, "a key is found again");
    for (size_t i = 0; i < gan_checkpoint_count(checkpoint); i++) {
        gan_tensor_view view;
        fuzz_require(gan_checkpoint_tensor(&view, checkpoint, i) == GAN_OK, "each tensor can be seen");
        size_t elements = 1, left = gan_checkpoint_size(checkpoint);
        for (int d = 0; d < view.rank; d++)
            fuzz_require(!__builtin_mul_overflow(elements, (size_t)view.dims[d], &elements), "a size fits");
        if (view.dtype == GAN_OTHER_DTYPE)
            continue;
        fuzz_require(elements <= left / 4, "no tensor is larger than the file");
        view.data = malloc(elements * (view.dtype == GAN_F32 ? 4 : 8) + 1);
        fuzz_require(view.data != NULL, "memory");
        fuzz_require(gan_checkpoint_read(checkpoint, &view, 1) == GAN_OK, "each tensor can be read");
        free(view.data);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    gan_checkpoint *checkpoint = NULL;
    uint8_t *copy = malloc(n + 1);
    fuzz_require(copy != NULL, "memory");
    memcpy(copy, bytes, n);
    mend_header_hash(copy, n);
    const char *path = fuzz_file(copy, n);
    if (gan_checkpoint_open(&checkpoint, path) == GAN_OK)
        read_tensors(checkpoint);
    else
        fuzz_require(strstr(gan_error_message(), path) != NULL, "the reason names the file");
    gan_checkpoint_close(checkpoint);
    free(copy);
    return 0;
}
