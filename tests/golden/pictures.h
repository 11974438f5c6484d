/* pictures.h: the data of the golden runs, by a formula that reference.py states too. */
#ifndef GAN_GOLDEN_PICTURES_H
#define GAN_GOLDEN_PICTURES_H

#include "gan_dist/error.h"

typedef struct golden_pictures {
    int n, height, width, channels;
    int classes; /* 0 = no labels; else picture i has label i % classes */
} golden_pictures;

/* Writes them as an IDX file, and their labels beside it as PATH-labels. */
gan_status golden_pictures_write(const char *path, const golden_pictures *g);

#endif
