/* generate.c: pictures from a checkpoint: one grid, or single PNGs. Any number, whatever the training
 * batch was. */
#include "commands.h"
#include "generate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gan_dist/base.h"
#include "gan_dist/config.h"
#include "gan_dist/log.h"
#include "gan_dist/out.h"
#include "gan_dist/step.h"

static gan_status read_number(int *out, const char *name, const char *text, long low, long high)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || *end || errno || value < low || value > high)
        return gan_error(GAN_BAD_INPUT, "%s %s: must be a whole number from %ld to %ld", name, text, low,
                         high);
    *out = (int)value;
    return GAN_OK;
}

static gan_status write_images(const gan_generator *g, const float *pictures, size_t picture, int first,
                               int n)
{
    const gan_config *config = &g->config;
    for (int i = 0; i < n; i++) {
        char path[GAN_TEXT_MAX + 32];
        snprintf(path, sizeof path, "%s/%06d.png", g->out, first + i);
        GAN_TRY(gan_grid_write(path, pictures + (size_t)i * picture, 1, config->height, config->width,
                               config->channels, 1, config->range));
    }
    return GAN_OK;
}

/* Single pictures leave memory in rounds; a grid needs them all. */
static gan_status draw(gan_generator *g)
{
    const gan_config *config = &g->config;
    size_t picture = (size_t)config->height * (size_t)config->width * (size_t)config->channels;
    int round = g->images ? 64 * GAN_GENERATE_SHARD : g->num;
    round = round < g->num ? round : g->num;
    float *z = malloc((size_t)round * (size_t)config->noise_dim * sizeof *z);
    float *pictures = malloc((size_t)round * picture * sizeof *pictures);
    int *labels = malloc((size_t)round * sizeof *labels);
    gan_status status = GAN_OK;
    if (!z || !pictures || !labels)
        GAN_TRY_OUT(status, gan_error(GAN_FAILED, "--num %d: out of memory", g->num));
    for (int first = 0; first < g->num; first += round) {
        int n = g->num - first < round ? g->num - first : round;
        for (int i = 0; i < n; i++)
            labels[i] = g->class >= 0 ? g->class : config->classes ? (first + i) % config->classes : 0;
        gan_sample_noise(z, config, config->seed, (uint32_t)first, n);
        GAN_TRY_OUT(status, gan_sample(g->net, pictures, z, config->classes ? labels : NULL, n));
        if (g->images)
            GAN_TRY_OUT(status, write_images(g, pictures, picture, first, n));
    }
    if (!g->images) {
        int columns = g->class < 0 && config->classes > 1 && config->classes <= 16 ? config->classes : 0;
        status = gan_grid_write(g->out, pictures, g->num, config->height, config->width, config->channels,
                                columns, config->range);
    }
out:
    free(z);
    free(pictures);
    free(labels);
    return status;
}

gan_status gan_command_generate(int argc, char **argv)
{
    const char *names[GAN_COMMAND_OPTIONS_MAX + 1];
    gan_config options;
    gan_generator g = {.net = NULL};
    GAN_TRY(gan_config_parse(&options, argc, argv, NULL, gan_command_extra(names, "generate")));
    const char *checkpoint = gan_config_extra(argc, argv, "--checkpoint");
    const char *mode = gan_config_extra(argc, argv, "--mode"), *num = gan_config_extra(argc, argv, "--num");
    if (!checkpoint || options.out[0] == '\0')
        return gan_error(GAN_BAD_INPUT, "generate needs --checkpoint FILE (or the folder of a run) and --out "
                                        "PATH (a PNG for --mode grid, a folder for "
                                        "--mode images)");
    g.images = mode && strcmp(mode, "images") == 0;
    if (mode && !g.images && strcmp(mode, "grid") != 0)
        return gan_error(GAN_BAD_INPUT, "--mode %s: unknown; use grid or images", mode);
    g.num = 64;
    g.out = options.out;
    if (num)
        GAN_TRY(read_number(&g.num, "--num", num, 1, g.images ? 100000000 : 65536));
    gan_status status = gan_generate_load(&g, checkpoint, gan_config_extra(argc, argv, "--class"), &options);
    if (status == GAN_OK && gan_config_extra(argc, argv, "--seed"))
        g.config.seed = options.seed;
    if (status == GAN_OK)
        status = gan_generate_place(&g);
    if (status == GAN_OK)
        status = draw(&g);
    if (status == GAN_OK)
        gan_log0("wrote %d picture%s to %s", g.num, g.num == 1 ? "" : "s", g.out);
    gan_net_destroy(g.net);
    gan_backend_close(g.backend);
    return status;
}
