/* synonyms.c: words that users of other trainers type, and what they are called here; options of mpirun. */
#include "options.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Where a row begins with "--" it is an option of a command's own, and counts where that command takes it.
 * "*." stands for either network. An advice is said in place of the target to
 * those who give an option. */
typedef struct synonym_row {
    const char *words; /* lower case, '_' for '-', a blank on both sides of each */
    const char *target, *advice;
} synonym_row;

static const synonym_row synonyms[] = {
    {" ckpt model network weights pkl snapshot checkpoint_path model_path load resume ", "--checkpoint",
     NULL},
    {" n samples num_samples n_samples num_images n_images count ", "--num", NULL},
    {" label labels class_id cls class_idx ", "--class", NULL},
    {" lr learningrate lrate g_lr d_lr lr_g lr_d adam_lr ", "*.learning_rate", NULL},
    {" beta_1 b1 adam_beta1 adam_beta_1 ", "*.beta1", NULL},
    {" beta_2 b2 adam_beta2 adam_beta_2 ", "*.beta2", NULL},
    {" eps adam_eps adam_epsilon ", "*.epsilon", NULL},
    {" bn_eps ", "*.bn_epsilon", NULL},
    {" nz z_dim zdim latent_dim latent_size noise_dim noise_size ", "generator.noise", NULL},
    {" batch_size batchsize bs global_batch_size train_batch_size ", "train.batch", NULL},
    {" epoch num_epochs n_epochs nepochs max_epochs n_epoch niter ", "train.epochs", NULL},
    {" step iterations iters iter num_iterations max_iter max_steps num_steps n_steps train_steps ",
     "train.steps", NULL},
    {" random_seed manual_seed manualseed rng_seed ", "train.seed", NULL},
    {" loss_fn criterion ", "train.loss", NULL},
    {" amp fp16 bf16 half mixed_precision dtype use_amp ", "train.precision", "--precision bf16"},
    {" dataset data_dir data_path data_root dataroot datadir dataset_path dataset_dir input input_dir "
     "train_dir train_data images image_dir ",
     "data.path", NULL},
    {" image_size img_size imagesize resolution input_height output_height crop_size img_res ", NULL,
     "--set data.height=H --set data.width=W"},
    {" img_channels image_channels nc num_channels c_dim ", "data.channels", NULL},
    {" num_classes n_classes nclasses y_dim ", "data.classes", NULL},
    {" flip hflip horizontal_flip random_flip ", "data.mirror", NULL},
    {" outdir output output_dir out_dir outf output_path name exp_name experiment run_dir log_dir logdir "
     "results_dir save_dir checkpoint_dir workdir ",
     "output.dir", NULL},
    {" log_interval print_freq log_freq print_every logging_steps ", "output.log_every", NULL},
    {" sample_interval sample_freq sample_step ", "output.sample_every", NULL},
    {" save_every save_interval save_freq snap checkpoint_interval save_steps ckpt_every ",
     "output.checkpoint_every", NULL},
    {" gpu gpu_id gpu_ids device cuda use_cuda use_gpu accelerator no_cuda ", "run.backend", NULL},
    {" workers num_workers num_threads nthreads n_threads jobs n_cpu cpus ", "run.threads", NULL},
    {" resume_from resume_path checkpoint ckpt load pretrained resume_from_checkpoint load_checkpoint ",
     "run.resume", NULL},
    {" cfg conf config_file ", NULL, "--config FILE"},
    {" gpus num_gpus n_gpus ngpu ngpus nproc nprocs nproc_per_node num_nodes nnodes world_size num_processes "
     "ranks ",
     NULL, "; mpirun starts the ranks, on GPUs one for each: mpirun -np N gan_dist ..."},
};

/* A word of any spelling among the words of a row. */
static bool has_word(const char *words, const char *word)
{
    char wanted[GAN_WORD_MAX];
    size_t n = 1;
    wanted[0] = ' ';
    for (; *word && n < sizeof wanted - 2; word++)
        wanted[n++] = *word == '-' ? '_' : (char)tolower((unsigned char)*word);
    memcpy(wanted + n, " ", 2);
    return n > 1 && strstr(words, wanted) != NULL;
}

/* The key whose own name a word is, without its section or with it; "*.beta1" for both networks' key. */
static const char *key_named(const char *word)
{
    static char both[GAN_WORD_MAX];
    for (size_t i = 0; i < gan_option_count(); i++) {
        char name[GAN_WORD_MAX];
        const char *key = gan_option_row_get(i)->key, *dot = strchr(key, '.');
        snprintf(name, sizeof name, " %s ", dot + 1);
        if (strcmp(key, word) != 0 && !has_word(name, word))
            continue;
        snprintf(both, sizeof both, "discriminator%s", dot);
        bool of_both =
            strcmp(key, word) != 0 && strncmp(key, "generator.", 10) == 0 && gan_option_row_find(both);
        snprintf(both, sizeof both, "*%s", dot);
        return of_both ? both : key;
    }
    return NULL;
}

static bool takes(const char *const *extra, const char *name)
{
    for (size_t i = 0; extra && extra[i]; i++)
        if (strcmp(extra[i], name) == 0)
            return true;
    return false;
}

/* The row for a word, of those that mean something to whoever takes the options `extra`. */
static const synonym_row *find(const char *word, const char *const *extra)
{
    for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++) {
        const char *target = synonyms[i].target;
        if (has_word(synonyms[i].words, word) &&
            (!target || strncmp(target, "--", 2) != 0 || takes(extra, target)))
            return &synonyms[i];
    }
    return NULL;
}

/* An advice that begins with ';' is no word to be meant, but a sentence. */
static gan_hint advise(const char *advice)
{
    gan_hint out;
    if (advice[0] != ';')
        return gan_hint_for(advice);
    snprintf(out.text, sizeof out.text, "%s", advice);
    return out;
}

gan_hint gan_option_synonym(const char *option, const char *const *extra)
{
    char text[160];
    const char *word = option + strspn(option, "-"), *target = key_named(word);
    const synonym_row *row = target ? NULL : find(word, extra);
    if (!target && !row)
        return gan_hint_for(NULL);
    if (row && row->advice)
        return advise(row->advice);
    target = target ? target : row->target;
    const gan_option_row *key = gan_option_row_find(target);
    if (strncmp(target, "*.", 2) == 0)
        snprintf(text, sizeof text, "--set generator%s=X --set discriminator%s=X", target + 1, target + 1);
    else if (key && key->option)
        snprintf(text, sizeof text, "%s %s", key->option, key->argument);
    else
        snprintf(text, sizeof text, key ? "--set %s=X" : "%s", target);
    return gan_hint_for(text);
}

gan_hint gan_key_synonym(const char *key)
{
    char text[160];
    const char *dot = strchr(key, '.');
    const synonym_row *row = find(dot ? dot + 1 : key, NULL);
    if (!row)
        return gan_hint_for(NULL);
    if (!row->target)
        return advise(row->advice);
    if (strncmp(row->target, "*.", 2) != 0)
        return gan_hint_for(row->target);
    if (strncmp(key, "generator.", 10) == 0 || strncmp(key, "discriminator.", 14) == 0)
        snprintf(text, sizeof text, "%.*s%s", (int)(dot - key), key, row->target + 1);
    else
        snprintf(text, sizeof text, "generator%s and discriminator%s", row->target + 1, row->target + 1);
    return gan_hint_for(text);
}

/* Those that people put behind the program's name. */
static const struct {
    const char *word, *value;
} of_mpirun[] = {
    {"np", "N"},
    {"n", "N"},
    {"c", "N"},
    {"N", "N"},
    {"hostfile", "FILE"},
    {"machinefile", "FILE"},
    {"host", "NAMES"},
    {"hosts", "NAMES"},
    {"H", "NAMES"},
    {"x", "NAME"},
    {"mca", "NAME VALUE"},
    {"map-by", "WHAT"},
    {"bind-to", "WHAT"},
    {"rank-by", "WHAT"},
    {"wdir", "DIR"},
    {"npernode", "N"},
    {"report-bindings", NULL},
    {"oversubscribe", NULL},
    {"allow-run-as-root", NULL},
    {"use-hwthread-cpus", NULL},
    {"tag-output", NULL},
};

gan_status gan_option_of_mpirun(const char *text)
{
    const char *word = text + strspn(text, "-");
    size_t n = strcspn(word, "=");
    for (size_t i = 0; *text == '-' && i < sizeof of_mpirun / sizeof *of_mpirun; i++) {
        const char *value = of_mpirun[i].value;
        if (strlen(of_mpirun[i].word) != n || strncmp(of_mpirun[i].word, word, n) != 0)
            continue;
        bool ranks = value && strcmp(value, "N") == 0;
        int length = (int)(word - text) + (int)n;
        return gan_error(
            GAN_BAD_INPUT,
            "%.*s is an option of mpirun and goes before the program: mpirun %s%.*s%s%s gan_dist ...", length,
            text, ranks ? "" : "-np N ", length, text, value ? " " : "", value ? value : "");
    }
    return GAN_OK;
}
