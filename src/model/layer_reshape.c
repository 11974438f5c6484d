/* layer_reshape.c: between features in PyTorch's C,H,W order and maps in H,W,C memory:
 * nn.Unflatten and nn.Flatten. */
#include "model.h"

static gan_status parse_reshape(gan_layer *layer, gan_words *words)
{
    const char *word = gan_words_take(words);
    if (!word || !gan_shape_parse(&layer->out, word))
        return gan_error(GAN_BAD_INPUT, "%s.layers: 'reshape %s' is not a shape: %s", layer->net->spec.name,
                         word ? word : "", layer->ops->usage);
    if (layer->in.h * layer->in.w != 1 || gan_shape_count(layer->in) != gan_shape_count(layer->out))
        return gan_error(
            GAN_BAD_INPUT,
            "%s.layers: 'reshape %s' cannot take %dx%dx%d: it needs a vector of as many features",
            layer->net->spec.name, word, layer->in.h, layer->in.w, layer->in.c);
    return GAN_OK;
}

static gan_status parse_flatten(gan_layer *layer, gan_words *words)
{
    (void)words;
    size_t features = gan_shape_count(layer->in);
    if (features > 1 << 24)
        return gan_error(GAN_BAD_INPUT, "%s.layers: %zu features to flatten are too many",
                         layer->net->spec.name, features);
    layer->out = (gan_shape){1, 1, (int)features};
    return GAN_OK;
}

/* The maps' side: positions (h*w) times channels. */
static gan_shape maps_of(const gan_layer *layer)
{
    return layer->in.h * layer->in.w > 1 ? layer->in : layer->out;
}

static gan_status move(gan_layer *layer, float *to, const float *from, bool to_maps)
{
    gan_backend *be = layer->net->backend;
    gan_shape maps = maps_of(layer);
    int positions = maps.h * maps.w, n = layer->net->spec.shard_pictures;
    return be->ops->transpose(be, to, from, n, to_maps ? maps.c : positions, to_maps ? positions : maps.c);
}

static gan_status forward_shard(void *context, int shard)
{
    const gan_layer_job *job = context;
    gan_layer *layer = job->layer;
    return move(layer, gan_pass_y(job->passes[0], layer, shard), gan_pass_x(job->passes[0], layer, shard),
                layer->ops == &gan_layer_reshape);
}

static gan_status backward_shard(void *context, int shard)
{
    const gan_layer_job *job = context;
    for (int p = 0; p < job->n; p++)
        GAN_TRY(move(job->layer, gan_pass_spare(job->passes[p], shard),
                     gan_pass_gradient(job->passes[p], shard), job->layer->ops == &gan_layer_flatten));
    return GAN_OK;
}

static gan_status forward(gan_layer *layer, gan_pass *pass, bool train)
{
    return gan_layer_run(layer, &pass, 1, train, forward_shard);
}

static gan_status backward(gan_layer *layer, gan_pass *const *passes, int n, bool want_dx, bool want_dw)
{
    (void)want_dw;
    if (!want_dx)
        return GAN_OK;
    return gan_layer_run_and_swap(layer, passes, n, backward_shard);
}

const gan_layer_ops gan_layer_reshape = {
    .word = "reshape",
    .usage = "reshape HxWxC: a vector in C,H,W order becomes maps (nn.Unflatten)",
    .parse = parse_reshape,
    .forward = forward,
    .backward = backward,
};

const gan_layer_ops gan_layer_flatten = {
    .word = "flatten",
    .usage = "flatten: maps become a vector in C,H,W order (nn.Flatten); `dense` does it by itself",
    .parse = parse_flatten,
    .forward = forward,
    .backward = backward,
};
