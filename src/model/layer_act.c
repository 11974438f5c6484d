/* layer_act.c: the activations: relu, lrelu, tanh, sigmoid. They work in place; a derivative follows from the
 * output. After `bn` the batch norm does them itself and no layer of this kind is made. */
#include <string.h>

#include "model.h"

gan_act gan_act_parse(const char *word)
{
    static const struct {
        const char *word;
        gan_act act;
    } rows[] = {{"relu", GAN_ACT_RELU},
                {"lrelu", GAN_ACT_LRELU},
                {"tanh", GAN_ACT_TANH},
                {"sigmoid", GAN_ACT_SIGMOID}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].word, word) == 0)
            return rows[i].act;
    return GAN_ACT_NONE;
}

static gan_status parse(gan_layer *layer, gan_words *words)
{
    (void)words;
    const gan_layer *before = layer->slot > 0 ? layer - 1 : NULL;
    if (!before || before->act != GAN_ACT_NONE)
        return gan_error(GAN_BAD_INPUT, "%s.layers: '%s' must follow a layer that is not an activation",
                         layer->net->spec.name, layer->ops->word);
    layer->act = gan_act_parse(layer->ops->word);
    layer->out = layer->in;
    layer->in_place = true;
    return GAN_OK;
}

static size_t count_of(const gan_layer *layer)
{
    return (size_t)layer->net->spec.shard_pictures * gan_shape_count(layer->out);
}

static gan_status forward_shard(void *context, int shard)
{
    const gan_layer_job *job = context;
    gan_backend *be = job->layer->net->backend;
    return be->ops->act_forward(be, gan_pass_y(job->passes[0], job->layer, shard), job->layer->act,
                                count_of(job->layer));
}

static gan_status again(gan_layer *layer, gan_pass *pass, int shard, float *y)
{
    gan_backend *be = layer->net->backend;
    GAN_TRY(layer[-1].ops->again(layer - 1, pass, shard, y));
    return be->ops->act_forward(be, y, layer->act, count_of(layer));
}

/* An output that was not kept is made again in the scratch of weight gradients, which is idle here. */
static gan_status backward_shard(void *context, int shard)
{
    const gan_layer_job *job = context;
    gan_layer *layer = job->layer;
    gan_backend *be = layer->net->backend;
    for (int p = 0; p < job->n; p++) {
        float *y =
            layer->transient ? gan_net_parts(layer->net)[shard] : gan_pass_y(job->passes[p], layer, shard);
        if (layer->transient)
            GAN_TRY(again(layer, job->passes[p], shard, y));
        GAN_TRY(be->ops->act_backward(be, gan_pass_gradient(job->passes[p], shard), y, layer->act,
                                      count_of(layer)));
    }
    return GAN_OK;
}

static gan_status open_scratch(gan_layer *layer)
{
    if (layer->transient)
        gan_net_need_parts(layer->net, count_of(layer));
    return GAN_OK;
}

static gan_status forward(gan_layer *layer, gan_pass *pass, bool train)
{
    return gan_layer_run(layer, &pass, 1, train, forward_shard);
}

static gan_status backward(gan_layer *layer, gan_pass *const *passes, int n, bool want_dx, bool want_dw)
{
    (void)want_dx;
    return gan_layer_run(layer, passes, n, want_dw, backward_shard);
}

#define ACT_LAYER(name, text)                                                                                \
    const gan_layer_ops gan_layer_##name = {.word = #name,                                                   \
                                            .usage = text,                                                   \
                                            .parse = parse,                                                  \
                                            .open = open_scratch,                                            \
                                            .forward = forward,                                              \
                                            .backward = backward,                                            \
                                            .again = again}

ACT_LAYER(relu, "relu: max(x, 0)");
ACT_LAYER(lrelu, "lrelu: max(x, 0.2 x)");
ACT_LAYER(tanh, "tanh: hyperbolic tangent");
ACT_LAYER(sigmoid, "sigmoid: 1/(1 + exp(-x))");
