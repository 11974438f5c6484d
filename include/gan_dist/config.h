/* config.h: everything a run can be told, in one struct, filled from presets, files and options.
 *
 * One table (src/config/options.c) has a row per key: section.key, type, bounds, default, help, command-line
 * name, and whether the key *defines the run*. The parser, --help, the saved config.ini and the resume check
 * all come from it. The struct owns nothing: plain values, so it may be copied. Every rank reads the
 * configuration by itself. */
#ifndef GAN_DIST_CONFIG_H
#define GAN_DIST_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gan_dist/error.h"

#define GAN_TEXT_MAX 4096
#define GAN_WORD_MAX 128

/* One network. Words of `layers` are explained in docs/formats.md; initialisers are "normal D", "truncated
 * D", "he", "glorot", "torch" (and "ones" for init_bn). */
typedef struct gan_net_config {
    char layers[GAN_TEXT_MAX];
    char init_conv[GAN_WORD_MAX];  /* weights of conv and deconv */
    char init_dense[GAN_WORD_MAX]; /* weights of dense */
    char init_bn[GAN_WORD_MAX];    /* batch-norm scale: "ones" or "normal D" (mean 1) */
    bool bias;                     /* conv, deconv and dense have a bias (initially 0) */
    double bn_epsilon;
    double
        bn_momentum; /* share of the new batch in the running statistics (PyTorch's meaning): 0.1, not 0.9 */
    double learning_rate, beta1, beta2, epsilon;
} gan_net_config;

typedef enum gan_noise { GAN_NOISE_UNIFORM, GAN_NOISE_NORMAL } gan_noise;
/* Whether a device's step is launched as one graph, where that can be. The bits are the same. */
typedef enum gan_graph_use { GAN_GRAPH_AUTO, GAN_GRAPH_OFF } gan_graph_use;
typedef enum gan_bn_scope { GAN_BN_GLOBAL, GAN_BN_SHARD } gan_bn_scope;
/* What carries the sums over the ranks, and in which order they are added; for backends with a device. */
typedef enum gan_sums { GAN_SUMS_AUTO, GAN_SUMS_MPI, GAN_SUMS_NCCL } gan_sums;
typedef enum gan_reduce { GAN_REDUCE_AUTO, GAN_REDUCE_TREE, GAN_REDUCE_NCCL } gan_reduce;
typedef enum gan_adam_kind { GAN_ADAM_TENSORFLOW, GAN_ADAM_PYTORCH } gan_adam_kind;
typedef enum gan_range { GAN_RANGE_SIGNED, GAN_RANGE_UNIT } gan_range; /* [-1,1], [0,1] */
typedef enum gan_resize { GAN_RESIZE_BILINEAR, GAN_RESIZE_NEAREST } gan_resize;
typedef enum gan_labels { GAN_LABELS_NONE, GAN_LABELS_FILE, GAN_LABELS_FOLDERS } gan_labels;
typedef enum gan_pictures { GAN_PICTURES_AUTO, GAN_PICTURES_DEVICE, GAN_PICTURES_HOST } gan_pictures;
typedef enum gan_split { GAN_SPLIT_ALL, GAN_SPLIT_TRAIN, GAN_SPLIT_TEST } gan_split;

/* How often: "500" steps, or "60s". */
typedef struct gan_cadence {
    int every;
    bool seconds;
} gan_cadence;

typedef struct gan_config {
    char preset[GAN_WORD_MAX]; /* name the other values started from; "" = none */

    gan_net_config generator, discriminator;
    gan_noise noise;   /* generator.noise = uniform|normal DIM: U(-1,1) or N(0,1) */
    int noise_dim;     /* 1..65536 */
    bool noise_paired; /* generator.noise_paired: each picture keeps its own noise for ever (system 003) */

    char order[GAN_WORD_MAX]; /* train.order: words z D G (D G) */
    int batch;                /* global batch, 1..1048576 */
    int shards;               /* 0 = choose: gan_config_shards(), or on a device one a rank (devices.h) */
    uint64_t seed;
    char loss[GAN_WORD_MAX]; /* a row of the loss table: bce, softmax */
    gan_bn_scope bn;
    int precision;      /* auto, fp32, tf32, bf16: a gan_precision of backend.h */
    gan_adam_kind adam; /* where epsilon stands, see optim.h */
    gan_sums comm;
    gan_reduce reduce;

    char data[GAN_TEXT_MAX]; /* data.path: folder, IDX file, or "faces" / "faces:COUNT", which are drawn */
    gan_split split;         /* for a folder with MNIST's four files */
    int64_t skip;            /* leave out the first N pictures of the set */
    int height, width, channels;
    gan_range range;
    gan_resize resize;
    bool crop; /* centre crop to the target's aspect ratio before the resize; false = stretch */
    bool mirror;
    gan_labels labels;
    int classes;             /* 0 = unconditional; else labels must be in 0..classes-1 */
    double max_bad_fraction; /* error when more than this share of the picture files is unreadable */

    char out[GAN_TEXT_MAX]; /* "" = runs/<preset> */
    int64_t steps;          /* where to stop; 0 = use epochs */
    int64_t epochs;
    int log_every;          /* steps */
    gan_cadence sample;     /* 0 = never */
    int sample_num;         /* pictures in the fixed-noise grid */
    gan_cadence checkpoint; /* 0 = only at the end */
    int keep;               /* newest checkpoints kept */
    int check_every;        /* steps between comparisons of the ranks' parameters; 0 = never */

    char backend[GAN_WORD_MAX]; /* auto, cpu, ref, cuda */
    int threads;           /* per rank; 0 = the cores this rank may use, shared among the ranks of its host */
    gan_pictures pictures; /* where a device's pictures are */
    gan_graph_use graph;
    int stall_warning, stall_timeout; /* seconds of waiting for other ranks; 0 = never */
    char resume[GAN_TEXT_MAX];        /* auto, never, or a checkpoint file */
} gan_config;

/* Defaults of the table. */
void gan_config_defaults(gan_config *config);

/* The built-in presets, in the order in which help lists them. `index` out of range gives NULL. */
const char *gan_preset_name(size_t index);
/* The text of a preset (an INI file with comments); NULL for an unknown name. */
const char *gan_preset_text(const char *name);
/* Applies a preset on top of `config` and notes its name. Unknown: GAN_BAD_INPUT naming the nearest one. */
gan_status gan_config_apply_preset(gan_config *config, const char *name);

/* Applies an INI text or file. Every unknown section or key, bad value, or duplicate key is GAN_BAD_INPUT
 * with "FILE:LINE: ...", naming the nearest known word. A file may start with `preset = NAME` before any
 * section; another preset than the one already applied is GAN_BAD_INPUT. */
gan_status gan_config_apply_text(gan_config *config, const char *text, const char *origin);
gan_status gan_config_apply_file(gan_config *config, const char *path);

/* Sets one key by its full name ("train.batch"). `origin` opens the message ("--batch", "FILE:12"). Steps and
 * epochs replace each other: setting one above 0 makes the other 0. */
gan_status gan_config_set(gan_config *config, const char *key, const char *value, const char *origin);

/* Fills `config` from command-line words (argv[0] is the first after the command):
 * --preset, --config, --set, --name VALUE, --name=VALUE, in this order of strength:
 * defaults < preset < config file < options, wherever they stand. Of an option given twice the last counts;
 * two different presets or files are an error. A value that begins with "--" needs the form with '='.
 * `extra` names further options the command itself takes (NULL-terminated, "--mode"; each takes one value,
 * unless written "--flag!"; NULL = none); they are left in place for it: see gan_config_extra.
 * With no --preset and no --config, `fallback_preset` is applied (NULL = none). */
gan_status gan_config_parse(gan_config *config, int argc, char **argv, const char *fallback_preset,
                            const char *const *extra);
/* The value of an extra option after gan_config_parse (last one wins), NULL if absent. `name` as in the list:
 * "--flag!" gives "" when the flag was given. */
const char *gan_config_extra(int argc, char **argv, const char *name);

/* Checks what no single row can: a positive size, a network text that is not empty, steps or epochs given,
 * shards that divide the batch ... and fills the derived values: out, and a stall_warning that was left at
 * its default above a shorter stall_timeout. */
gan_status gan_config_finish(gan_config *config);
/* The shards of a batch: as given, else the largest power of two up to 8 that divides it, else its largest
 * divisor up to 8. */
int gan_config_shards(const gan_config *config);
/* GAN_BAD_INPUT when data.path is empty, saying what the preset takes.
 * Apart from finish: `check` needs no data. */
gan_status gan_config_need_data(const gan_config *config);

/* The whole effective configuration as an INI text (freed by the caller);
 * `only_defining` leaves out keys that may change between starts.
 * gan_config_apply_text() of it gives the same struct. NULL when memory is short. */
char *gan_config_text(const gan_config *config, bool only_defining);

/* Visits each row: for --help, docs and tests. Fields are static text;
 * `option` is NULL where there is no own option. */
typedef struct gan_option {
    const char *key;      /* "train.batch" */
    const char *option;   /* "--batch" */
    const char *argument; /* "B" */
    const char *help;
    bool defines_run;
    const char *const *words; /* the values of a choice, NULL-terminated; NULL for anything else */
} gan_option;
size_t gan_option_count(void);
gan_option gan_option_get(size_t index);
/* What row `index` takes, for people: "a whole number, 1 to 1048576". */
void gan_option_range(char *out, size_t size, size_t index);
/* The current value of row `index` as text. Buffer of GAN_TEXT_MAX bytes. */
void gan_option_value(char *out, const gan_config *config, size_t index);

/* Compares the run-defining keys of two texts made by gan_config_text(.., true). Same: GAN_OK. Else
 * GAN_BAD_INPUT with every differing key, its old and its new value. train.shards = 0 (one a rank, on a
 * device) agrees with any. `origin` names the owner of `old_text` (a checkpoint file). */
gan_status gan_config_compare(const char *old_text, const char *new_text, const char *origin);

#endif
