/* pixel.h: what a byte of a picture is to a network. The loader, the backends of the host and those of a
 * device all use this formula, and so have the same bits. Any thread may call. */
#ifndef GAN_DIST_PIXEL_H
#define GAN_DIST_PIXEL_H

#include <stdbool.h>
#include <stdint.h>
#include "gan_dist/formula.h"

/* 0..1 where `unit`, else -1..1. */
GAN_FORMULA float gan_pixel_value(uint8_t byte, bool unit)
{
    return unit ? (float)byte / 255.0f : (float)byte / 127.5f - 1.0f;
}

#endif
