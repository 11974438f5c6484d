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

/* The layers' private copies of the weights are there: made now if they are out of date or were written over.
 */
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

gan_status gan_net_backward(gan_net *net, gan_pass *const *passes, int n, unsigned want)
{
    int first =
        0; /* the first layer with parameters: nothing below it needs a gradient unless the input does */
    while (net->layers[first].params[0] < 0)
        first++;
    int last = want & GAN_WANT_INPUT ? 0 : first;
    GAN_TRY(enter(net));
    for (int i = net->n_layers - 1; i >= last; i--) {
        bool want_dx = i > first || (want & GAN_WANT_INPUT);
        bool want_dw = (want & GAN_WANT_PARAMETERS) && net->layers[i].params[0] >= 0;
        GAN_TRY(net->layers[i].ops->backward(&net->layers[i], passes, n, want_dx, want_dw));
    }
    return GAN_OK;
}
