/* bad.h: why a picture file was skipped, and the list of such files. Internal to src/data. */
#ifndef GAN_DATA_BAD_H
#define GAN_DATA_BAD_H

#include <stddef.h>
#include <stdint.h>

/* One value per picture, small because there is one for each;
 * GAN_BAD_UNREADABLE carries errno in the high byte. */
typedef uint16_t gan_bad;
enum {
    GAN_BAD_NONE = 0,
    GAN_BAD_EMPTY,
    GAN_BAD_NOT_A_PICTURE,
    GAN_BAD_TRUNCATED,
    GAN_BAD_DAMAGED,
    GAN_BAD_TOO_LARGE,
    GAN_BAD_MEMORY,
    GAN_BAD_UNREADABLE,
    GAN_BAD_COUNT
};

/* A file or picture above these is refused before any memory is spent on it. */
#define GAN_PICTURE_FILE_MAX  ((uint64_t)256 << 20)
#define GAN_PICTURE_PIXEL_MAX ((uint64_t)64 << 20)

gan_bad gan_bad_errno(int number);

/* "truncated", "unreadable: Permission denied". `out` has room for `width` bytes. */
void gan_bad_text(char *out, size_t width, gan_bad bad);

#endif
