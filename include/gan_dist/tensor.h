/* tensor.h: shapes, and the named pieces of a network's flat arena.
 *
 * A network has one arena of trainable parameters and one of gradients with the same layout, so that an
 * exchange, an update and a save are one call each. A gan_param names a piece of it; it owns nothing. */
#ifndef GAN_DIST_TENSOR_H
#define GAN_DIST_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gan_dist/rng.h"

/* One picture's maps, NHWC without the N. A vector of features has h = w = 1. */
typedef struct gan_shape {
    int h, w, c;
} gan_shape;

static inline size_t gan_shape_count(gan_shape s)
{
    return (size_t)s.h * (size_t)s.w * (size_t)s.c;
}

#define GAN_PARAM_NAME_MAX 48

typedef struct gan_param {
    char name[GAN_PARAM_NAME_MAX]; /* PyTorch's: "main.0.weight" */
    int rank;
    int64_t dims[4];
    size_t count;   /* floats */
    size_t offset;  /* where it begins in its arena, in floats; a multiple of 16 (64 bytes) */
    bool trainable; /* parameter arena (and gradient arena), else statistics arena */
    gan_init init;
} gan_param;

#endif
