/* setup.c: from a configuration to a run that is ready for its first step. Every failure here is agreed by
 * all ranks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "train.h"
#include "devices.h"
#include "snapshot.h"
#include "commands/commands.h"
#include "gan_dist/base.h"
#include "gan_dist/log.h"

/* Batch norm's sums: the one exchange inside a pass. */
static gan_status reduce_sums(void *context, double *sums, size_t n)
{
    gan_training *t = context;
    gan_phase before = gan_training_phase(t, GAN_PHASE_EXCHANGE);
    gan_comm_report(t->comm, t->done + 1, "batch norm's sums");
    GAN_TRY(gan_comm_sum_double(t->comm, sums, n));
    GAN_TRY(gan_training_send_more(t));
    gan_training_phase(t, before);
    return GAN_OK;
}

static bool is_power_of_two(int n)
{
    return (n & (n - 1)) == 0;
}

static void explain_shards(const gan_training *t, int wanted)
{
    int size = gan_comm_size(t->comm), shards = t->shards.n_global;
    if (shards != wanted)
        gan_warn0("%d ranks do not divide %d shards: this run has %d shards of %d pictures, one a rank; "
                  "its numbers are not those of a run with %d",
                  size, wanted, shards, t->shards.pictures, wanted);
    else if (size > 1 && !is_power_of_two(t->shards.n_local))
        gan_warn0("%d shards a rank is not a power of two: sums are taken in another order than on one rank, "
                  "so the last bits differ from such a run",
                  t->shards.n_local);
}

static gan_status open_backend(gan_training *t, const gan_placement *placement)
{
    gan_config *config = &t->config;
    const bool each = gan_devices_shard_each(placement, config);
    int size = gan_comm_size(t->comm), wanted = each ? size : gan_config_shards(config);
    GAN_TRY(gan_shards_cut(&t->shards, config->batch, wanted, gan_comm_rank(t->comm), size));
    explain_shards(t, wanted);
    config->shards = each ? 0 : t->shards.n_global; /* left open: the run may go on with other ranks */
    int threads = config->threads < t->shards.n_local ? config->threads : t->shards.n_local;
    return gan_devices_open(&t->backend, t->comm, placement, (gan_precision)config->precision, threads);
}

static gan_status open_networks(gan_training *t)
{
    const gan_config *config = &t->config;
    bool alone = gan_comm_size(t->comm) == 1;
    GAN_TRY(gan_step_create(&t->step, t->backend, config, &t->shards, alone ? NULL : reduce_sums, t));
    t->nets[GAN_NET_G] = gan_step_generator(t->step);
    t->nets[GAN_NET_D] = gan_step_discriminator(t->step);
    const gan_net_config *nets[GAN_NETS] = {&config->generator, &config->discriminator};
    for (int k = 0; k < GAN_NETS; k++) {
        GAN_TRY(gan_optim_create(&t->optims[k], t->backend, nets[k], config->adam,
                                 gan_net_arena_floats(t->nets[k])));
        GAN_TRY(gan_net_init(t->nets[k], config->seed));
    }
    /* Only sums that a device does by itself go on during the rest of a pass. */
    if (!alone && !t->backend->ops->host_memory && gan_comm_capturable(t->comm)) {
        gan_net_on_ready(t->nets[GAN_NET_D], gan_training_ready, t);
        for (int k = 0; k < GAN_NETS; k++)
            t->sums[k] = gan_net_has_sums(t->nets[k]);
    }
    gan_graph_plan(t);
    return gan_training_open_results(t);
}

/* A part of the set-up on this rank, then the outcome on all. */
#define AGREE(t, call) GAN_TRY(gan_comm_agree((t)->comm, (call)))

/* Where this rank computes, and all that it computes with. */
static gan_status open_compute(gan_training *t)
{
    gan_placement placement;
    if (t->config.threads == 0)
        t->config.threads = gan_threads_default(t->comm);
    GAN_TRY(gan_devices_place(&placement, t->comm, &t->config));
    snprintf(t->backend_why, sizeof t->backend_why, "%s", placement.why);
    AGREE(t, open_backend(t, &placement));
    GAN_TRY(gan_devices_use(t->comm, t->backend, placement.way));
    if (gan_comm_size(t->comm) > 1 && !t->backend->ops->host_memory)
        gan_log0("sums         %s", gan_devices_way(placement.way));
    AGREE(t, open_networks(t));
    return GAN_OK;
}

static gan_status open_run(gan_training *t)
{
    if (gan_comm_rank(t->comm) != 0)
        return GAN_OK;
    GAN_TRY(gan_run_open(&t->run, t->config.out));
    return gan_reporter_open(&t->reporter, t->config.out, t->comm);
}

static bool has_status(const gan_training *t)
{
    char path[GAN_TEXT_MAX + 32];
    snprintf(path, sizeof path, "%s/status.json", t->config.out);
    return access(path, F_OK) == 0;
}

static gan_status open_data(gan_training *t)
{
    char bad_files[GAN_TEXT_MAX + 32];
    snprintf(bad_files, sizeof bad_files, "%s/bad-files.txt", t->config.out);
    GAN_TRY(gan_data_open(&t->data, &t->config, t->comm, bad_files));
    t->steps_per_epoch = gan_data_count(t->data) / (uint64_t)t->config.batch;
    t->total = t->config.steps ? (uint64_t)t->config.steps : (uint64_t)t->config.epochs * t->steps_per_epoch;
    gan_log0("data         %s", gan_data_describe(t->data));
    gan_data_tell(t->data);
    if (gan_data_bad_count(t->data) > 0)
        gan_warn0("%llu unreadable pictures were left out; see %s",
                  (unsigned long long)gan_data_bad_count(t->data), bad_files);
    return GAN_OK;
}

static gan_status write_config(const gan_training *t)
{
    char path[GAN_TEXT_MAX + 32];
    snprintf(path, sizeof path, "%s/config.ini", t->config.out);
    char *text = gan_config_text(&t->config, false), *whole = NULL;
    if (!text)
        return gan_error(GAN_FAILED, "%s: out of memory", path);
    gan_status status = gan_class_names_comment(&whole, t, text);
    if (status == GAN_OK)
        status = gan_file_replace(path, whole, strlen(whole));
    free(whole);
    free(text);
    return status;
}

/* What rank 0 puts into the folder before the first step. */
static gan_status open_outputs(gan_training *t)
{
    char path[GAN_TEXT_MAX + 32];
    if (gan_comm_rank(t->comm) != 0)
        return GAN_OK;
    GAN_TRY(write_config(t));
    snprintf(path, sizeof path, "%s/log.csv", t->config.out);
    GAN_TRY(gan_csv_open(&t->csv, path, t->done));
    GAN_TRY(gan_training_reals(t));
    return t->done == 0 && t->config.sample.every > 0 ? gan_training_grid(t) : GAN_OK;
}

static gan_status open_feed(gan_training *t)
{
    int pictures = t->shards.pictures;
    return gan_feed_open(&t->feed, t->backend, t->data, &t->config, t->shards.first * pictures,
                         t->shards.n_local * pictures, t->done);
}

static void start_clocks(gan_training *t)
{
    const gan_order *order = gan_step_order(t->step);
    t->updates[GAN_NET_D] = t->done * (uint64_t)order->d_updates;
    t->updates[GAN_NET_G] = t->done * (uint64_t)order->g_updates;
    t->first = t->last_log_step = t->done;
    t->started = t->last_log = t->last_save = t->last_grid = t->phase_start = gan_clock();
    memset(t->seconds, 0, sizeof t->seconds);
}

static void print_setup(const gan_training *t)
{
    gan_net_print(t->nets[GAN_NET_G], gan_log0);
    gan_net_print(t->nets[GAN_NET_D], gan_log0);
    if (t->backend_why[0])
        gan_log0("backend      %s (%s)", t->backend->ops->name, t->backend_why);
    gan_log0("ranks        %d on %d host%s, %d thread%s each, backend %s; batch %d = %d shards of %d",
             gan_comm_size(t->comm), gan_comm_hosts(t->comm), gan_comm_hosts(t->comm) == 1 ? "" : "s",
             t->backend->threads, t->backend->threads == 1 ? "" : "s", t->backend->ops->name, t->config.batch,
             t->shards.n_global, t->shards.pictures);
    gan_log0("steps        %llu, %llu an epoch", (unsigned long long)t->total,
             (unsigned long long)t->steps_per_epoch);
    gan_log0("output       %s", t->config.out);
    const gan_cadence *sample = &t->config.sample;
    if (sample->every > 0)
        gan_log0("pictures     %s/samples: a grid every %d %s", t->config.out, sample->every,
                 sample->seconds      ? "s"
                 : sample->every == 1 ? "step"
                                      : "steps");
}

static gan_status open_parts(gan_training *t)
{
    gan_comm_report(t->comm, 0, "opening the data");
    GAN_TRY(gan_threads_warn(t->comm, t->backend->threads));
    GAN_TRY(open_data(t)); /* agrees by itself */
    gan_comm_report(t->comm, 0, "opening the outputs");
    t->defining = gan_config_text(&t->config, true);
    AGREE(t,
          t->defining ? gan_class_names_joined(&t->class_names, t) : gan_error(GAN_FAILED, "out of memory"));
    GAN_TRY(gan_training_resume(t));
    AGREE(t, open_outputs(t));
    AGREE(t, open_feed(t));
    return GAN_OK;
}

gan_status gan_training_open(gan_training *t, gan_comm *comm, const gan_config *config)
{
    *t = (gan_training){.config = *config, .comm = comm, .phase_start = gan_clock()};
    gan_comm_deadlines(comm, config->stall_warning, config->stall_timeout);
    gan_comm_report(comm, 0, "setting up");
    GAN_TRY(open_compute(t));
    AGREE(t, open_run(t));
    /* A start that is refused leaves an earlier run's status as it was. */
    bool fresh = !has_status(t);
    if (fresh)
        gan_training_status(t, "starting", "");
    gan_stop_watch_start(t);
    gan_status status = open_parts(t);
    if (status != GAN_OK) {
        if (fresh)
            gan_training_status(t, "failed", gan_error_message());
        return status;
    }
    print_setup(t);
    start_clocks(t);
    AGREE(t, gan_snapshot_open(&t->snapshot, t));
    gan_training_status(t, "running", "");
    return GAN_OK;
}

gan_status gan_training_open_fixed(gan_training *t, gan_comm *comm, const gan_config *config)
{
    *t = (gan_training){.config = *config, .comm = comm, .phase_start = gan_clock()};
    GAN_TRY(open_compute(t));
    start_clocks(t);
    return GAN_OK;
}

void gan_training_close(gan_training *t)
{
    gan_stop_unwatch();
    gan_snapshot_close(t->snapshot);
    gan_reporter_close(t->reporter);
    gan_feed_close(t->feed);
    gan_data_close(t->data);
    gan_csv_close(t->csv);
    gan_graph_close(t);
    if (t->comm)
        gan_comm_leave_device(t->comm);
    gan_training_close_results(t);
    for (int k = 0; k < GAN_NETS; k++)
        gan_optim_destroy(&t->optims[k]);
    gan_step_destroy(t->step);
    gan_backend_close(t->backend);
    gan_run_close(t->run);
    free(t->defining);
    free(t->class_names);
    *t = (gan_training){.comm = NULL};
}
