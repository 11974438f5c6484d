#include "pictures.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "gan_dist/config.h"

static uint32_t lattice(uint32_t i, uint32_t y, uint32_t x, uint32_t c)
{
    uint32_t h = 0x9E3779B1u * i ^ 0x85EBCA77u * y ^ 0xC2B2AE3Du * x ^ 0x27D4EB2Fu * c;
    h ^= h >> 15;
    h *= 0x2C1B3C6Du;
    return h >> 24;
}

/* A hash at every 8th pixel, linear in between. */
static uint8_t pixel(uint32_t i, uint32_t y, uint32_t x, uint32_t c)
{
    uint32_t by = y / 8, bx = x / 8, fy = y % 8, fx = x % 8;
    uint32_t top = (8 - fx) * lattice(i, by, bx, c) + fx * lattice(i, by, bx + 1, c);
    uint32_t bottom = (8 - fx) * lattice(i, by + 1, bx, c) + fx * lattice(i, by + 1, bx + 1, c);
    return (uint8_t)(((8 - fy) * top + fy * bottom) / 64);
}

/* An IDX file of unsigned bytes. */
static gan_status write_idx(const char *path, const int *dims, int n_dims, const uint8_t *values, size_t n)
{
    uint8_t header[4 + 4 * 4] = {0, 0, 8, (uint8_t)n_dims};
    for (int d = 0; d < n_dims; d++)
        for (int b = 0; b < 4; b++)
            header[4 + 4 * d + b] = (uint8_t)((uint32_t)dims[d] >> (24 - 8 * b));
    FILE *file = fopen(path, "wb");
    if (!file)
        return gan_error(GAN_FAILED, "%s: cannot be written", path);
    bool written = fwrite(header, 4 + 4 * (size_t)n_dims, 1, file) == 1 && fwrite(values, n, 1, file) == 1;
    return fclose(file) == 0 && written ? GAN_OK : gan_error(GAN_FAILED, "%s: cannot be written", path);
}

gan_status golden_pictures_write(const char *path, const golden_pictures *g)
{
    char labels_path[GAN_TEXT_MAX];
    const int dims[4] = {g->n, g->height, g->width, g->channels};
    size_t n = (size_t)g->n * (size_t)(g->height * g->width * g->channels), at = 0;
    uint8_t *pixels = malloc(n);
    if (!pixels)
        return gan_error(GAN_FAILED, "out of memory");
    for (int i = 0; i < g->n; i++)
        for (int y = 0; y < g->height; y++)
            for (int x = 0; x < g->width; x++)
                for (int c = 0; c < g->channels; c++)
                    pixels[at++] = pixel((uint32_t)i, (uint32_t)y, (uint32_t)x, (uint32_t)c);
    gan_status status = write_idx(path, dims, g->channels == 1 ? 3 : 4, pixels, n);
    for (int i = 0; i < g->n && g->classes > 0; i++)
        pixels[i] = (uint8_t)(i % g->classes);
    snprintf(labels_path, sizeof labels_path, "%s-labels", path);
    if (status == GAN_OK && g->classes > 0)
        status = write_idx(labels_path, dims, 1, pixels, (size_t)g->n);
    free(pixels);
    return status;
}
