/* info.c: what a checkpoint, or any other safetensors file, holds. */
#include "commands.h"
#include "classes.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "gan_dist/out.h"

typedef enum role { TRAINABLE, RUNNING, OPTIMISER, ROLES } role;
static const char *const role_names[ROLES] = {"trainable", "running statistics", "optimiser"};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* PyTorch's names say what a tensor is for. */
static role role_of(const char *name)
{
    if (strncmp(name, "optimizer.", 10) == 0)
        return OPTIMISER;
    if (ends_with(name, ".running_mean") || ends_with(name, ".running_var") ||
        ends_with(name, ".num_batches_tracked"))
        return RUNNING;
    return TRAINABLE;
}

static uint64_t count_of(const gan_tensor_view *tensor)
{
    uint64_t count = 1;
    for (int i = 0; i < tensor->rank; i++)
        count *= (uint64_t)tensor->dims[i];
    return count;
}

/* Text from a file may hold anything; control characters would act on the terminal. */
static void print_text(const char *text)
{
    for (; *text; text++)
        putchar(iscntrl((unsigned char)*text) ? '?' : *text);
}

static void print_shape(const gan_tensor_view *tensor)
{
    char shape[24 * GAN_RANK_MAX] = "scalar";
    size_t used = 0;
    for (int i = 0; i < tensor->rank; i++)
        used +=
            (size_t)snprintf(shape + used, sizeof shape - used, "%s%" PRId64, i ? "x" : "", tensor->dims[i]);
    printf("  %-16s", shape);
}

/* Every tensor but the optimiser's, which repeat the networks' shapes. */
static void print_tensors(const gan_checkpoint *checkpoint)
{
    gan_tensor_view tensor;
    int width = 6;
    for (size_t i = 0; gan_checkpoint_dtype(checkpoint, i); i++)
        if (gan_checkpoint_tensor(&tensor, checkpoint, i) == GAN_OK && role_of(tensor.name) != OPTIMISER &&
            (int)strlen(tensor.name) > width)
            width = (int)strlen(tensor.name);
    printf("\n%-*s  %-7s  %-16s  %12s\n", width, "tensor", "type", "shape", "count");
    for (size_t i = 0; gan_checkpoint_dtype(checkpoint, i); i++) {
        if (gan_checkpoint_tensor(&tensor, checkpoint, i) != GAN_OK || role_of(tensor.name) == OPTIMISER)
            continue;
        print_text(tensor.name);
        printf("%*s  %-7s", width - (int)strlen(tensor.name), "", gan_checkpoint_dtype(checkpoint, i));
        print_shape(&tensor);
        printf("  %12" PRIu64 "\n", count_of(&tensor));
    }
}

/* Numbers and tensors by role, of the names that start with `prefix`. */
static void print_totals(const gan_checkpoint *checkpoint, const char *title, const char *prefix)
{
    uint64_t counts[ROLES] = {0};
    size_t tensors[ROLES] = {0}, all = 0;
    gan_tensor_view tensor;
    for (size_t i = 0; gan_checkpoint_dtype(checkpoint, i); i++) {
        if (gan_checkpoint_tensor(&tensor, checkpoint, i) != GAN_OK ||
            strncmp(tensor.name, prefix, strlen(prefix)) != 0)
            continue;
        counts[role_of(tensor.name)] += count_of(&tensor);
        tensors[role_of(tensor.name)]++;
        all++;
    }
    if (all == 0)
        return;
    printf("%-13s", title);
    for (int r = 0; r < ROLES; r++)
        if (tensors[r])
            printf("  %s %" PRIu64 " in %zu tensors", role_names[r], counts[r], tensors[r]);
    printf("\n");
}

static void print_classes(const gan_checkpoint *checkpoint)
{
    const char *name, *list = gan_checkpoint_metadata(checkpoint, GAN_META_CLASSES);
    size_t n;
    if (!list || !*list)
        return;
    printf("\nclasses\n");
    for (int i = 0; gan_class_next(&name, &n, &list); i++) {
        printf("%7d  ", i);
        for (size_t k = 0; k < n; k++)
            putchar(iscntrl((unsigned char)name[k]) ? '?' : name[k]);
        printf("\n");
    }
}

static void print_metadata(const gan_checkpoint *checkpoint)
{
    gan_metadata pair;
    printf("\nmetadata\n");
    for (size_t i = 0; gan_checkpoint_metadata_at(&pair, checkpoint, i); i++) {
        printf("  ");
        print_text(pair.key);
        if (strlen(pair.value) > 80 || strchr(pair.value, '\n')) {
            printf(": text of %zu bytes\n", strlen(pair.value));
        } else {
            printf(" = ");
            print_text(pair.value);
            printf("\n");
        }
    }
}

static void print_known(const gan_checkpoint *checkpoint, const char *title, const char *key)
{
    const char *value = gan_checkpoint_metadata(checkpoint, key);
    printf("%-13s  ", title);
    print_text(value && *value ? value : "not said");
    printf("\n");
}

gan_status gan_command_info(int argc, char **argv)
{
    if (argc != 1)
        return gan_error(GAN_BAD_INPUT, "info: one file is expected: gan_dist info FILE");
    gan_checkpoint *checkpoint;
    GAN_TRY(gan_checkpoint_open(&checkpoint, argv[0]));
    printf("%-13s  %s\n", "file", argv[0]);
    printf("%-13s  %zu bytes, %zu tensors\n", "size", gan_checkpoint_size(checkpoint),
           gan_checkpoint_count(checkpoint));
    printf("%-13s  %s\n", "checked",
           gan_checkpoint_checked(checkpoint) ? "yes: the checksums of header and data agree"
           : gan_checkpoint_rewritten(checkpoint)
               ? "no: another program has written it again; checksums not compared"
               : "no: the file carries no checksums of gan_dist");
    print_known(checkpoint, "step", GAN_META_STEP);
    print_known(checkpoint, "preset", GAN_META_PRESET);
    print_classes(checkpoint);
    print_tensors(checkpoint);
    printf("\n");
    print_totals(checkpoint, "generator", "generator.");
    print_totals(checkpoint, "discriminator", "discriminator.");
    print_totals(checkpoint, "all", "");
    print_metadata(checkpoint);
    gan_checkpoint_close(checkpoint);
    return GAN_OK;
}
