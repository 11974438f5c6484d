/* pictures.cu: from the bytes of pictures to the floats of a batch. */
#include "device.h"

#include "gan_dist/pixel.h"

/* A thread has one place in the rows of a picture, and every so-manieth row of the batch. */
static __global__ void __launch_bounds__(GAN_BLOCK)
    spread(float *out, const uint8_t *pixels, const uint64_t *picks, gan_pictures_args args)
{
    const int i = gan_column(), width = args.w * args.c;
    if (i >= width)
        return;
    const int x = i / args.c, mirrored = (args.w - 1 - x) * args.c + i % args.c;
    const size_t rows = (size_t)args.n * args.h;
    for (size_t row = gan_first_row(); row < rows; row += gan_row_stride()) {
        const uint64_t pick = picks[row / args.h];
        const size_t from = pick / 2 * args.h + row % args.h;
        out[row * width + i] = gan_pixel_value(pixels[from * width + (pick % 2 ? mirrored : i)], args.unit);
    }
}

gan_status gan_cuda_pictures(gan_backend *be, float *out, const uint8_t *pixels, const uint64_t *picks,
                             const gan_pictures_args *args)
{
    const int width = args->w * args->c;
    GAN_LAUNCH(spread, gan_row_grid((size_t)args->n * args->h, width), gan_row_block(width), 0,
               gan_cuda_stream(be), out, pixels, picks, *args);
    return gan_cuda_launched(be, "pictures");
}
