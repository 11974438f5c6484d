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

static void fill(float *out, const gan_param *param, gan_rng at)
{
    const gan_init *init = &param->init;
    switch (init->kind) {
    case GAN_INIT_CONSTANT:
        for (size_t i = 0; i < param->count; i++)
            out[i] = init->a;
        break;
    case GAN_INIT_NORMAL:
        gan_rng_normal(out, param->count, at, init->a, init->b);
        break;
    case GAN_INIT_TRUNCATED:
        gan_rng_truncated(out, param->count, at, init->a, init->b);
        break;
    case GAN_INIT_UNIFORM:
        gan_rng_uniform(out, param->count, at, -init->b, init->b);
        break;
    }
}

gan_status gan_net_init(gan_net *net, uint64_t seed)
{
    gan_backend *be = net->backend;
    uint32_t tensor = 0;
    for (int i = 0; i < net->n_params; i++) {
        const gan_param *param = &net->params[i];
        float *host = gan_alloc(param->count * sizeof *host);
        if (!host)
            return gan_error(GAN_FAILED, "%s: out of memory for initial weights", param->name);
        gan_rng at = {.seed = seed, .stream = GAN_STREAM_INIT};
        if (param->trainable)
            at.draw = tensor++ + DRAWS_PER_NET * (uint32_t)net->spec.number;
        fill(host, param, at);
        gan_status status = be->ops->upload(be, gan_net_value(net, i), host, param->count * sizeof *host);
        free(host);
        GAN_TRY(status);
    }
    gan_net_changed(net);
    return GAN_OK;
}
