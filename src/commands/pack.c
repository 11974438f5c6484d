/* gan_dist pack --data PATH --out FILE: decode and resize once, then let every later run map the result. */
#include "commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "gan_dist/config.h"
#include "gan_dist/data.h"
#include "gan_dist/log.h"

static gan_status read_options(gan_config *config, int argc, char **argv)
{
    GAN_TRY(gan_config_parse(config, argc, argv, NULL, NULL));
    if (config->data[0] == '\0' || config->out[0] == '\0')
        return gan_error(GAN_BAD_INPUT,
                         "pack needs --data PATH and --out FILE; the size comes from --preset NAME or "
                         "--set data.height=H --set data.width=W --set data.channels=C");
    if (config->channels == 2)
        return gan_error(GAN_BAD_INPUT, "data.channels = 2 is not possible; use 1 (grey) or 3 (colour)");
    config->batch = 1; /* no batch is drawn here, so any number of pictures will do */
    return GAN_OK;
}

/* Before the decoding, which may take long. */
static gan_status check_target(const gan_comm *comm, const gan_config *config)
{
    if (gan_comm_rank(comm) != 0)
        return GAN_OK;
    if (access(config->out, F_OK) == 0)
        return gan_error(GAN_BAD_INPUT, "--out %s: exists already; remove it or choose another name",
                         config->out);
    if (errno != ENOENT)
        return gan_error(GAN_BAD_INPUT, "--out %s: cannot be written: %s", config->out, strerror(errno));
    return GAN_OK;
}

/* How to train on the file: the size must be said again, for it belongs to the run. */
static void report(const gan_data *data, const gan_config *config)
{
    gan_log0("%s", gan_data_describe(data));
    gan_log0("wrote %s (fingerprint %016" PRIx64 "%s); train on it with --data %s and "
             "data.height=%d, data.width=%d, data.channels=%d",
             config->out, gan_data_fingerprint(data),
             gan_data_label(data, 0) >= 0 ? ", labels beside it" : "", config->out, config->height,
             config->width, config->channels);
}

gan_status gan_command_pack(gan_comm *comm, int argc, char **argv)
{
    gan_config config;
    GAN_TRY(gan_comm_agree(comm, read_options(&config, argc, argv)));
    GAN_TRY(gan_comm_agree(comm, check_target(comm, &config)));
    char bad_files[GAN_TEXT_MAX + 32];
    snprintf(bad_files, sizeof bad_files, "%s-bad-files.txt", config.out);
    gan_data *data = NULL;
    GAN_TRY(gan_data_open(&data, &config, comm, bad_files));
    gan_status status = gan_comm_rank(comm) == 0 ? gan_data_pack(data, &config, config.out) : GAN_OK;
    status = gan_comm_agree(comm, status);
    if (status == GAN_OK)
        report(data, &config);
    gan_data_close(data);
    return status;
}
