/* net.h: a network built from its text: arenas, passes, forward and backward over this rank's shards.
 *
 * gan_net owns its layers, arenas and passes. Everything is called by the rank's main thread. Arenas and
 * passes are the backend's memory. Words and grammar: docs/formats.md, "Networks". */
#ifndef GAN_DIST_NET_H
#define GAN_DIST_NET_H

#include <stdbool.h>
#include <stddef.h>
#include "gan_dist/backend.h"
#include "gan_dist/config.h"
#include "gan_dist/tensor.h"

typedef struct gan_net gan_net;
typedef struct gan_pass gan_pass; /* the activations of one forward pass; owned by its network */

/* Sums `n` doubles over all ranks in place: batch norm's only message. NULL for one rank. */
typedef gan_status (*gan_reduce_fn)(void *context, double *sums, size_t n);

/* Scratch of backward passes: parts of weight gradients, and the gradients that travel down. Networks whose
 * backward passes never overlap share one: create it, name it in their specs, and call alloc when all of them
 * exist, before the first backward. */
typedef struct gan_workspace gan_workspace;
gan_status gan_workspace_create(gan_workspace **out, gan_backend *backend, int n_local);
gan_status gan_workspace_alloc(gan_workspace *workspace);
void gan_workspace_destroy(gan_workspace *workspace); /* after its networks; NULL is fine */

typedef struct gan_net_spec {
    const char *name; /* "generator" or "discriminator": the prefix of tensor names */
    int number;       /* 0 generator, 1 discriminator: part of the initialisation's random stream */
    const gan_net_config *config;
    gan_shape input;
    int classes;        /* length of the one-hot label; 0 = `label` is refused */
    int shard_pictures; /* pictures in a shard */
    int n_local;        /* shards of this rank */
    int first_shard;    /* global number of its first */
    int n_global;       /* shards of all ranks */
    gan_bn_scope bn;
    int passes;                 /* 1 or 2 */
    bool input_gradient;        /* backward will be asked for GAN_WANT_INPUT */
    bool output_gradient_given; /* it comes by gan_pass_set_output_gradient, never in an own buffer */
    gan_workspace *workspace;   /* shared; NULL = the network has its own */
    gan_reduce_fn reduce;
    void *reduce_context;
} gan_net_spec;

/* Builds the network; parameters are zero until gan_net_init or a checkpoint fills them. A wrong word or
 * shape is GAN_BAD_INPUT naming the network, the word and, for a misspelling, the nearest known word. */
gan_status gan_net_create(gan_net **out, gan_backend *backend, const gan_net_spec *spec);
void gan_net_destroy(gan_net *net); /* NULL is fine */

/* Parses and shapes only, no memory and no plans: for counts and checks. Destroy as usual. */
gan_status gan_net_parse(gan_net **out, const gan_net_spec *spec);

/* Random initial weights: a function of the seed alone. */
gan_status gan_net_init(gan_net *net, uint64_t seed);
/* The parameters have changed (update, load): the layers' private copies
 * are made anew before the next pass. */
void gan_net_changed(gan_net *net);

gan_backend *gan_net_backend(const gan_net *net);
gan_shape gan_net_input_shape(const gan_net *net);
gan_shape gan_net_output_shape(const gan_net *net);
int gan_net_shard_pictures(const gan_net *net);
int gan_net_local_shards(const gan_net *net);

/* The flat arenas. Floats of padding between tensors are zero and stay so. The gradient arena has
 * GAN_NET_EXTRAS more floats at its end, for scalars that ride along in the exchange: gan_net_arena_floats()
 * + GAN_NET_EXTRAS in all. */
#define GAN_NET_EXTRAS 16
size_t gan_net_arena_floats(const gan_net *net);
float *gan_net_parameters(const gan_net *net);
float *gan_net_gradients(const gan_net *net);
float *gan_net_statistics(const gan_net *net);
size_t gan_net_statistics_floats(const gan_net *net);

/* The named tensors, trainable and not, in PyTorch's state_dict order. */
size_t gan_net_param_count(const gan_net *net);
const gan_param *gan_net_param(const gan_net *net, size_t index);

/* Pass `index` (0 .. passes-1). Inputs are memory of the caller, one pointer per local shard, that stays
 * until the pass's backward is done. */
gan_pass *gan_net_pass(gan_net *net, int index);
void gan_pass_set_input(gan_pass *pass, int shard, const float *input, const int *labels);
const float *gan_pass_input(const gan_pass *pass, int shard);
const int *gan_pass_labels(const gan_pass *pass, int shard);
float *gan_pass_output(const gan_pass *pass, int shard);
/* Where the gradient of the output is put before backward: a buffer of the pass, or another's (of the same
 * size; it may be overwritten). */
float *gan_pass_output_gradient(gan_pass *pass, int shard);
void gan_pass_set_output_gradient(gan_pass *pass, int shard, float *gradient);
/* After backward with GAN_WANT_INPUT: the gradient of the input; valid until the pass's next backward. */
float *gan_pass_input_gradient(const gan_pass *pass, int shard);

gan_status gan_net_forward(gan_net *net, gan_pass *pass, bool train);
/* Asks every layer (gan_layer_ops.check_training). Of a parsed network, too. */
gan_status gan_net_check_training(const gan_net *net);
/* Whether a pass in training calls the spec's `reduce`: batch norm over the global batch. */
bool gan_net_has_sums(const gan_net *net);

/* What a backward pass computes; `passes` are in the order of their numbers, without a gap.
 * Parameters: overwrites (never adds to) the gradient arena with the sum over the given passes
 * and local shards; without it the arena is untouched. Input: down to the input gradient;
 * else it ends at the first layer with parameters. */
enum { GAN_WANT_PARAMETERS = 1, GAN_WANT_INPUT = 2 };
gan_status gan_net_backward(gan_net *net, gan_pass *const *passes, int n, unsigned want);

/* From then on a backward pass that computes the parameters' gradients calls `ready` when the gradients
 * [first, first + n) of the arena are final: once for at least three quarters of them, which are those next
 * to the output, and once for the rest; or once for all. */
typedef gan_status (*gan_ready_fn)(void *context, gan_net *net, size_t first, size_t n);
void gan_net_on_ready(gan_net *net, gan_ready_fn ready, void *context);

/* Counts (reference: multiply-add = 2 operations; padding counted; norms and activations not).
 * Per picture. */
double gan_net_forward_flops(const gan_net *net);
double gan_net_first_flops(const gan_net *net); /* of the first layer with weights */
size_t gan_net_trainable(const gan_net *net);   /* trainable parameters */
/* Bytes this network takes on a rank: arenas (with Adam's two), passes, gradients, parts. An estimate before
 * anything is allocated. */
double gan_net_memory_bytes(const gan_net *net);

/* The network as a table, one line per layer (word, in, out, parameters), through `line`. */
void gan_net_print(const gan_net *net, void (*line)(const char *format, ...));

#endif
