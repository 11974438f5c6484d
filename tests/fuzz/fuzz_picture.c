/* Any bytes as a JPEG or PNG file. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "data/decode.h"
#include "data/picture.h"

#define PIXELS_MAX (1 << 20)

static uint32_t big_endian_32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* No mutation would ever find a PNG chunk's checksum. A chunk: length, four letters, data, checksum of
 * letters and data. */
static void mend_png(uint8_t *bytes, size_t n)
{
    for (size_t at = 8; at + 12 <= n;) {
        size_t length = big_endian_32(bytes + at);
        if (length > n - at - 12)
            return;
        uint32_t sum = (uint32_t)crc32(0, bytes + at + 4, (unsigned)length + 4);
        for (int b = 0; b < 4; b++)
            bytes[at + 8 + length + (size_t)b] = (uint8_t)(sum >> (24 - 8 * b));
        at += 12 + length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static gan_scratch scratch;
    static gan_config config;
    gan_decoder decoder;
    if (config.height == 0) {
        gan_config_defaults(&config);
        config.height = config.width = 8;
    }
    uint8_t *copy = malloc(n + 1), *out = malloc(8 * 8 * 3);
    fuzz_require(copy && out, "memory");
    memcpy(copy, bytes, n);
    if (n > 8 && copy[0] == 0x89)
        mend_png(copy, n);
    gan_bad bad = gan_decode_begin(&decoder, copy, n);
    /* Many megapixels from a few bytes are right, and slow. */
    bool small = bad == GAN_BAD_NONE && (uint64_t)decoder.height * (uint64_t)decoder.width <= PIXELS_MAX;
    gan_decode_end(&decoder);
    config.channels = n % 2 ? 1 : 3;
    if (small || bad != GAN_BAD_NONE)
        gan_picture_load(&scratch, out, &config, fuzz_file(copy, n));
    /* Else an unlucky large one would stay for ever. */
    gan_picture_scratch_free(&scratch);
    free(copy);
    free(out);
    return 0;
}
