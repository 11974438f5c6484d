#include "picture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "decode.h"
#include "exif.h"

bool gan_buffer_need(gan_buffer *buffer, size_t size)
{
    if (buffer->size >= size)
        return true;
    free(buffer->bytes);
    buffer->bytes = malloc(size);
    buffer->size = buffer->bytes ? size : 0;
    return buffer->bytes != NULL;
}

void gan_picture_scratch_free(gan_scratch *scratch)
{
    gan_buffer *buffers[] = {&scratch->file, &scratch->pixels, &scratch->turned, &scratch->grey,
                             &scratch->small};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        free(buffers[i]->bytes);
    gan_resizer_free(&scratch->resizer);
    *scratch = (gan_scratch){0};
}

static bool to_grey(gan_scratch *scratch, gan_pixels *in)
{
    size_t h = (size_t)in->height, w = (size_t)in->width;
    if (!gan_buffer_need(&scratch->grey, h * w))
        return false;
    uint8_t *out = scratch->grey.bytes;
    for (size_t y = 0; y < h; y++) {
        const uint8_t *p = in->bytes + y * in->stride;
        for (size_t x = 0; x < w; x++, p += 3)
            *out++ = (uint8_t)((299 * p[0] + 587 * p[1] + 114 * p[2] + 500) / 1000);
    }
    *in = (gan_pixels){scratch->grey.bytes, w, in->height, in->width, 1};
    return true;
}

static void to_rgb(uint8_t *out, const uint8_t *in, size_t pixels)
{
    for (size_t i = 0; i < pixels; i++, out += 3)
        out[0] = out[1] = out[2] = in[i];
}

bool gan_picture_fit(gan_scratch *scratch, uint8_t *out, const gan_config *config, gan_pixels in)
{
    int h = config->height, w = config->width;
    if (config->crop)
        in = gan_resize_crop(in, h, w);
    if (in.channels == 3 && config->channels == 1 && !to_grey(scratch, &in))
        return false;
    if (in.channels == config->channels)
        return gan_resize_picture(&scratch->resizer, out, h, w, in, config->resize);
    size_t pixels = (size_t)h * (size_t)w;
    if (!gan_buffer_need(&scratch->small, pixels) ||
        !gan_resize_picture(&scratch->resizer, scratch->small.bytes, h, w, in, config->resize))
        return false;
    to_rgb(out, scratch->small.bytes, pixels);
    return true;
}

/* The whole file into scratch->file. */
static gan_bad read_bytes(gan_scratch *scratch, size_t *n, int file)
{
    struct stat info;
    if (fstat(file, &info) != 0)
        return gan_bad_errno(errno);
    if (!S_ISREG(info.st_mode))
        return GAN_BAD_NOT_A_PICTURE;
    if (info.st_size == 0)
        return GAN_BAD_EMPTY;
    if ((uint64_t)info.st_size > GAN_PICTURE_FILE_MAX)
        return GAN_BAD_TOO_LARGE;
    size_t size = (size_t)info.st_size;
    if (!gan_buffer_need(&scratch->file, size))
        return GAN_BAD_MEMORY;
    *n = 0;
    while (*n < size) {
        ssize_t got = read(file, scratch->file.bytes + *n, size - *n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return gan_bad_errno(errno);
        if (got == 0)
            break; /* it shrank meanwhile: the decoder finds it truncated */
        *n += (size_t)got;
    }
    return *n == 0 ? GAN_BAD_EMPTY : GAN_BAD_NONE;
}

/* libjpeg-turbo writes aligned rows past the cache, and whoever reads them next, which is at once, waits for
 * the memory: a fifth of the whole time for pictures that fit the cache. Rows that begin here it writes
 * through the cache. */
#define OFF_ALIGNMENT 8

static gan_bad decode(gan_scratch *scratch, uint8_t *out, const gan_config *config, gan_decoder *decoder,
                      size_t n)
{
    int turn = gan_exif_orientation(scratch->file.bytes, n);
    int h = decoder->height, w = decoder->width, c = decoder->channels;
    size_t size = (size_t)h * (size_t)w * (size_t)c;
    if (!gan_buffer_need(&scratch->pixels, size + OFF_ALIGNMENT))
        return GAN_BAD_MEMORY;
    uint8_t *pixels = scratch->pixels.bytes + OFF_ALIGNMENT;
    gan_bad bad = gan_decode_pixels(decoder, pixels);
    if (bad != GAN_BAD_NONE)
        return bad;
    if (turn != 1) {
        if (!gan_buffer_need(&scratch->turned, size))
            return GAN_BAD_MEMORY;
        gan_exif_turn(scratch->turned.bytes, pixels, h, w, c, turn);
        pixels = scratch->turned.bytes;
    }
    int up_h = turn >= 5 ? w : h, up_w = turn >= 5 ? h : w;
    gan_pixels in = {pixels, (size_t)up_w * (size_t)c, up_h, up_w, c};
    return gan_picture_fit(scratch, out, config, in) ? GAN_BAD_NONE : GAN_BAD_MEMORY;
}

gan_bad gan_picture_load(gan_scratch *scratch, uint8_t *out, const gan_config *config, const char *path)
{
    /* Not blocking: a pipe that someone left in the folder must not stop the run. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return gan_bad_errno(errno);
    size_t n = 0;
    gan_bad bad = read_bytes(scratch, &n, file);
    close(file);
    if (bad != GAN_BAD_NONE)
        return bad;
    gan_decoder decoder;
    bad = gan_decode_begin(&decoder, scratch->file.bytes, n);
    if (bad == GAN_BAD_NONE)
        bad = decode(scratch, out, config, &decoder, n);
    gan_decode_end(&decoder);
    return bad;
}
