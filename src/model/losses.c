/* losses.c: the table of losses. A new loss is a file loss_NAME.c, a declaration in losses.h and a row here.
 */
#include <string.h>

#include "losses.h"

static const gan_loss *const losses[] = {&gan_loss_bce, &gan_loss_softmax};

const gan_loss *gan_loss_get(size_t index)
{
    return index < sizeof losses / sizeof *losses ? losses[index] : NULL;
}

const gan_loss *gan_loss_find(const char *name)
{
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
        if (strcmp(losses[i]->name, name) == 0)
            return losses[i];
    return NULL;
}
