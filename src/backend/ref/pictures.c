/* pictures.c: from the bytes of pictures to the floats of a batch. */
#include "ref.h"

#include "gan_dist/pixel.h"

gan_status gan_ref_pictures(gan_backend *be, float *out, const uint8_t *pixels, const uint64_t *picks,
                            const gan_pictures_args *args)
{
    (void)be;
    const size_t h = (size_t)args->h, w = (size_t)args->w, c = (size_t)args->c;
    for (int k = 0; k < args->n; k++) {
        const uint8_t *from = pixels + picks[k] / 2 * h * w * c;
        for (size_t y = 0; y < h; y++)
            for (size_t x = 0; x < w; x++)
                for (size_t i = 0; i < c; i++)
                    *out++ =
                        gan_pixel_value(from[(y * w + (picks[k] % 2 ? w - 1 - x : x)) * c + i], args->unit);
    }
    return GAN_OK;
}
