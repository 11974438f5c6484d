/* generate.h: the parts of `gan_dist generate`: a generator from a checkpoint, the place of its pictures. */
#ifndef GAN_COMMANDS_GENERATE_H
#define GAN_COMMANDS_GENERATE_H

#include <stdbool.h>
#include "gan_dist/backend.h"
#include "gan_dist/config.h"
#include "gan_dist/layer.h"
#include "gan_dist/net.h"

#define GAN_GENERATE_SHARD 8 /* pictures computed in one piece */

typedef struct gan_generator {
    gan_config config; /* of the checkpoint */
    gan_backend *backend;
    gan_net *net;
    bool images; /* one PNG each, instead of a grid */
    int num;
    int class; /* -1: they take turns */
    const char *out;
} gan_generator;

/* The network of a checkpoint, with its weights, and the class that `class` (NULL = none) means. `path` is a
 * file, or the folder of a run, or its checkpoints: then the newest is taken, and said. `options` gives
 * backend and threads. What was opened before a failure stays the generator's. */
gan_status gan_generate_load(gan_generator *g, const char *path, const char *class,
                             const gan_config *options);

/* Before anything is computed: the folder of the pictures, or the one the grid goes to. Refuses a name that
 * promises another kind of file, and a folder that has pictures already. */
gan_status gan_generate_place(const gan_generator *g);

#endif
