/* finish.c: what no single row can check, and the values that follow from others. */
#include <stdio.h>
#include <string.h>
#include "options.h"

#define SHARDS_WANTED 8

int gan_config_shards(const gan_config *config)
{
    const int batch = config->batch;
    if (config->shards > 0)
        return config->shards;
    for (int shards = SHARDS_WANTED; shards > 1; shards /= 2)
        if (batch % shards == 0)
            return shards;
    for (int shards = SHARDS_WANTED; shards > 1; shards--)
        if (batch % shards == 0)
            return shards;
    return 1;
}

/* The divisor of `batch` nearest to `wanted`. */
static int nearest_divisor(int batch, int wanted)
{
    for (int distance = 0; distance < batch; distance++) {
        if (wanted - distance >= 1 && batch % (wanted - distance) == 0)
            return wanted - distance;
        if (wanted + distance <= batch && batch % (wanted + distance) == 0)
            return wanted + distance;
    }
    return batch;
}

static gan_status check_shards(const gan_config *config)
{
    if (config->shards > config->batch)
        return gan_error(GAN_BAD_INPUT, "train.shards = %d is more than train.batch = %d; use at most %d",
                         config->shards, config->batch, config->batch);
    if (config->shards > 0 && config->batch % config->shards != 0)
        return gan_error(
            GAN_BAD_INPUT,
            "train.shards = %d does not divide train.batch = %d; use %d, or 0 to let it be chosen",
            config->shards, config->batch, nearest_divisor(config->batch, config->shards));
    return GAN_OK;
}

static gan_status check_words(const gan_config *config)
{
    const struct {
        const char *key, *value, *advice;
    } needed[] = {
        {"generator.layers", config->generator.layers,
         "give --preset NAME, or the layers in a --config FILE"},
        {"discriminator.layers", config->discriminator.layers,
         "give --preset NAME, or the layers in a --config FILE"},
        {"generator.init_conv", config->generator.init_conv, "for instance normal 0.02"},
        {"generator.init_dense", config->generator.init_dense, "for instance normal 0.02"},
        {"generator.init_bn", config->generator.init_bn, "for instance ones"},
        {"discriminator.init_conv", config->discriminator.init_conv, "for instance normal 0.02"},
        {"discriminator.init_dense", config->discriminator.init_dense, "for instance normal 0.02"},
        {"discriminator.init_bn", config->discriminator.init_bn, "for instance ones"},
        {"train.order", config->order, "for instance z D G"},
        {"train.loss", config->loss, "for instance bce"},
        {"run.backend", config->backend, "for instance auto"},
        {"run.resume", config->resume, "auto, never or a checkpoint file"},
    };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (needed[i].value[0] == '\0')
            return gan_error(GAN_BAD_INPUT, "%s is empty; %s", needed[i].key, needed[i].advice);
    return GAN_OK;
}

gan_status gan_config_check_stalls(const gan_config *config)
{
    if (config->stall_timeout > 0 && config->stall_warning > config->stall_timeout)
        return gan_error(GAN_BAD_INPUT,
                         "run.stall_warning = %ds comes after run.stall_timeout = %ds; make it smaller",
                         config->stall_warning, config->stall_timeout);
    return GAN_OK;
}

/* A warning that nobody has set comes half-way to a shorter timeout. A saved configuration has the default
 * written out, so that a file that says it means the same as one that does not. */
static void follow_timeout(gan_config *config)
{
    gan_config defaults;
    gan_config_defaults(&defaults);
    if (config->stall_timeout > 0 && config->stall_warning > config->stall_timeout &&
        config->stall_warning == defaults.stall_warning)
        config->stall_warning = (config->stall_timeout + 1) / 2;
}

gan_status gan_config_finish(gan_config *config)
{
    GAN_TRY(check_words(config));
    if (config->channels == 2)
        return gan_error(GAN_BAD_INPUT, "data.channels = 2 is not possible; use 1 (grey) or 3 (colour)");
    if (config->classes > 0 && config->labels == GAN_LABELS_NONE)
        return gan_error(
            GAN_BAD_INPUT,
            "data.classes = %d needs labels; set data.labels = file (IDX) or folders (sub-folders)",
            config->classes);
    if (config->steps == 0 && config->epochs == 0)
        return gan_error(GAN_BAD_INPUT, "the run has no length; give --steps N or --epochs N");
    follow_timeout(config);
    GAN_TRY(gan_config_check_stalls(config));
    GAN_TRY(check_shards(config));
    if (config->out[0] == '\0')
        snprintf(config->out, sizeof config->out, "runs/%s", config->preset[0] ? config->preset : "custom");
    return GAN_OK;
}

gan_status gan_config_need_data(const gan_config *config)
{
    static const char mark[] = "\n# Data: ";
    if (config->data[0])
        return GAN_OK;
    const char *text = config->preset[0] ? gan_preset_text(config->preset) : NULL;
    const char *wanted = text ? strstr(text, mark) : NULL;
    if (!wanted)
        return gan_error(GAN_BAD_INPUT,
                         "no data; give --data PATH: a folder of JPEG and PNG pictures, an IDX "
                         "file, a folder with MNIST's four files, or faces (drawn)");
    wanted += strlen(mark);
    return gan_error(GAN_BAD_INPUT, "no data; preset %s takes %.*s", config->preset,
                     (int)strcspn(wanted, "\n"), wanted);
}
