/* layer_dense.c: fully connected: a 1x1 convolution of a 1x1 map. Weight [out][in], as PyTorch's Linear.
 *
 * Features of maps are in PyTorch's C,H,W order: the builder puts a flatten before, and `dense HxWxC` a
 * reshape after. */
#include <stdlib.h>

#include "model.h"

static gan_status parse(gan_layer *layer, gan_words *words)
{
    const char *word = gan_words_take(words);
    gan_shape maps;
    char *end = NULL;
    long features = word ? strtol(word, &end, 10) : 0;
    bool to_maps = word && gan_shape_parse(&maps, word);
    if (to_maps)
        features = (long)gan_shape_count(maps);
    else if (!word || end == word || *end)
        features = 0;
    if (features < 1 || features > 1 << 24)
        return gan_error(GAN_BAD_INPUT, "%s.layers: 'dense %s' is not a size: %s", layer->net->spec.name,
                         word ? word : "", layer->ops->usage);
    int in = layer->in.c;
    layer->out = (gan_shape){1, 1, (int)features};
    layer->conv = (gan_conv_shape){.n = layer->net->spec.shard_pictures,
                                   .h = 1,
                                   .w = 1,
                                   .c = in,
                                   .out_h = 1,
                                   .out_w = 1,
                                   .out_c = (int)features,
                                   .kernel_h = 1,
                                   .kernel_w = 1,
                                   .stride_h = 1,
                                   .stride_w = 1};
    int64_t dims[2] = {features, in};
    return gan_linear_declare(layer, dims, 2, (int)features, layer->net->spec.config->init_dense);
}

static double multiply_adds(const gan_layer *layer)
{
    return (double)layer->in.c * layer->out.c;
}

const gan_layer_ops gan_layer_dense = {
    .word = "dense",
    .usage = "dense N or dense HxWxC: fully connected to N features, or to maps",
    .parse = parse,
    .open = gan_linear_open,
    .close = gan_linear_close,
    .prepare = gan_linear_prepare,
    .forward = gan_linear_forward,
    .backward = gan_linear_backward,
    .again = gan_linear_again,
    .multiply_adds = multiply_adds,
};
