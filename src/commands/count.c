/* count.c: `gan_dist bench --count`: what a step does, counted from the calls it makes to its backend. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "count.h"
#include "gan_dist/base.h"
#include "gan_dist/log.h"
#include "gan_dist/optim.h"
#include "gan_dist/step.h"

enum { G, D, NETS };

typedef struct counted_run {
    gan_counter counter;
    gan_shards shards;
    gan_step *step;
    gan_net *nets[NETS];
    gan_optim optims[NETS];
    gan_batch batch; /* memory of the right size: nobody looks at it */
} counted_run;

static gan_status open_run(counted_run *run, const gan_config *config, int size)
{
    gan_backend *be = &run->counter.base;
    const gan_net_config *nets[NETS] = {&config->generator, &config->discriminator};
    gan_counter_open(&run->counter);
    GAN_TRY(gan_shards_cut(&run->shards, config->batch, gan_config_shards(config), 0, size));
    GAN_TRY(gan_step_create(&run->step, be, config, &run->shards, NULL, NULL));
    run->nets[G] = gan_step_generator(run->step);
    run->nets[D] = gan_step_discriminator(run->step);
    for (int k = 0; k < NETS; k++)
        GAN_TRY(
            gan_optim_create(&run->optims[k], be, nets[k], config->adam, gan_net_arena_floats(run->nets[k])));
    size_t n = (size_t)run->shards.n_local * (size_t)run->shards.pictures;
    size_t picture = (size_t)config->height * (size_t)config->width * (size_t)config->channels;
    run->batch = (gan_batch){.images = gan_alloc(n * picture * sizeof(float)),
                             .labels = calloc(n, sizeof(int)),
                             .positions = calloc(n, sizeof(uint64_t))};
    if (!run->batch.images || !run->batch.labels || !run->batch.positions)
        return gan_error(GAN_FAILED, "counting: out of memory");
    return GAN_OK;
}

static void close_run(counted_run *run)
{
    for (int k = 0; k < NETS; k++)
        gan_optim_destroy(&run->optims[k]);
    gan_step_destroy(run->step);
    free((void *)run->batch.images);
    free((void *)run->batch.labels);
    free((void *)run->batch.positions);
}

static gan_status update(counted_run *run, int net)
{
    gan_net *n = run->nets[net];
    GAN_TRY(gan_optim_update(&run->optims[net], gan_net_parameters(n), gan_net_gradients(n), 1));
    gan_net_changed(n);
    gan_step_changed(run->step, n);
    return GAN_OK;
}

/* The passes and updates of train.c, one after another. */
static gan_status run_step(counted_run *run)
{
    const gan_order *order = gan_step_order(run->step);
    GAN_TRY(gan_step_next(run->step, 0, &run->batch));
    for (int i = 0; i < order->n; i++) {
        gan_op op = order->ops[i];
        if (op == GAN_OP_NOISE) {
            GAN_TRY(gan_step_noise(run->step));
            continue;
        }
        GAN_TRY(gan_step_begin(run->step, op));
        GAN_TRY(gan_step_end(run->step, op));
        if (op != GAN_OP_G)
            GAN_TRY(update(run, D));
        if (op != GAN_OP_D)
            GAN_TRY(update(run, G));
    }
    return GAN_OK;
}

static void print_row(const char *name, const gan_work *work)
{
    gan_log0("%-22s %6.0f %12.4f %12.3f %12.3f", name, work->calls, 1e-9 * work->flops,
             1e-6 * work->bytes_read, 1e-6 * work->bytes_written);
}

static void print_counts(const counted_run *run, const gan_config *config, int size)
{
    gan_work total = {0, 0, 0, 0};
    const double pictures = (double)run->shards.n_local * run->shards.pictures;
    gan_log0("%s: a step of rank 0 of %d: %d shards of %d pictures; a number is 4 bytes, a multiply-add 2 "
             "operations",
             config->preset, size, run->shards.n_local, run->shards.pictures);
    gan_log0("%-22s %6s %12s %12s %12s", "", "calls", "GFLOP", "MB read", "MB written");
    for (int k = 0; k < GAN_WORK_KINDS; k++) {
        const gan_work *work = &run->counter.work[k];
        print_row(gan_work_names[k], work);
        total.calls += work->calls;
        total.flops += work->flops;
        total.bytes_read += work->bytes_read;
        total.bytes_written += work->bytes_written;
    }
    print_row("total", &total);
    gan_log0("a picture              %.6f GFLOP and %.4f MB", 1e-9 * total.flops / pictures,
             1e-6 * (total.bytes_read + total.bytes_written) / pictures);
    gan_log0(
        "columns                %.3f MB, written and read once more each by matrix products over columns",
        1e-6 * run->counter.columns);
    for (int k = 0; k < NETS; k++)
        gan_log0(
            "%s                      %zu parameters, %zu updated with their padding; an exchange has %.6f MB",
            k == G ? "G" : "D", gan_net_trainable(run->nets[k]), gan_net_arena_floats(run->nets[k]),
            4e-6 * (double)(gan_net_arena_floats(run->nets[k]) + GAN_NET_EXTRAS));
}

gan_status gan_count_print(const gan_config *config, int size)
{
    static counted_run run;
    gan_status status = open_run(&run, config, size);
    /* The first step also finds the weights new. */
    for (int i = 0; status == GAN_OK && i < 2; i++) {
        memset(run.counter.work, 0, sizeof run.counter.work);
        run.counter.columns = 0;
        status = run_step(&run);
    }
    if (status == GAN_OK)
        print_counts(&run, config, size);
    close_run(&run);
    return status;
}
