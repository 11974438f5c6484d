/* net_run.c: forward and backward through the layers, and how a layer reaches its shards. */
#include "model.h"

gan_status gan_layer_run(gan_layer *layer, gan_pass *const *passes, int n, bool flag, gan_shard_fn fn)
{
    gan_backend *be = layer->net->backend;
    gan_layer_job job = {layer, passes, n, flag, flag};
    return be->ops->for_shards(be, layer->net->spec.n_local, fn, &job);
}

gan_status gan_layer_run_and_swap(gan_layer *layer, gan_pass *const *passes, int n, gan_shard_fn fn)
{
    GAN_TRY(gan_layer_run(layer, passes, n, false, fn));
    for (int p = 0; p < n; p++)
        gan_pass_swap(passes[p]);
    return GAN_OK;
}

void gan_net_changed(gan_net *net)
{
    net->prepared = false;
}

/* The layers' private copies of the weights are there:
 * made now if they are out of date or were written over. */
static gan_status enter(gan_net *net)
{
    uint64_t stamp = gan_backend_enter(net->backend, net->spec.number);
    if (net->prepared && net->stamp == stamp)
        return GAN_OK;
    for (int i = 0; i < net->n_layers; i++)
        if (net->layers[i].ops->prepare)
            GAN_TRY(net->layers[i].ops->prepare(&net->layers[i]));
    net->prepared = true;
    net->stamp = stamp;
    return GAN_OK;
}

gan_status gan_net_forward(gan_net *net, gan_pass *pass, bool train)
{
    GAN_TRY(enter(net));
    for (int i = 0; i < net->n_layers; i++)
        GAN_TRY(net->layers[i].ops->forward(&net->layers[i], pass, train));
    return GAN_OK;
}

gan_status gan_net_check_training(const gan_net *net)
{
    for (int i = 0; i < net->n_layers; i++)
        if (net->layers[i].ops->check_training)
            GAN_TRY(net->layers[i].ops->check_training(&net->layers[i]));
    return GAN_OK;
}

bool gan_net_has_sums(const gan_net *net)
{
    bool has = false;
    for (int i = 0; i < net->n_layers; i++)
        has = has || net->layers[i].ops == &gan_layer_bn;
    return has && net->spec.bn == GAN_BN_GLOBAL && net->spec.reduce;
}

void gan_net_on_ready(gan_net *net, gan_ready_fn ready, void *context)
{
    net->ready = ready;
    net->ready_context = context;
}

/* The arena is in the order of the layers, which the backward pass takes from the end. */
static size_t first_float(const gan_net *net, int layer)
{
    return net->params[net->layers[layer].params[0]].offset;
}

static int split_layer(const gan_net *net, int first)
{
    int i = net->n_layers - 1;
    while (i > first && (net->layers[i].params[0] < 0 ||
                         4 * (net->arena_floats - first_float(net, i)) < 3 * net->arena_floats))
        i--;
    return i;
}

gan_status gan_net_backward(gan_net *net, gan_pass *const *passes, int n, unsigned want)
{
    int first =
        0; /* the first layer with parameters: nothing below it needs a gradient unless the input does */
    while (net->layers[first].params[0] < 0)
        first++;
    int last = want & GAN_WANT_INPUT ? 0 : first;
    bool tell = (want & GAN_WANT_PARAMETERS) && net->ready;
    int split = tell ? split_layer(net, first) : first;
    size_t told = net->arena_floats;
    GAN_TRY(enter(net));
    for (int i = net->n_layers - 1; i >= last; i--) {
        bool want_dx = i > first || (want & GAN_WANT_INPUT);
        bool want_dw = (want & GAN_WANT_PARAMETERS) && net->layers[i].params[0] >= 0;
        GAN_TRY(net->layers[i].ops->backward(&net->layers[i], passes, n, want_dx, want_dw));
        if (tell && (i == split || i == first)) {
            size_t from = i == first ? 0 : first_float(net, i);
            GAN_TRY(net->ready(net->ready_context, net, from, told - from));
            told = from;
        }
    }
    return GAN_OK;
}
