/* gan_dist generate: pictures from a checkpoint: one grid, or single PNGs. Any number, whatever the training
 * batch was. */
#include "commands.h"
#include "devices.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gan_dist/base.h"
#include "gan_dist/config.h"
#include "gan_dist/log.h"
#include "gan_dist/out.h"
#include "gan_dist/step.h"

#define SHARD 8 /* pictures computed in one piece */

typedef struct generator {
    gan_config config; /* of the checkpoint */
    gan_backend *backend;
    gan_net *net;
    bool images; /* one PNG each, instead of a grid */
    int num, class;
    const char *out;
} generator;

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

static gan_status read_class(generator *g, const char *text)
{
    int classes = g->config.classes;
    g->class = -1;
    if (!text)
        return GAN_OK;
    if (classes == 0)
        return gan_error(GAN_BAD_INPUT, "--class %s: this checkpoint's model has no classes", text);
    return read_number(&g->class, "--class", text, 0, classes - 1);
}

static gan_status open_checkpoint(gan_checkpoint **out, const char *path)
{
    GAN_TRY(gan_checkpoint_open(out, path));
    if (!gan_checkpoint_checked(*out))
        gan_warn0("%s: another program has written it; checksums not compared", path);
    return GAN_OK;
}

/* The network of a checkpoint, with its weights; `options` gives backend and threads. */
static gan_status load(generator *g, const char *path, const gan_config *options)
{
    gan_checkpoint *checkpoint;
    GAN_TRY(open_checkpoint(&checkpoint, path));
    gan_status status = GAN_OK;
    gan_tensor_view *views = NULL;
    char(*names)[128] = NULL;
    const char *text = gan_checkpoint_metadata(checkpoint, GAN_META_CONFIG);
    if (!text)
        GAN_TRY_OUT(status,
                    gan_error(GAN_BAD_INPUT,
                              "%s: not a checkpoint of gan_dist: it does not say which network it holds",
                              path));
    gan_config_defaults(&g->config);
    GAN_TRY_OUT(status, gan_config_apply_text(&g->config, text, path));
    int threads = options->threads > 0 ? options->threads : 1;
    const gan_backend_options backend = {.threads = threads, .precision = (gan_precision)options->precision};
    const char *name;
    GAN_TRY_OUT(status, gan_devices_backend(&name, options));
    GAN_TRY_OUT(status, gan_backend_open(&g->backend, name, &backend));
    gan_net_spec spec = {.name = "generator",
                         .config = &g->config.generator,
                         .input = {1, 1, g->config.noise_dim},
                         .classes = g->config.classes,
                         .shard_pictures = SHARD,
                         .n_local = threads,
                         .n_global = threads,
                         .passes = 1};
    GAN_TRY_OUT(status, gan_net_create(&g->net, g->backend, &spec));
    size_t n = gan_net_param_count(g->net);
    views = calloc(n, sizeof *views);
    names = calloc(n, sizeof *names);
    if (!views || !names)
        GAN_TRY_OUT(status, gan_error(GAN_FAILED, "%s: out of memory", path));
    for (size_t i = 0; i < n; i++) {
        const gan_param *p = gan_net_param(g->net, i);
        snprintf(names[i], sizeof names[i], "generator.%s", p->name);
        float *memory = gan_alloc(p->count * sizeof(float));
        views[i] = (gan_tensor_view){.name = names[i], .dtype = GAN_F32, .rank = p->rank, .data = memory};
        for (int d = 0; d < p->rank; d++)
            views[i].dims[d] = p->dims[d];
        if (!memory)
            GAN_TRY_OUT(status, gan_error(GAN_FAILED, "%s: out of memory", path));
    }
    GAN_TRY_OUT(status, gan_checkpoint_read(checkpoint, views, n));
    for (size_t i = 0; i < n; i++) {
        const gan_param *p = gan_net_param(g->net, i);
        float *arena = p->trainable ? gan_net_parameters(g->net) : gan_net_statistics(g->net);
        GAN_TRY_OUT(status, g->backend->ops->upload(g->backend, arena + p->offset, views[i].data,
                                                    p->count * sizeof(float)));
    }
    gan_net_changed(g->net);
out:
    for (size_t i = 0; views && g->net && i < gan_net_param_count(g->net); i++)
        free(views[i].data);
    free(views);
    free(names);
    gan_checkpoint_close(checkpoint);
    return status;
}

static gan_status write_images(const generator *g, const float *pictures, size_t picture, int first, int n)
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

/* Before anything is computed: the folder of the pictures, or the one the grid goes to. */
static gan_status make_place(const generator *g)
{
    char folder[GAN_TEXT_MAX];
    struct stat info;
    snprintf(folder, sizeof folder, "%s", g->out);
    char *slash = strrchr(folder, '/');
    if (!g->images && stat(g->out, &info) == 0 && S_ISDIR(info.st_mode))
        return gan_error(
            GAN_BAD_INPUT,
            "--out %s: is a folder; --mode grid writes one PNG file, --mode images a folder of them", g->out);
    if (!g->images && (!slash || slash == folder))
        return GAN_OK;
    if (!g->images)
        *slash = '\0';
    if (gan_make_folders(folder) != GAN_OK)
        return gan_error(GAN_BAD_INPUT, "%s: choose another --out", gan_error_message());
    return GAN_OK;
}

/* Single pictures leave memory in rounds; a grid needs them all. */
static gan_status draw(generator *g)
{
    const gan_config *config = &g->config;
    size_t picture = (size_t)config->height * (size_t)config->width * (size_t)config->channels;
    int round = g->images ? 64 * SHARD : g->num;
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
    generator g = {.net = NULL};
    GAN_TRY(gan_config_parse(&options, argc, argv, NULL, gan_command_extra(names, "generate")));
    const char *checkpoint = gan_config_extra(argc, argv, "--checkpoint");
    const char *mode = gan_config_extra(argc, argv, "--mode"), *num = gan_config_extra(argc, argv, "--num");
    if (!checkpoint || options.out[0] == '\0')
        return gan_error(
            GAN_BAD_INPUT,
            "generate needs --checkpoint FILE and --out PATH (a PNG for --mode grid, a folder for "
            "--mode images)");
    g.images = mode && strcmp(mode, "images") == 0;
    if (mode && !g.images && strcmp(mode, "grid") != 0)
        return gan_error(GAN_BAD_INPUT, "--mode %s: unknown; use grid or images", mode);
    g.num = 64;
    g.out = options.out;
    if (num)
        GAN_TRY(read_number(&g.num, "--num", num, 1, g.images ? 100000000 : 65536));
    gan_status status = load(&g, checkpoint, &options);
    if (status == GAN_OK && gan_config_extra(argc, argv, "--seed"))
        g.config.seed = options.seed;
    if (status == GAN_OK)
        status = read_class(&g, gan_config_extra(argc, argv, "--class"));
    if (status == GAN_OK)
        status = make_place(&g);
    if (status == GAN_OK)
        status = draw(&g);
    if (status == GAN_OK)
        gan_log0("wrote %d picture%s to %s", g.num, g.num == 1 ? "" : "s", g.out);
    gan_net_destroy(g.net);
    gan_backend_close(g.backend);
    return status;
}
