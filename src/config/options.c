#include "options.h"

#include <stdio.h>
#include <string.h>
#include "gan_dist/base.h"

static const char *const bn_words[] = {"global", "shard", NULL};
static const char *const graph_words[] = {"auto", "off", NULL};
static const char *const adam_words[] = {"tensorflow", "pytorch", NULL};
static const char *const comm_words[] = {"auto", "mpi", "nccl", NULL};
static const char *const reduce_words[] = {"auto", "tree", "nccl", NULL};
static const char *const range_words[] = {"signed", "unit", NULL};
static const char *const resize_words[] = {"bilinear", "nearest", NULL};
static const char *const labels_words[] = {"none", "file", "folders", NULL};
static const char *const split_words[] = {"all", "train", "test", NULL};
static const char *const precision_words[] = {"auto", "fp32", "tf32", "bf16", NULL}; /* gan_precision */
static const char *const pictures_words[] = {"auto", "device", "host", NULL};

_Static_assert(sizeof(gan_bn_scope) == sizeof(int), "the table stores enumerations through an int");

#define YES       true
#define NO        false
#define NO_OPTION NULL, NULL
#define BILLION   1000000000
#define MAX_STEPS 4294967295.0       /* the step is a 32-bit word of the random numbers' counter */
#define MAX_EXACT 9007199254740992.0 /* 2^53: whole numbers up to here are exact in a double */
#define FIELD(f)  offsetof(gan_config, f), sizeof(((gan_config *)0)->f)
#define ANY       0, 0, NULL

/* clang-format off */
/* One network's rows: generator and discriminator differ in nothing but their section. */
#define ROW(s, f, type, low, high, start, help) \
    {#s "." #f, GAN_OPTION_##type, FIELD(s.f), low, high, NULL, start, NO_OPTION, help, YES}
#define NETWORK(s)                                                                                                         \
    ROW(s, layers, WORDS, 0, 0, "", "the network, see the grammar of layers"),                                             \
    ROW(s, init_conv, WORDS, 0, 0, "normal 0.02", "weights of conv and deconv: normal D, truncated D, he, glorot, torch"), \
    ROW(s, init_dense, WORDS, 0, 0, "normal 0.02", "weights of dense: the same words"),                                    \
    ROW(s, init_bn, WORDS, 0, 0, "ones", "scale of batch norm: ones, or normal D around 1"),                               \
    ROW(s, bias, BOOL, 0, 0, "yes", "conv, deconv and dense add a bias, 0 at first"),                                      \
    ROW(s, bn_epsilon, DOUBLE, 1e-12, 1, "1e-5", "added to the variance in batch norm"),                                   \
    ROW(s, bn_momentum, DOUBLE, 0, 1, "0.1", "share of the new batch in the running statistics"),                          \
    ROW(s, learning_rate, DOUBLE, 0, 10, "0.0002", "Adam's step size"),                                                    \
    ROW(s, beta1, DOUBLE, 0, 0.999999, "0.5", "Adam's decay of the mean gradient"),                                        \
    ROW(s, beta2, DOUBLE, 0, 0.999999, "0.999", "Adam's decay of the squared gradient"),                                   \
    ROW(s, epsilon, DOUBLE, 1e-16, 1, "1e-8", "Adam's epsilon, see train.adam")

static const gan_option_row table[] = {
    {"generator.noise", GAN_OPTION_NOISE, FIELD(noise), 1, 65536, NULL, "normal 100", NO_OPTION,
     "uniform N or normal N: N numbers from U(-1,1) or N(0,1)", YES},
    {"generator.noise_paired", GAN_OPTION_BOOL, FIELD(noise_paired), ANY, "no", NO_OPTION,
     "each picture keeps its own noise vector for ever", YES},
    NETWORK(generator),
    NETWORK(discriminator),

    {"train.order", GAN_OPTION_WORDS, FIELD(order), ANY, "z D G", NO_OPTION,
     "one step: z draws noise, D and G update, (D G) updates both from one pass", YES},
    {"train.batch", GAN_OPTION_INT, FIELD(batch), 1, 1048576, NULL, "64", "--batch", "B",
     "pictures in a step, over all ranks", YES},
    {"train.shards", GAN_OPTION_INT, FIELD(shards), 0, 1048576, NULL, "0", "--shards", "S",
     "equal parts of the batch; 0 = the largest power of two up to 8 that divides it; on GPUs one a rank", YES},
    {"train.seed", GAN_OPTION_UINT64, FIELD(seed), ANY, "1", "--seed", "S",
     "start of every random number", YES},
    {"train.loss", GAN_OPTION_WORDS, FIELD(loss), ANY, "bce", NO_OPTION,
     "bce (one logit) or softmax (two logits)", YES},
    {"train.bn", GAN_OPTION_ENUM, FIELD(bn), 0, 0, bn_words, "global", NO_OPTION,
     "batch norm over the whole batch or over each shard", YES},
    {"train.adam", GAN_OPTION_ENUM, FIELD(adam), 0, 0, adam_words, "tensorflow", NO_OPTION,
     "whose rule of where epsilon is added", YES},
    {"train.precision", GAN_OPTION_ENUM, FIELD(precision), 0, 0, precision_words, "auto", "--precision", "P",
     "what a device multiplies in convolutions: float32, or rounded to tf32 or bf16; auto = tf32, on the host fp32", NO},
    {"train.comm", GAN_OPTION_ENUM, FIELD(comm), 0, 0, comm_words, "auto", NO_OPTION,
     "what carries sums between GPUs: nccl, or mpi by way of the hosts (auto: nccl)", NO},
    {"train.reduce", GAN_OPTION_ENUM, FIELD(reduce), 0, 0, reduce_words, "auto", NO_OPTION,
     "their order: tree, the same bits on any number of ranks, or nccl's own (auto: the faster)", NO},
    {"train.steps", GAN_OPTION_INT64, FIELD(steps), 0, MAX_STEPS, NULL, "0", "--steps", "N",
     "train up to step N (replaces epochs)", NO},
    {"train.epochs", GAN_OPTION_INT64, FIELD(epochs), 0, BILLION, NULL, "0", "--epochs", "N",
     "train N times through the pictures (replaces steps)", NO},

    {"data.path", GAN_OPTION_TEXT, FIELD(data), ANY, "", "--data", "PATH",
     "folder of pictures, IDX file, folder with MNIST's four files, or faces[:COUNT] (drawn)", NO},
    {"data.split", GAN_OPTION_ENUM, FIELD(split), 0, 0, split_words, "all", NO_OPTION,
     "which of MNIST's files", YES},
    {"data.skip", GAN_OPTION_INT64, FIELD(skip), 0, MAX_EXACT, NULL, "0", NO_OPTION,
     "leave out the first N pictures", YES},
    {"data.height", GAN_OPTION_INT, FIELD(height), 1, 8192, NULL, "64", NO_OPTION, "pixels", YES},
    {"data.width", GAN_OPTION_INT, FIELD(width), 1, 8192, NULL, "64", NO_OPTION, "pixels", YES},
    {"data.channels", GAN_OPTION_INT, FIELD(channels), 1, 3, NULL, "3", NO_OPTION,
     "1 (grey) or 3 (colour)", YES},
    {"data.range", GAN_OPTION_ENUM, FIELD(range), 0, 0, range_words, "signed", NO_OPTION,
     "signed: -1..1, for a tanh generator; unit: 0..1, for a sigmoid one", YES},
    {"data.resize", GAN_OPTION_ENUM, FIELD(resize), 0, 0, resize_words, "bilinear", NO_OPTION,
     "how pictures of another size are brought to this one", YES},
    {"data.crop", GAN_OPTION_BOOL, FIELD(crop), ANY, "yes", NO_OPTION,
     "cut the centre to the right shape first; no = stretch", YES},
    {"data.mirror", GAN_OPTION_BOOL, FIELD(mirror), ANY, "no", NO_OPTION,
     "flip half of the pictures left to right", YES},
    {"data.labels", GAN_OPTION_ENUM, FIELD(labels), 0, 0, labels_words, "none", NO_OPTION,
     "from an IDX label file, or from the names of sub-folders", YES},
    {"data.classes", GAN_OPTION_INT, FIELD(classes), 0, 65536, NULL, "0", NO_OPTION,
     "labels are 0..N-1; 0 = unconditional", YES},
    {"data.max_bad_fraction", GAN_OPTION_DOUBLE, FIELD(max_bad_fraction), 0, 1, NULL, "0.1",
     "--max-bad-fraction", "F", "stop when more than this share of the files is unreadable", NO},

    {"output.dir", GAN_OPTION_TEXT, FIELD(out), ANY, "", "--out", "DIR",
     "where everything goes; empty = runs/PRESET", NO},
    {"output.log_every", GAN_OPTION_INT, FIELD(log_every), 1, BILLION, NULL, "50", "--log-every", "N",
     "steps between lines of the log", NO},
    {"output.sample_every", GAN_OPTION_CADENCE, FIELD(sample), 0, BILLION, NULL, "500", "--sample-every", "N|Ns",
     "steps (or seconds) between sample grids; 0 = never", NO},
    {"output.sample_num", GAN_OPTION_INT, FIELD(sample_num), 1, 65536, NULL, "64", NO_OPTION,
     "pictures in a sample grid", NO},
    {"output.checkpoint_every", GAN_OPTION_CADENCE, FIELD(checkpoint), 0, BILLION, NULL, "300s",
     "--checkpoint-every", "N|Ns", "steps (or seconds) between checkpoints; 0 = only at the end", NO},
    {"output.keep", GAN_OPTION_INT, FIELD(keep), 1, BILLION, NULL, "5", "--keep", "K",
     "checkpoints kept, the newest ones", NO},

    {"run.backend", GAN_OPTION_WORDS, FIELD(backend), ANY, "auto", "--backend", "auto|cpu|ref|cuda",
     "cpu, ref or cuda; auto: cuda where every rank sees a GPU, else cpu", NO},
    {"run.threads", GAN_OPTION_INT, FIELD(threads), 0, 65536, NULL, "0", "--threads", "T",
     "threads of a rank; 0 = its share of the cores", NO},
    {"run.pictures", GAN_OPTION_ENUM, FIELD(pictures), 0, 0, pictures_words, "auto", NO_OPTION,
     "of a device: kept on it, or sent from the host for each step; auto = kept if they take half of its free memory or less", NO},
    {"run.resume", GAN_OPTION_TEXT, FIELD(resume), ANY, "auto", "--resume", "auto|never|FILE",
     "go on from the newest checkpoint of the folder, start anew, or go on from FILE", NO},
    {"run.check_every", GAN_OPTION_INT, FIELD(check_every), 0, BILLION, NULL, "100", "--check-every", "N",
     "steps between comparisons of the ranks' weights; 0 = never", NO},
    {"run.graph", GAN_OPTION_ENUM, FIELD(graph), 0, 0, graph_words, "auto", "--graph", "auto|off",
     "on a GPU, launch each step as one graph where that can be; the bits are the same", NO},
    {"run.stall_warning", GAN_OPTION_SECONDS, FIELD(stall_warning), 0, BILLION, NULL, "30s", "--stall-warning",
     "Ns", "seconds of waiting for other ranks until a warning names them; 0s = never", NO},
    {"run.stall_timeout", GAN_OPTION_SECONDS, FIELD(stall_timeout), 0, BILLION, NULL, "300s", "--stall-timeout",
     "Ns", "seconds of waiting for other ranks until the job ends; 0s = never", NO},
};
/* clang-format on */

#define ROWS (sizeof table / sizeof table[0])
_Static_assert(ROWS <= GAN_OPTION_ROWS_MAX, "raise GAN_OPTION_ROWS_MAX");

size_t gan_option_count(void)
{
    return ROWS;
}

const gan_option_row *gan_option_row_get(size_t index)
{
    return index < ROWS ? &table[index] : NULL;
}

gan_option gan_option_get(size_t index)
{
    static const char *const yes_no[] = {"yes", "no", NULL};
    const gan_option_row *row = &table[index];
    return (gan_option){row->key,  row->option,      row->argument,
                        row->help, row->defines_run, row->type == GAN_OPTION_BOOL ? yes_no : row->words};
}

void gan_option_range(char *out, size_t size, size_t index)
{
    gan_option_takes(out, size, &table[index]);
}

void gan_option_value(char *out, const gan_config *config, size_t index)
{
    gan_value_print(out, config, &table[index]);
}

const gan_option_row *gan_option_row_find(const char *key)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(table[i].key, key) == 0)
            return &table[i];
    return NULL;
}

const gan_option_row *gan_option_row_of_option(const char *option)
{
    for (size_t i = 0; i < ROWS; i++)
        if (table[i].option && strcmp(table[i].option, option) == 0)
            return &table[i];
    return NULL;
}

void gan_option_takes(char *out, size_t size, const gan_option_row *row)
{
    switch (row->type) {
    case GAN_OPTION_INT:
    case GAN_OPTION_INT64:
        snprintf(out, size, "a whole number, %.0f to %.0f", row->min, row->max);
        break;
    case GAN_OPTION_UINT64:
        snprintf(out, size, "a whole number, 0 to %llu", (unsigned long long)UINT64_MAX);
        break;
    case GAN_OPTION_DOUBLE:
        snprintf(out, size, "a number, %.9g to %.9g", row->min, row->max);
        break;
    case GAN_OPTION_BOOL:
        snprintf(out, size, "yes or no");
        break;
    case GAN_OPTION_TEXT:
        snprintf(out, size, "a text of up to %zu bytes", row->size - 1);
        break;
    case GAN_OPTION_WORDS:
        snprintf(out, size, "words, up to %zu bytes", row->size - 1);
        break;
    case GAN_OPTION_ENUM: {
        size_t used = 0;
        out[0] = '\0';
        for (size_t i = 0; row->words[i] && used < size; i++)
            used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "", row->words[i]);
        break;
    }
    case GAN_OPTION_NOISE:
        snprintf(out, size, "uniform N or normal N, N from %.0f to %.0f", row->min, row->max);
        break;
    case GAN_OPTION_SECONDS:
        snprintf(out, size, "seconds Ns, N from %.0f to %.0f", row->min, row->max);
        break;
    case GAN_OPTION_CADENCE:
        snprintf(out, size, "steps N or seconds Ns, N from %.0f to %.0f", row->min, row->max);
        break;
    }
}
