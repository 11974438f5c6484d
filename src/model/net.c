/* net.c: from a network's text to layers, parameters and arenas. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "gan_dist/base.h"

#define WORDS_LISTED 64 /* in a message */

gan_status gan_net_add_param(int *out, gan_layer *layer, const char *suffix, int rank, const int64_t *dims,
                             bool trainable, gan_init init)
{
    gan_net *net = layer->net;
    if (net->n_params == GAN_PARAMS_MAX)
        return gan_error(GAN_BAD_INPUT, "%s.layers: more than %d tensors", net->spec.name, GAN_PARAMS_MAX);
    gan_param *param = &net->params[net->n_params];
    *param = (gan_param){.rank = rank, .count = 1, .trainable = trainable, .init = init};
    snprintf(param->name, sizeof param->name, "main.%d.%s", layer->module, suffix);
    for (int i = 0; i < rank; i++) {
        param->dims[i] = dims[i];
        param->count *= (size_t)dims[i];
        if (param->count > (size_t)1 << 31)
            return gan_error(GAN_BAD_INPUT, "%s.layers: %s has more than 2^31 weights", net->spec.name,
                             param->name);
    }
    size_t *arena = trainable ? &net->arena_floats : &net->statistics_floats;
    param->offset = *arena;
    *arena += (param->count + 15) / 16 * 16;
    *out = net->n_params++;
    return GAN_OK;
}

gan_status gan_net_append(gan_net *net, const gan_layer_ops *ops, gan_words *words)
{
    if (net->n_layers == GAN_LAYERS_MAX)
        return gan_error(GAN_BAD_INPUT, "%s.layers: more than %d layers", net->spec.name, GAN_LAYERS_MAX);
    gan_layer *layer = &net->layers[net->n_layers];
    *layer = (gan_layer){
        .ops = ops, .net = net, .slot = net->n_layers, .module = net->modules, .params = {-1, -1, -1, -1}};
    layer->in = net->n_layers > 0 ? layer[-1].out : net->spec.input;
    net->n_layers++;
    net->modules++;
    GAN_TRY(ops->parse(layer, words));
    if (gan_shape_count(layer->out) > INT_MAX)
        return gan_error(GAN_BAD_INPUT, "%s.layers: '%s' makes %dx%dx%d numbers of a picture, too many",
                         net->spec.name, ops->word, layer->out.h, layer->out.w, layer->out.c);
    return GAN_OK;
}

static gan_status unknown_word(const gan_net *net, const char *word, bool is_argument)
{
    const char *words[WORDS_LISTED];
    char known[512] = "";
    size_t n = 0;
    for (const gan_layer_ops *ops; n < WORDS_LISTED && (ops = gan_layer_get(n)); n++) {
        words[n] = ops->word;
        snprintf(known + strlen(known), sizeof known - strlen(known), " %s", ops->word);
    }
    const char *nearest = gan_nearest(word, words, n);
    if (nearest)
        return gan_error(GAN_BAD_INPUT, "%s.layers: unknown word '%s' (did you mean '%s'?)", net->spec.name,
                         word, nearest);
    if (is_argument)
        return gan_error(GAN_BAD_INPUT, "%s.layers: '%s' takes no argument '%s': %s", net->spec.name,
                         net->layers[net->n_layers - 1].ops->word, word,
                         net->layers[net->n_layers - 1].ops->usage);
    return gan_error(GAN_BAD_INPUT, "%s.layers: unknown word '%s'; known:%s", net->spec.name, word, known);
}

/* One word with its arguments. `dense` implies a flatten before and a reshape after;
 * `bn` takes in its activation. */
static gan_status append_word(gan_net *net, const gan_layer_ops *ops, gan_words *words)
{
    gan_shape in = net->n_layers > 0 ? net->layers[net->n_layers - 1].out : net->spec.input, maps;
    if (ops == &gan_layer_dense && in.h * in.w > 1)
        GAN_TRY(gan_net_append(net, &gan_layer_flatten, words));
    const char *argument = gan_words_peek(words);
    GAN_TRY(gan_net_append(net, ops, words));
    if (ops == &gan_layer_dense && gan_shape_parse(&maps, argument)) {
        words->next--; /* the same argument again */
        GAN_TRY(gan_net_append(net, &gan_layer_reshape, words));
    }
    if (gan_words_peek(words))
        return unknown_word(net, gan_words_peek(words), true);
    if (ops == &gan_layer_bn && words->next < words->n) {
        gan_layer *bn = &net->layers[net->n_layers - 1];
        bn->act = gan_act_parse(words->words[words->next]);
        words->next += bn->act != GAN_ACT_NONE;
        net->modules += bn->act != GAN_ACT_NONE;
    }
    return GAN_OK;
}

/* A first layer with few channels in and many out, and the activation on it:
 * cheaper to compute twice than to keep. */
static bool is_cheap_start(const gan_net *net)
{
    const gan_layer *first = net->layers;
    return net->n_layers > 2 && first->ops->again && first[1].in_place && first[1].ops->again &&
           gan_shape_count(first->out) >= 4 * gan_shape_count(first->in);
}

/* Which outputs live only until the next layer has read them.
 * tanh and sigmoid need theirs for their own derivative. */
static void mark_transient(gan_net *net)
{
    for (int i = 0; i + 1 < net->n_layers; i++) {
        gan_layer *layer = &net->layers[i];
        bool read_once = layer[1].ops->backward == gan_linear_backward;
        bool own_need = layer->act == GAN_ACT_TANH || layer->act == GAN_ACT_SIGMOID;
        layer->transient = layer->ops == &gan_layer_bn && read_once && !own_need;
    }
    if (is_cheap_start(net) && net->layers[2].ops->backward == gan_linear_backward)
        net->layers[0].transient = net->layers[1].transient = true;
}

static gan_status parse_layers(gan_net *net)
{
    gan_words words;
    GAN_TRY(gan_words_split(&words, net->spec.name, net->spec.config->layers));
    while (words.next < words.n) {
        const char *word = words.words[words.next++];
        if (strcmp(word, "|") == 0)
            continue;
        const gan_layer_ops *ops = gan_layer_find(word);
        if (!ops)
            return unknown_word(net, word, false);
        GAN_TRY(append_word(net, ops, &words));
    }
    mark_transient(net);
    if (net->n_layers == 0)
        return gan_error(GAN_BAD_INPUT, "%s.layers: empty; see `gan_dist presets` for examples",
                         net->spec.name);
    if (net->n_params == 0)
        return gan_error(GAN_BAD_INPUT, "%s.layers: no layer with weights", net->spec.name);
    return GAN_OK;
}

gan_status gan_net_parse(gan_net **out, const gan_net_spec *spec)
{
    gan_net *net = calloc(1, sizeof *net);
    if (!net)
        return gan_error(GAN_FAILED, "%s: out of memory", spec->name);
    net->spec = *spec;
    gan_status status = parse_layers(net);
    if (status == GAN_OK)
        *out = net;
    else
        gan_net_destroy(net);
    return status;
}

static gan_status alloc_arenas(gan_net *net)
{
    gan_backend *be = net->backend;
    void *memory;
    GAN_TRY(be->ops->alloc(be, &memory, net->arena_floats * sizeof(float)));
    net->parameters = memory;
    GAN_TRY(be->ops->alloc(be, &memory, (net->arena_floats + GAN_NET_EXTRAS) * sizeof(float)));
    net->gradients = memory;
    GAN_TRY(be->ops->alloc(be, &memory, net->statistics_floats * sizeof(float)));
    net->statistics = memory;
    return GAN_OK;
}

static void keep_outputs(gan_net *net)
{
    for (int i = 0; i < net->n_layers; i++)
        net->layers[i].transient = false;
}

/* Layers and passes say what scratch they need as they open;
 * a network's own workspace can then be filled at once. */
static gan_status open_parts(gan_net *net)
{
    const gan_net_spec *spec = &net->spec;
    GAN_TRY(alloc_arenas(net));
    if (net->backend->ops->keeps_outputs)
        keep_outputs(net);
    net->owns_workspace = spec->workspace == NULL;
    net->workspace = spec->workspace;
    if (net->owns_workspace)
        GAN_TRY(gan_workspace_create(&net->workspace, net->backend, spec->n_local));
    gan_backend_enter(net->backend, spec->number);
    for (int i = 0; i < net->n_layers; i++)
        if (net->layers[i].ops->open)
            GAN_TRY(net->layers[i].ops->open(&net->layers[i]));
    net->passes = calloc((size_t)spec->passes, sizeof *net->passes);
    if (!net->passes)
        return gan_error(GAN_FAILED, "%s: out of memory", spec->name);
    for (int p = 0; p < spec->passes; p++)
        GAN_TRY(gan_pass_create(&net->passes[p], net, p));
    gan_pass_need_gradients(net, net->workspace->gradient_floats);
    return net->owns_workspace ? gan_workspace_alloc(net->workspace) : GAN_OK;
}

gan_status gan_net_create(gan_net **out, gan_backend *backend, const gan_net_spec *spec)
{
    gan_net *net = NULL;
    GAN_TRY(gan_net_parse(&net, spec));
    net->backend = backend;
    gan_status status = open_parts(net);
    if (status == GAN_OK)
        *out = net;
    else
        gan_net_destroy(net);
    return status;
}

void gan_net_destroy(gan_net *net)
{
    if (!net)
        return;
    gan_backend *be = net->backend;
    for (int p = 0; net->passes && p < net->spec.passes; p++)
        gan_pass_destroy(&net->passes[p]);
    for (int i = 0; be && i < net->n_layers; i++)
        if (net->layers[i].ops->close)
            net->layers[i].ops->close(&net->layers[i]);
    if (be) {
        be->ops->free(be, net->parameters);
        be->ops->free(be, net->gradients);
        be->ops->free(be, net->statistics);
    }
    if (net->owns_workspace)
        gan_workspace_destroy(net->workspace);
    free(net->passes);
    free(net);
}
