/* Any bytes as the segments of a JPEG file with an EXIF block:
 * an orientation comes out, and turning loses no pixel. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include "data/exif.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const uint8_t in[6] = {1, 2, 4, 8, 16, 32};
    uint8_t out[6], *copy = malloc(n ? n : 1);
    fuzz_require(copy != NULL, "memory");
    memcpy(copy, bytes, n);
    int orientation = gan_exif_orientation(copy, n), sum = 0;
    fuzz_require(orientation >= 1 && orientation <= 8, "an orientation is 1 to 8");
    gan_exif_turn(out, in, 2, 3, 1, orientation);
    for (int i = 0; i < 6; i++)
        sum |= out[i];
    fuzz_require(sum == 63, "every pixel is there after a turn");
    free(copy);
    return 0;
}
