/* cadence.c: what is due between steps: log line, grid, checkpoint, comparison of the ranks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "train.h"
#include "gan_dist/base.h"
#include "gan_dist/log.h"

/* D knows every picture, and G is told nothing any more: its gradient is that of a flat place. In so many
 * log lines, one after the other, over so many steps. */
#define WON_LOSS  0.01
#define WON_LINES 10
#define WON_STEPS 100

#define FIRST_GRID_SECONDS 10 /* who starts a run wants to see something */

static bool is_due(uint64_t done, int every)
{
    return every > 0 && done % (uint64_t)every == 0;
}

/* By the number of steps, which all ranks know. */
static bool is_due_now(uint64_t done, const gan_cadence *cadence)
{
    return !cadence->seconds && is_due(done, cadence->every);
}

bool gan_training_wants_grid(const gan_training *t)
{
    const gan_cadence *sample = &t->config.sample;
    const bool first = t->first == 0 && !t->drew;
    const double now = gan_clock(), waited = now - t->last_grid;
    if (gan_comm_rank(t->comm) != 0 || sample->every == 0)
        return false;
    if (sample->seconds)
        return waited >= sample->every || (first && waited >= FIRST_GRID_SECONDS);
    if (!first || t->done == 0 || waited < FIRST_GRID_SECONDS)
        return false;
    /* One that is due soon is not drawn twice. */
    const uint64_t left = (uint64_t)sample->every - t->done % (uint64_t)sample->every;
    return (double)left * (now - t->started) / (double)t->done > FIRST_GRID_SECONDS;
}

static void format_seconds(char *out, size_t n, double seconds)
{
    const int day = 86400;
    if (!isfinite(seconds))
        snprintf(out, n, "?");
    else if (seconds < 3600)
        snprintf(out, n, "%d:%02d", (int)seconds / 60, (int)seconds % 60);
    else if (seconds < 100 * day)
        snprintf(out, n, "%d:%02d:%02d", (int)seconds / 3600, (int)seconds / 60 % 60, (int)seconds % 60);
    else
        snprintf(out, n, "%.0f days", seconds / day);
}

static gan_log_row current_row(gan_training *t)
{
    double now = gan_clock();
    double pictures = (double)(t->done - t->last_log_step) * t->config.batch;
    if (t->done > t->last_log_step)
        t->images_per_second = pictures / (now - t->last_log);
    double left = (double)(t->total - t->done) * t->config.batch / t->images_per_second;
    return (gan_log_row){.step = t->done,
                         .epoch = t->steps_per_epoch ? (double)t->done / (double)t->steps_per_epoch : 0,
                         .d_loss = t->losses.real + t->losses.fake,
                         .g_loss = t->losses.g,
                         .d_loss_real = t->losses.real,
                         .d_loss_fake = t->losses.fake,
                         .d_real = t->losses.d_real,
                         .d_fake = t->losses.d_fake,
                         .images_per_second = t->images_per_second,
                         .seconds = now - t->started,
                         .seconds_left = left};
}

/* A disk that is full now may have room at the next turn: what rank 0 cannot write while the run goes on is
 * told, and does not end it. */
static void excuse(gan_status status, const char *what)
{
    if (status != GAN_OK)
        gan_warn0("%s; training goes on, %s", gan_error_message(), what);
}

/* Said once, at the line that makes it enough. */
static void warn_if_won(gan_training *t, const gan_log_row *row)
{
    if (!(row->d_loss < WON_LOSS && row->d_fake < WON_LOSS) || t->won_lines < 0) {
        t->won_lines = t->won_lines < 0 ? t->won_lines : 0;
        return;
    }
    if (t->won_lines++ == 0)
        t->won_since = row->step;
    if (t->won_lines < WON_LINES || row->step - t->won_since < WON_STEPS)
        return;
    t->won_lines = -1;
    gan_warn0(
        "since step %llu D tells all pictures apart (its loss and D(G(z)) are below %g), so G hardly "
        "learns any more: start anew in another --out with a lower discriminator.learning_rate, or with "
        "more pictures",
        (unsigned long long)t->won_since, WON_LOSS);
}

static gan_status log_step(gan_training *t)
{
    gan_log_row row = current_row(t);
    char left[32];
    format_seconds(left, sizeof left, row.seconds_left);
    gan_log0("epoch %.2f  step %llu/%llu  D %.4f  G %.4f  D(x) %.3f  D(G(z)) %.3f  %.1f images/s  %s left",
             row.epoch, (unsigned long long)t->done, (unsigned long long)t->total, row.d_loss, row.g_loss,
             row.d_real, row.d_fake, row.images_per_second, left);
    t->last_log = gan_clock();
    t->last_log_step = t->done;
    if (!isfinite(row.d_loss) || !isfinite(row.g_loss)) {
        t->agreed = true; /* the losses are sums over all ranks */
        return gan_error(GAN_FAILED,
                         "step %llu: the loss of %s is not a number: training has diverged; "
                         "start with a lower %s.learning_rate in another --out",
                         (unsigned long long)t->done, isfinite(row.d_loss) ? "G" : "D",
                         isfinite(row.d_loss) ? "generator" : "discriminator");
    }
    warn_if_won(t, &row);
    if (t->csv) {
        gan_status status = gan_csv_append(t->csv, &row);
        if (!t->log_fails) /* said once, until a row can be written again */
            excuse(status, "rows are kept and written when they can be");
        t->log_fails = status != GAN_OK;
    }
    return GAN_OK;
}

/* A line that lives on a terminal between the log lines. */
static void live_progress(gan_training *t)
{
    if (!gan_log_is_terminal())
        return;
    double rate = (double)(t->done - t->first) / (gan_clock() - t->started);
    char left[32];
    format_seconds(left, sizeof left, (double)(t->total - t->done) / rate);
    gan_progress("step %llu/%llu  %.1f images/s  %s left", (unsigned long long)t->done,
                 (unsigned long long)t->total, rate * t->config.batch, left);
}

static int class_of_sample(const gan_config *config, int i)
{
    return config->classes > 0 ? i % config->classes : 0;
}

gan_status gan_training_grid(gan_training *t)
{
    const gan_config *config = &t->config;
    if (gan_comm_rank(t->comm) != 0)
        return GAN_OK;
    size_t n = (size_t)config->sample_num;
    size_t picture = (size_t)config->height * (size_t)config->width * (size_t)config->channels;
    float *z = malloc(n * (size_t)config->noise_dim * sizeof *z),
          *pictures = malloc(n * picture * sizeof *pictures);
    int *labels = malloc(n * sizeof *labels);
    gan_status status = GAN_OK;
    char path[GAN_TEXT_MAX + 64];
    if (!z || !pictures || !labels)
        GAN_TRY_OUT(status, gan_error(GAN_FAILED, "the sample grid: out of memory"));
    gan_sample_noise(z, config, config->seed, 0, config->sample_num);
    for (size_t i = 0; i < n; i++)
        labels[i] = class_of_sample(config, (int)i);
    GAN_TRY_OUT(status, gan_sample(t->nets[GAN_NET_G], pictures, z, config->classes ? labels : NULL,
                                   config->sample_num));
    snprintf(path, sizeof path, "%s/samples/step-%08llu.png", config->out, (unsigned long long)t->done);
    /* Conditional grids have a row per so many classes: the class runs along the columns. */
    int columns = config->classes > 1 && config->classes <= 16 ? config->classes : 0;
    status = gan_grid_write(path, pictures, config->sample_num, config->height, config->width,
                            config->channels, columns, config->range);
out:
    free(z);
    free(pictures);
    free(labels);
    gan_step_changed(t->step, t->nets[GAN_NET_G]); /* its activations are those of the samples now */
    return status;
}

gan_status gan_training_reals(gan_training *t)
{
    const gan_config *config = &t->config;
    size_t picture = (size_t)config->height * (size_t)config->width * (size_t)config->channels;
    int n = config->sample_num < config->batch ? config->sample_num : config->batch;
    float *pictures = malloc((size_t)n * picture * sizeof *pictures);
    if (!pictures)
        return gan_error(GAN_FAILED, "the grid of real pictures: out of memory");
    for (int i = 0; i < n; i++) {
        uint64_t at =
            gan_data_position(gan_data_count(t->data), (uint64_t)config->batch, config->seed, 0, (uint64_t)i);
        const uint8_t *bytes = gan_data_image(t->data, at);
        for (size_t k = 0; k < picture; k++)
            pictures[(size_t)i * picture + k] = (float)bytes[k] / 255.0f;
    }
    char path[GAN_TEXT_MAX + 64];
    snprintf(path, sizeof path, "%s/samples/reals.png", config->out);
    gan_status status =
        gan_grid_write(path, pictures, n, config->height, config->width, config->channels, 0, GAN_RANGE_UNIT);
    free(pictures);
    return status;
}

/* The ranks hold copies of the same weights. They can only differ by a
 * fault of a machine or of this program. */
static gan_status compare_ranks(gan_training *t)
{
    static const char *const names[GAN_NETS] = {"generator's parameters", "discriminator's parameters"};
    for (int k = 0; k < GAN_NETS; k++) {
        size_t bytes = gan_net_arena_floats(t->nets[k]) * sizeof(float);
        const float *parameters = gan_net_parameters(t->nets[k]);
        float *copy = NULL;
        if (!t->backend->ops->host_memory) {
            copy = malloc(bytes);
            if (!copy)
                return gan_error(GAN_FAILED, "comparing the ranks: out of memory");
            gan_status status = t->backend->ops->download(t->backend, copy, parameters, bytes);
            if (status != GAN_OK) {
                free(copy);
                return status;
            }
        }
        uint64_t hash = gan_hash(copy ? copy : parameters, bytes, 0);
        free(copy);
        t->agreed = true; /* every rank sees every hash */
        GAN_TRY(gan_comm_check_same(t->comm, hash, names[k]));
        t->agreed = false;
    }
    return GAN_OK;
}

/* The last one must be there, or all ranks have failed. */
static gan_status save_now(gan_training *t, bool must)
{
    t->save = false;
    gan_comm_report(t->comm, t->done, "writing the checkpoint");
    gan_status status = gan_training_save(t);
    if (!must) {
        excuse(status, "saving is tried again at the next turn");
        return GAN_OK;
    }
    t->agreed = true;
    GAN_TRY(gan_comm_agree(t->comm, status));
    t->agreed = false;
    return GAN_OK;
}

static void draw_now(gan_training *t)
{
    t->grid = false;
    t->drew = true;
    excuse(gan_training_grid(t), "without this grid");
    t->last_grid = gan_clock();
}

/* What is due is the same on all ranks: by the number of the step, or because it rode with the gradients. */
gan_status gan_training_cadence(gan_training *t, bool last)
{
    const gan_config *config = &t->config;
    bool log = is_due(t->done, config->log_every) || last;
    bool grid = is_due_now(t->done, &config->sample) || t->grid || (last && config->sample.every > 0);
    bool check = is_due(t->done, config->check_every);
    bool save = last || t->stop || t->save || is_due_now(t->done, &config->checkpoint);
    gan_training_phase(t, GAN_PHASE_OUTPUT);
    live_progress(t);
    if (log || grid || check || save)
        GAN_TRY(gan_training_settle(t));
    save = save || t->stop || t->save; /* the waits may have brought a wish */
    grid = grid || t->grid;
    if (check)
        GAN_TRY(compare_ranks(t));
    if (log)
        GAN_TRY(log_step(t));
    if (grid)
        draw_now(t);
    if (save)
        GAN_TRY(save_now(t, last || t->stop));
    gan_training_progress(t);
    return GAN_OK;
}
