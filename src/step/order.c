/* order.c: train.order as a list of updates, and the cut of a batch into shards. */
#include <string.h>

#include "gan_dist/step.h"

static gan_status add_op(gan_order *order, gan_op op, const char *text)
{
    if (order->n == GAN_OPS_MAX)
        return gan_error(GAN_BAD_INPUT, "train.order = %s: more than %d words", text, GAN_OPS_MAX);
    if (order->n == 0 && op != GAN_OP_NOISE)
        return gan_error(GAN_BAD_INPUT, "train.order = %s: it must begin with z, the noise of the step",
                         text);
    order->ops[order->n++] = op;
    order->d_updates += op == GAN_OP_D || op == GAN_OP_BOTH;
    order->g_updates += op == GAN_OP_G || op == GAN_OP_BOTH;
    return GAN_OK;
}

gan_status gan_order_parse(gan_order *out, const char *text)
{
    static const struct {
        const char *word;
        gan_op op;
    } words[] = {{"z", GAN_OP_NOISE},
                 {"(D G)", GAN_OP_BOTH},
                 {"(G D)", GAN_OP_BOTH},
                 {"D", GAN_OP_D},
                 {"G", GAN_OP_G}};
    const size_t n_words = sizeof words / sizeof *words;
    *out = (gan_order){.n = 0};
    for (const char *p = text; *p;) {
        if (*p == ' ') {
            p++;
            continue;
        }
        size_t i = 0;
        while (i < n_words && strncmp(p, words[i].word, strlen(words[i].word)) != 0)
            i++;
        if (i == n_words)
            return gan_error(GAN_BAD_INPUT, "train.order = %s: cannot read '%s'; words are z, D, G and (D G)",
                             text, p);
        GAN_TRY(add_op(out, words[i].op, text));
        p += strlen(words[i].word);
    }
    if (out->d_updates == 0 || out->g_updates == 0)
        return gan_error(GAN_BAD_INPUT, "train.order = %s: it needs at least one D and one G", text);
    return GAN_OK;
}

gan_status gan_shards_cut(gan_shards *out, int batch, int shards, int rank, int size)
{
    if (shards % size != 0)
        shards = size;
    if (batch % shards != 0) {
        int above = (batch / size + 1) * size;
        return gan_error(
            GAN_BAD_INPUT,
            "a batch of %d cannot be cut into equal shards for %d ranks: use --batch %d, or a number of "
            "ranks that divides %d",
            batch, size, above, batch);
    }
    *out = (gan_shards){.n_global = shards,
                        .n_local = shards / size,
                        .first = rank * (shards / size),
                        .pictures = batch / shards};
    return GAN_OK;
}
