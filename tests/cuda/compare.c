/* compare FILE FILE: how far apart Adam's first moments are in two checkpoints of one network, for
 * presets.sh: of each network the worst tensor, its largest difference against its largest value. A tensor
 * that is next to nothing beside the network's others (a bias before a batch norm has no gradient, only
 * rounding) is measured against a tenth of theirs.
 *
 * compare FILE FILE weights: of each network all its weights as one vector, and so the statistics of its
 * batch norms: the length of the difference against the length. Single weights say nothing after some steps:
 * Adam moves one by a whole step whichever sign a tiny gradient has. */
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
    double length2, difference2; /* sums of squares */
} distance;

static distance distance_of(const float *a, const float *b, size_t n)
{
    distance d = {.largest = 0};
    for (size_t i = 0; i < n; i++) {
        const double value = a[i], difference = value - b[i];
        if (!isfinite(a[i]) || !isfinite(b[i]))
            return (distance){.difference = INFINITY, .difference2 = INFINITY};
        d.largest = fmax(d.largest, fabs(value));
        d.difference = fmax(d.difference, fabs(difference));
        d.length2 += value * value;
        d.difference2 += difference * difference;
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
        return (distance){.largest = 0};
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

/* `statistics`: what ends in running_mean and running_var, else all but that. */
static void compare_network(const gan_checkpoint *a, const gan_checkpoint *b, const char *network,
                            bool statistics)
{
    gan_tensor_view view;
    distance sum = {.largest = 0};
    for (size_t i = 0; i < gan_checkpoint_count(a); i++) {
        require(gan_checkpoint_tensor(&view, a, i));
        if (view.dtype != GAN_F32 || (strstr(view.name, ".running_") != NULL) != statistics)
            continue;
        const distance d = tensor_distance(a, b, i, network, &view);
        sum.length2 += d.length2;
        sum.difference2 += d.difference2;
    }
    if (sum.length2 > 0 || sum.difference2 > 0)
        printf("%s%s %.1e\n", network, statistics ? "statistics" : "weights",
               sqrt(sum.difference2 / sum.length2));
}

int main(int argc, char **argv)
{
    gan_checkpoint *a, *b;
    const bool weights = argc == 4 && strcmp(argv[3], "weights") == 0;
    if (argc != 3 && !weights)
        return 2;
    require(gan_checkpoint_open(&a, argv[1]));
    require(gan_checkpoint_open(&b, argv[2]));
    for (size_t k = 0; k < KINDS && !weights; k++)
        compare_kind(a, b, kinds[k]);
    for (int k = 0; k < 4 && weights; k++)
        compare_network(a, b, k < 2 ? "discriminator." : "generator.", k % 2);
    gan_checkpoint_close(a);
    gan_checkpoint_close(b);
    return 0;
}
