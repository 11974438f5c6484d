/* layers.c: the table of layers. A new layer is a file layer_NAME.c and a row here. */
#include <string.h>

#include "model.h"

/* clang-format off */
static const gan_layer_ops *const layers[] = {
    &gan_layer_dense,
    &gan_layer_conv,
    &gan_layer_deconv,
    &gan_layer_reshape,
    &gan_layer_flatten,
    &gan_layer_bn,
    &gan_layer_relu,
    &gan_layer_lrelu,
    &gan_layer_tanh,
    &gan_layer_sigmoid,
    &gan_layer_label,
};
/* clang-format on */

const gan_layer_ops *gan_layer_get(size_t index)
{
    return index < sizeof layers / sizeof *layers ? layers[index] : NULL;
}

const gan_layer_ops *gan_layer_find(const char *word)
{
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        if (strcmp(layers[i]->word, word) == 0)
            return layers[i];
    return NULL;
}
