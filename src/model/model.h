/* model.h: the inside of a network and of a pass, for src/model only. */
#ifndef GAN_MODEL_H
#define GAN_MODEL_H

#include "gan_dist/layer.h"

#define GAN_LAYERS_MAX 128
#define GAN_PARAMS_MAX 512
#define GAN_PASSES_MAX 2

struct gan_net {
    gan_net_spec spec;
    gan_backend *backend; /* NULL after gan_net_parse */
    gan_layer layers[GAN_LAYERS_MAX];
    int n_layers;
    int modules; /* nn.Sequential modules so far */
    gan_param params[GAN_PARAMS_MAX];
    int n_params;
    size_t arena_floats, statistics_floats;
    float *parameters, *gradients, *statistics;
    gan_workspace *workspace;
    bool owns_workspace;
    bool prepared;  /* the plans' copies were made of these parameters ... */
    uint64_t stamp; /* ... when the backend stood at this stamp */
    gan_pass *passes;
    gan_ready_fn ready;
    void *ready_context;
};

struct gan_workspace {
    gan_backend *backend;
    int n_local;
    size_t part_floats;
    size_t gradient_floats[GAN_PASSES_MAX][2];
    float **parts; /* [n_local] weight gradients of one layer, in the backend's layout */
    float **gradients[GAN_PASSES_MAX][2]; /* [n_local] of one pass: two buffers, used in turn */
};

struct gan_pass {
    gan_net *net;
    int number;
    const float **input; /* [n_local] the caller's */
    const int **labels;  /* [n_local] the caller's, or NULL each */
    float **y;           /* [n_layers][n_local] */
    float **gradient;    /* [n_local] the current gradient: one of the workspace's, or the caller's */
};

/* The text of a network as words. */
struct gan_words {
    char text[3 * GAN_TEXT_MAX]; /* room for blanks around every `|` */
    const char *words[1024];
    int n, next;
};
gan_status gan_words_split(gan_words *words, const char *network, const char text[GAN_TEXT_MAX]);

/* The table of layers (layers.c). */
const gan_layer_ops *gan_layer_find(const char *word);
const gan_layer_ops *gan_layer_get(size_t index);
extern const gan_layer_ops gan_layer_conv, gan_layer_deconv, gan_layer_dense, gan_layer_bn, gan_layer_relu,
    gan_layer_lrelu, gan_layer_tanh, gan_layer_sigmoid, gan_layer_reshape, gan_layer_flatten, gan_layer_label;

/* What the three layers with weights share (linear.c):
 * they differ in geometry and in which call is forward. */
gan_status gan_linear_parse_kernel(gan_layer *layer, gan_words *words, int *padding);
gan_status gan_linear_declare(gan_layer *layer, const int64_t *dims, int rank, int out_channels,
                              const char *init);
gan_status gan_linear_open(gan_layer *layer);
void gan_linear_close(gan_layer *layer);
gan_status gan_linear_prepare(gan_layer *layer);
gan_status gan_linear_forward(gan_layer *layer, gan_pass *pass, bool train);
gan_status gan_linear_again(gan_layer *layer, gan_pass *pass, int shard, float *y);
gan_status gan_linear_backward(gan_layer *layer, gan_pass *const *passes, int n, bool want_dx, bool want_dw);

/* Adds a layer by its table row; used by the builder and by words that imply a second layer. */
gan_status gan_net_append(gan_net *net, const gan_layer_ops *ops, gan_words *words);

/* "3x3x512" to a shape; false when it is not one. */
bool gan_shape_parse(gan_shape *out, const char *word);
/* The activation a word names; GAN_ACT_NONE for other words. */
gan_act gan_act_parse(const char *word);

/* pass.c */
gan_status gan_pass_create(gan_pass *pass, gan_net *net, int number);
void gan_pass_destroy(gan_pass *pass);
void gan_pass_need_gradients(const gan_net *net, size_t floats[GAN_PASSES_MAX][2]);
double gan_pass_bytes(const gan_net *net);

/* workspace.c */
gan_status gan_alloc_shards(gan_backend *be, float ***out, int n_local, size_t floats);
void gan_free_shards(gan_backend *be, float **buffers);

/* init.c: "normal 0.02" ... as numbers. */
gan_status gan_init_parse(gan_init *out, const char *text, const char *key, double fan_in, double fan_out,
                          double fan_torch);

#endif
