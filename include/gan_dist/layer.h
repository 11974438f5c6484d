/* layer.h: the contract of a layer: one word of a network's text.
 *
 * A layer works on all shards of this rank at once, through the backend's for_shards(),
 * so that batch norm can sum over shards in the middle. Everything is called by the main thread.
 * A layer owns its plan, the network everything else. Adding one: a file src/model/layer_NAME.c
 * and a row in src/model/layers.c; see docs/add-a-layer.md. */
#ifndef GAN_DIST_LAYER_H
#define GAN_DIST_LAYER_H

#include "gan_dist/backend.h"
#include "gan_dist/net.h"
#include "gan_dist/tensor.h"

typedef struct gan_layer gan_layer;

/* The words of a network's text that a layer may take as arguments, read from left to right. */
typedef struct gan_words gan_words;

typedef struct gan_layer_ops {
    const char *word;  /* as written in `layers` */
    const char *usage; /* arguments and meaning, one line */
    /* Reads the arguments; from layer->in fills layer->out and declares parameters (gan_net_add_param). */
    gan_status (*parse)(gan_layer *layer, gan_words *words);
    /* (optional) Creates plans, once all shapes are known; close frees them, also after a failed open. */
    gan_status (*open)(gan_layer *layer);
    void (*close)(gan_layer *layer);
    /* (optional) The parameters have changed. */
    gan_status (*prepare)(gan_layer *layer);
    /* Output of all local shards from their input (gan_pass_x to gan_pass_y).
     * `train` is false for inference. */
    gan_status (*forward)(gan_layer *layer, gan_pass *pass, bool train);
    /* Gradient of `n` passes in lockstep. want_dx: replace each pass's gradient (gan_pass_gradient) by that
     * of the layer's input, writing to gan_pass_spare and calling gan_pass_swap unless it works in place.
     * want_dw: write the parameters' gradients, summed over passes and local shards in the fixed tree. */
    gan_status (*backward)(gan_layer *layer, gan_pass *const *passes, int n, bool want_dx, bool want_dw);
    /* (optional) Writes the layer's output of one shard once more, from what forward left. A layer that has
     * it need not keep its output: see gan_layer.transient. */
    gan_status (*again)(gan_layer *layer, gan_pass *pass, int shard, float *y);
    /* (optional) GAN_BAD_INPUT where training would make nothing of the layer with these shapes and
     * shards. */
    gan_status (*check_training)(const gan_layer *layer);
    /* (optional) Multiply-adds of one picture's forward pass; NULL = not counted. */
    double (*multiply_adds)(const gan_layer *layer);
} gan_layer_ops;

struct gan_layer {
    const gan_layer_ops *ops;
    gan_net *net;
    int slot;   /* position in the network's list */
    int module; /* number in PyTorch's nn.Sequential */
    gan_shape in, out;
    bool in_place; /* its output is its input's memory */
    /* Its output lives only until the next layer has read it, in a gradient buffer that is idle then; a
     * backward pass makes it again. Set by the builder where a layer with weights follows. */
    bool transient;
    gan_act act; /* activation done by this layer (act, bn) */
    gan_conv_shape conv;
    gan_conv *plan;
    void *state;   /* what else the layer owns, freed by its close */
    int params[4]; /* in the network's list; -1 = none. weight, bias; bn: also running mean, variance */
};

/* A layer's work on some passes, as its shard function gets it. */
typedef struct gan_layer_job {
    gan_layer *layer;
    gan_pass *const *passes;
    int n;
    bool train;   /* forward */
    bool want_dw; /* backward */
} gan_layer_job;

/* --- for layers: what the network offers them --------------------------------------------------- */

/* Declares a parameter `suffix` ("weight") of the layer; returns its index through *out. */
gan_status gan_net_add_param(int *out, gan_layer *layer, const char *suffix, int rank, const int64_t *dims,
                             bool trainable, gan_init init);
float *gan_net_value(const gan_net *net, int param);    /* its memory: parameter or statistic; NULL for -1 */
float *gan_net_gradient(const gan_net *net, int param); /* its place in the gradient arena */
/* Scratch for one gradient part per local shard; `floats` must have been
 * asked for in open with gan_net_need_parts. */
void gan_net_need_parts(gan_net *net, size_t floats);
float *const *gan_net_parts(const gan_net *net);

/* The next argument, or NULL at the end of the stage or at a word that
 * begins another layer; taking moves on. */
const char *gan_words_peek(const gan_words *words);
const char *gan_words_take(gan_words *words);

/* Runs `fn` with a gan_layer_job on every local shard; `flag` is its train and want_dw. The second form then
 * swaps the passes' gradients. */
gan_status gan_layer_run(gan_layer *layer, gan_pass *const *passes, int n, bool flag, gan_shard_fn fn);
gan_status gan_layer_run_and_swap(gan_layer *layer, gan_pass *const *passes, int n, gan_shard_fn fn);

/* A pass's memory for one local shard. Gradients ping-pong between two buffers. */
const float *gan_pass_x(const gan_pass *pass, const gan_layer *layer, int shard);
float *gan_pass_y(const gan_pass *pass, const gan_layer *layer, int shard);
float *gan_pass_gradient(const gan_pass *pass, int shard);
float *gan_pass_spare(const gan_pass *pass, int shard);
void gan_pass_swap(gan_pass *pass); /* the spare buffers become the gradient */

#endif
