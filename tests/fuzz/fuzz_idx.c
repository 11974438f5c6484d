/* Any bytes as an IDX file, plain or zipped, of pictures or of labels. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include "data/idx.h"
#include "data/source.h"

#define SIDE         4
#define PICTURES_MAX 32
#define PIXELS_MAX   (1 << 20)

static volatile int last; /* must be read, or the compiler leaves the reading out */

static void read_pictures(const gan_source *source)
{
    static gan_scratch scratch;
    uint8_t out[SIDE * SIDE];
    gan_bad bad;
    for (uint64_t i = 0; i < source->count && i < PICTURES_MAX; i++) {
        if (source->mapped)
            last = source->ops->pixels(source, i)[SIDE * SIDE - 1];
        else if (source->ops->read(source, &scratch, out, i, &bad) != GAN_OK)
            break;
    }
    if (source->mapped)
        last = source->ops->pixels(source, source->count - 1)[SIDE * SIDE - 1];
    source->ops->release(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static gan_config config;
    gan_source *source;
    gan_idx idx;
    int32_t *labels = NULL;
    uint64_t count;
    if (config.height == 0)
        gan_config_defaults(&config);
    config.height = config.width = SIDE;
    config.channels = 1;
    snprintf(config.data, sizeof config.data, "%s", fuzz_file(bytes, n));
    /* Pictures of many megabytes from a few zipped bytes are right, and slow. */
    bool small = gan_idx_open(&idx, config.data) == GAN_OK && idx.item <= PIXELS_MAX;
    gan_idx_close(&idx);
    if (small && gan_source_open(&source, &config) == GAN_OK) {
        read_pictures(source);
        gan_source_close(source);
    }
    if (small && gan_idx_read_labels(&labels, &count, config.data) == GAN_OK)
        last = labels[count - 1];
    free(labels);
    return 0;
}
