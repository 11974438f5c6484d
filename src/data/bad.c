#include "bad.h"

#include <stdio.h>
#include <string.h>

gan_bad gan_bad_errno(int number)
{
    return (gan_bad)(GAN_BAD_UNREADABLE | (number & 0xff) << 8);
}

void gan_bad_text(char *out, size_t width, gan_bad bad)
{
    static const char *const text[GAN_BAD_COUNT] = {
        [GAN_BAD_NONE] = "good",
        [GAN_BAD_EMPTY] = "empty",
        [GAN_BAD_NOT_A_PICTURE] = "not a JPEG or PNG picture",
        [GAN_BAD_TRUNCATED] = "truncated",
        [GAN_BAD_DAMAGED] = "damaged, or a kind of JPEG or PNG that cannot be read",
        [GAN_BAD_TOO_LARGE] = "too large (limits: 64 Mpixel, 256 MiB)",
        [GAN_BAD_MEMORY] = "not enough memory to decode it",
        [GAN_BAD_UNREADABLE] = "unreadable",
    };
    unsigned reason = bad & 0xffu;
    if (reason == GAN_BAD_UNREADABLE && bad >> 8)
        snprintf(out, width, "%s: %s", text[reason], strerror(bad >> 8));
    else
        snprintf(out, width, "%s", reason < GAN_BAD_COUNT ? text[reason] : "unknown");
}
