/* generate_load.c: from a checkpoint to a generator: which checkpoint, its network, its classes. */
#include "classes.h"
#include "devices.h"
#include "generate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "gan_dist/base.h"
#include "gan_dist/log.h"
#include "gan_dist/out.h"

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static void warn(const char *line)
{
    gan_warn0("%s", line);
}

/* The run's folder: the one given, or that above it when it is `checkpoints`. */
static void run_folder(char *out, size_t size, const char *given)
{
    static const char sub[] = "/checkpoints";
    int n = snprintf(out, size, "%s%s", given, sub);
    char *real = n < (int)size && !is_folder(out) ? realpath(given, NULL) : NULL;
    size_t length = real ? strlen(real) : 0;
    bool is_sub = length >= sizeof sub && strcmp(real + length - (sizeof sub - 1), sub) == 0;
    if (is_sub)
        snprintf(out, size, "%.*s", (int)(length - (sizeof sub - 1)), real);
    else
        snprintf(out, size, "%s", given);
    free(real);
}

static gan_status open_newest(gan_checkpoint **out, char path[GAN_TEXT_MAX], const char *given)
{
    char folder[GAN_TEXT_MAX], sub[GAN_TEXT_MAX + 16];
    run_folder(folder, sizeof folder, given);
    snprintf(sub, sizeof sub, "%s/checkpoints", folder);
    *out = NULL;
    if (is_folder(sub))
        GAN_TRY(gan_checkpoint_newest(out, path, folder, warn));
    if (!*out)
        return gan_error(
            GAN_BAD_INPUT,
            "--checkpoint %s: no checkpoint there: looked for %s/step-*.safetensors; name the folder of "
            "a run that has saved one, or a file",
            given, sub);
    gan_log0("the newest checkpoint of %s: %s", given, path);
    return GAN_OK;
}

static gan_status open_checkpoint(gan_checkpoint **out, char path[GAN_TEXT_MAX], const char *given)
{
    if (is_folder(given))
        return open_newest(out, path, given);
    snprintf(path, GAN_TEXT_MAX, "%s", given);
    GAN_TRY(gan_checkpoint_open(out, path));
    if (!gan_checkpoint_checked(*out))
        gan_warn0("%s: another program has written it; checksums not compared", path);
    return GAN_OK;
}

static gan_status read_class(gan_generator *g, const char *class, const gan_checkpoint *checkpoint)
{
    const char *names = gan_checkpoint_metadata(checkpoint, GAN_META_CLASSES);
    g->class = -1;
    if (!class)
        return GAN_OK;
    if (g->config.classes == 0)
        return gan_error(GAN_BAD_INPUT, "--class %.60s: this checkpoint's model has no classes", class);
    return gan_class_find(&g->class, class, g->config.classes, names && *names ? names : NULL);
}

static gan_status build(gan_generator *g, const gan_config *options)
{
    int threads = options->threads > 0 ? options->threads : 1;
    const gan_backend_options backend = {.threads = threads, .precision = (gan_precision)options->precision};
    const char *name;
    GAN_TRY(gan_devices_backend(&name, options));
    GAN_TRY(gan_backend_open(&g->backend, name, &backend));
    gan_net_spec spec = {.name = "generator",
                         .config = &g->config.generator,
                         .input = {1, 1, g->config.noise_dim},
                         .classes = g->config.classes,
                         .shard_pictures = GAN_GENERATE_SHARD,
                         .n_local = threads,
                         .n_global = threads,
                         .passes = 1};
    return gan_net_create(&g->net, g->backend, &spec);
}

static gan_status read_weights(gan_generator *g, const gan_checkpoint *checkpoint, const char *path)
{
    gan_status status = GAN_OK;
    size_t n = gan_net_param_count(g->net);
    gan_tensor_view *views = calloc(n, sizeof *views);
    char(*names)[128] = calloc(n, sizeof *names);
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
    for (size_t i = 0; views && i < n; i++)
        free(views[i].data);
    free(views);
    free(names);
    return status;
}

gan_status gan_generate_load(gan_generator *g, const char *given, const char *class,
                             const gan_config *options)
{
    char path[GAN_TEXT_MAX];
    gan_checkpoint *checkpoint;
    GAN_TRY(open_checkpoint(&checkpoint, path, given));
    gan_status status = GAN_OK;
    const char *text = gan_checkpoint_metadata(checkpoint, GAN_META_CONFIG);
    if (!text)
        GAN_TRY_OUT(status,
                    gan_error(GAN_BAD_INPUT,
                              "%s: not a checkpoint of gan_dist: it does not say which network it holds",
                              path));
    gan_config_defaults(&g->config);
    GAN_TRY_OUT(status, gan_config_apply_text(&g->config, text, path));
    GAN_TRY_OUT(status, read_class(g, class, checkpoint));
    GAN_TRY_OUT(status, build(g, options));
    GAN_TRY_OUT(status, read_weights(g, checkpoint, path));
out:
    gan_checkpoint_close(checkpoint);
    return status;
}
