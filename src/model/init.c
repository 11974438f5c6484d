/* init.c: initial weights: a function of the seed, the tensor's number and the position in it. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "gan_dist/base.h"

/* Tensors of the two networks never share a random position: draw = tensor + this * network. */
#define DRAWS_PER_NET 1024

gan_status gan_init_parse(gan_init *out, const char *text, const char *key, double fan_in, double fan_out,
                          double fan_torch)
{
    char word[GAN_WORD_MAX];
    double deviation = 0;
    int used = 0;
    int fields = sscanf(text, "%127s %lf %n", word, &deviation, &used);
    bool number = fields == 2 && text[used] == '\0' && deviation >= FLT_MIN && deviation <= FLT_MAX;
    *out = (gan_init){GAN_INIT_NORMAL, 0, (float)deviation};
    if (fields >= 1 && number && strcmp(word, "normal") == 0)
        return GAN_OK;
    if (fields >= 1 && number && strcmp(word, "truncated") == 0) {
        out->kind = GAN_INIT_TRUNCATED;
        return GAN_OK;
    }
    if (strcmp(text, "he") == 0) { /* He et al. 2015 */
        out->b = (float)sqrt(2 / fan_in);
        return GAN_OK;
    }
    out->kind = GAN_INIT_UNIFORM;
    if (strcmp(text, "glorot") == 0) { /* Glorot and Bengio 2010 */
        out->b = (float)sqrt(6 / (fan_in + fan_out));
        return GAN_OK;
    }
    if (strcmp(text, "torch") == 0) { /* PyTorch's default: kaiming_uniform(a = sqrt 5) */
        out->b = (float)(1 / sqrt(fan_torch));
        return GAN_OK;
    }
    return gan_error(GAN_BAD_INPUT,
                     "%s = %s: not an initialiser; use normal D, truncated D (D > 0), he, glorot or torch",
                     key, text);
}

gan_status gan_net_init(gan_net *net, uint64_t seed)
{
    gan_backend *be = net->backend;
    uint32_t tensor = 0;
    for (int i = 0; i < net->n_params; i++) {
        const gan_param *param = &net->params[i];
        gan_rng at = {.seed = seed, .stream = GAN_STREAM_INIT};
        if (param->trainable)
            at.draw = tensor++ + DRAWS_PER_NET * (uint32_t)net->spec.number;
        GAN_TRY(be->ops->init(be, gan_net_value(net, i), param->count, param->init, at));
    }
    gan_net_changed(net);
    return GAN_OK;
}
