/* compare FILE FILE: how far apart Adam's first moments are in two checkpoints of one network, for
 * presets.sh: of each network the worst tensor, its largest difference against its largest value. A tensor
 * that is next to nothing beside the network's others (a bias before a batch norm has no gradient, only
 * rounding) is measured against a tenth of theirs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gan_dist/out.h"

static const char *const kinds[] = {"optimizer.discriminator.exp_avg.", "optimizer.generator.exp_avg."};
#define KINDS (sizeof kinds / sizeof *kinds)
/* Of the network's largest value: what a tensor must reach to be measured by its own. */
#define BY_ITSELF 0.1

static void require(gan_status status)
{
    if (status == GAN_OK)
        return;
    fprintf(stderr, "compare: %s\n", gan_error_message());
    exit(1);
}

static float *values_of(const gan_checkpoint *checkpoint, gan_tensor_view view, size_t n)
{
    view.data = calloc(n, sizeof(float));
    if (!view.data)
        exit(1);
    require(gan_checkpoint_read(checkpoint, &view, 1));
    return view.data;
}

typedef struct distance {
    double largest, difference;
} distance;

static distance distance_of(const float *a, const float *b, size_t n)
{
    distance d = {0, 0};
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(a[i]) || !isfinite(b[i]))
            return (distance){0, INFINITY};
        d.largest = fmax(d.largest, fabs((double)a[i]));
        d.difference = fmax(d.difference, fabs((double)a[i] - b[i]));
    }
    return d;
}

/* Of tensor `index` where it is of this kind; else nothing. */
static distance tensor_distance(const gan_checkpoint *a, const gan_checkpoint *b, size_t index,
                                const char *kind, gan_tensor_view *view)
{
    size_t n = 1;
    require(gan_checkpoint_tensor(view, a, index));
    if (strncmp(view->name, kind, strlen(kind)) != 0)
        return (distance){0, 0};
    for (int d = 0; d < view->rank; d++)
        n *= (size_t)view->dims[d];
    float *x = values_of(a, *view, n), *y = values_of(b, *view, n);
    const distance d = distance_of(x, y, n);
    free(x);
    free(y);
    return d;
}

static void compare_kind(const gan_checkpoint *a, const gan_checkpoint *b, const char *kind)
{
    gan_tensor_view view;
    double network = 1e-30, worst = -1;
    char name[128] = "";
    const size_t n = gan_checkpoint_count(a);
    for (size_t i = 0; i < n; i++)
        network = fmax(network, tensor_distance(a, b, i, kind, &view).largest);
    for (size_t i = 0; i < n; i++) {
        const distance d = tensor_distance(a, b, i, kind, &view);
        const double error = d.difference / fmax(d.largest, BY_ITSELF * network);
        if (error > worst) {
            worst = error;
            snprintf(name, sizeof name, "%s", view.name);
        }
    }
    printf("%s %.1e\n", name, worst);
}

int main(int argc, char **argv)
{
    gan_checkpoint *a, *b;
    if (argc != 3)
        return 2;
    require(gan_checkpoint_open(&a, argv[1]));
    require(gan_checkpoint_open(&b, argv[2]));
    for (size_t k = 0; k < KINDS; k++)
        compare_kind(a, b, kinds[k]);
    gan_checkpoint_close(a);
    gan_checkpoint_close(b);
    return 0;
}
