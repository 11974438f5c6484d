/* losses.c: the table of losses. */
#include <string.h>

#include "losses.h"

#define ROW(name, logits, help)                                                                              \
    {#name, help, GAN_LOSS_ID(name), logits, gan_loss_##name##_value, gan_loss_##name##_probability},

static const gan_loss losses[] = {GAN_LOSSES(ROW)};

const gan_loss *gan_loss_get(size_t index)
{
    return index < sizeof losses / sizeof *losses ? &losses[index] : NULL;
}

const gan_loss *gan_loss_find(const char *name)
{
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
        if (strcmp(losses[i].name, name) == 0)
            return &losses[i];
    return NULL;
}
