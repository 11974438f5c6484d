/* loss.h: what D and G minimise. A loss is one row: two pure functions of one sample's logits.
 *
 * Adding one: write src/backend/loss/loss_NAME.h and add its row to losses.h beside it; the tests loop over
 * the table. A device compiles the same formulas and finds them by `id`. Losses are means over the *global*
 * batch: the caller scales by 1/B. See docs/add-a-loss.md. */
#ifndef GAN_DIST_LOSS_H
#define GAN_DIST_LOSS_H

#include <stddef.h>

/* Whose loss of which picture: D on a real one, D on a fake one, G on a fake one. */
typedef enum gan_loss_role { GAN_LOSS_D_REAL, GAN_LOSS_D_FAKE, GAN_LOSS_G } gan_loss_role;

#define GAN_LOGITS_MAX 2

typedef struct gan_loss {
    const char *name;
    const char *help;
    int id;     /* its place in the table */
    int logits; /* outputs of D this loss expects: 1 or 2 */
    /* The loss of one sample; writes its derivative by each logit. */
    float (*value)(float *dlogit, const float *logit, gan_loss_role role);
    /* D's opinion as a probability in [0,1] that the sample is real: D(x) in the log. */
    float (*probability)(const float *logit);
} gan_loss;

/* The table; NULL past the end or for an unknown name. */
const gan_loss *gan_loss_get(size_t index);
const gan_loss *gan_loss_find(const char *name);

#endif
