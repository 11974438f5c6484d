#include "checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const gan_dtype_row dtypes[] = {
    {"F32", 32, GAN_F32},
    {"I64", 64, GAN_I64},
    {"BOOL", 8, GAN_OTHER_DTYPE},
    {"U8", 8, GAN_OTHER_DTYPE},
    {"I8", 8, GAN_OTHER_DTYPE},
    {"I16", 16, GAN_OTHER_DTYPE},
    {"U16", 16, GAN_OTHER_DTYPE},
    {"I32", 32, GAN_OTHER_DTYPE},
    {"U32", 32, GAN_OTHER_DTYPE},
    {"U64", 64, GAN_OTHER_DTYPE},
    {"F16", 16, GAN_OTHER_DTYPE},
    {"BF16", 16, GAN_OTHER_DTYPE},
    {"F64", 64, GAN_OTHER_DTYPE},
    {"C64", 64, GAN_OTHER_DTYPE},
    {"F8_E5M2", 8, GAN_OTHER_DTYPE},
    {"F8_E4M3", 8, GAN_OTHER_DTYPE},
    {"F8_E8M0", 8, GAN_OTHER_DTYPE},
    {"F6_E2M3", 6, GAN_OTHER_DTYPE},
    {"F6_E3M2", 6, GAN_OTHER_DTYPE},
    {"F4", 4, GAN_OTHER_DTYPE},
};

const gan_dtype_row *gan_dtype_find(const char *name)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (strcmp(dtypes[i].name, name) == 0)
            return &dtypes[i];
    return NULL;
}

const gan_dtype_row *gan_dtype_of(gan_dtype dtype)
{
    return dtype == GAN_F32 ? gan_dtype_find("F32") : dtype == GAN_I64 ? gan_dtype_find("I64") : NULL;
}

bool gan_shape_size(size_t *elements, size_t *bytes, unsigned bits, int rank, const int64_t *dims)
{
    size_t product = 1, total;
    for (int i = 0; i < rank; i++)
        if (dims[i] < 0 || __builtin_mul_overflow(product, (uint64_t)dims[i], &product))
            return false;
    if (__builtin_mul_overflow(product, (size_t)bits, &total) || total % 8 != 0)
        return false;
    *elements = product;
    *bytes = total / 8;
    return true;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *gan_find_duplicate(const char **names, size_t n)
{
    if (n < 2)
        return NULL;
    qsort(names, n, sizeof *names, compare_texts);
    for (size_t i = 1; i < n; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            return names[i];
    return NULL;
}

void gan_hash_text(char out[HASH_DIGITS + 1], uint64_t hash)
{
    snprintf(out, HASH_DIGITS + 1, "%016" PRIx64, hash);
}
