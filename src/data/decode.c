#include "decode.h"

#include <string.h>

gan_bad gan_decode_begin(gan_decoder *decoder, const uint8_t *bytes, size_t n)
{
    *decoder = (gan_decoder){0};
    gan_bad bad = GAN_BAD_NOT_A_PICTURE;
    if (n >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0)
        bad = gan_jpeg_begin(decoder, bytes, n);
    else if (n >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
        bad = gan_png_begin(decoder, bytes, n);
    if (bad == GAN_BAD_NONE && (uint64_t)decoder->height * (uint64_t)decoder->width > GAN_PICTURE_PIXEL_MAX)
        bad = GAN_BAD_TOO_LARGE;
    return bad;
}

gan_bad gan_decode_pixels(gan_decoder *decoder, uint8_t *out)
{
    return decoder->jpeg ? gan_jpeg_pixels(decoder, out) : gan_png_pixels(decoder, out);
}

void gan_decode_end(gan_decoder *decoder)
{
    if (decoder->jpeg)
        gan_jpeg_end(decoder);
    if (decoder->png)
        gan_png_end(decoder);
    *decoder = (gan_decoder){0};
}
