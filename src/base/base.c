#include "gan_dist/base.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

double gan_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double gan_peak_memory_mib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024.0;
}

void *gan_alloc(size_t bytes)
{
    size_t rounded = (bytes + 63) / 64 * 64;
    if (rounded < bytes)
        return NULL;
    void *memory = aligned_alloc(64, rounded ? rounded : 64);
    if (memory)
        memset(memory, 0, rounded);
    return memory;
}

#define WORD_LIMIT 64

int gan_edit_distance(const char *a, const char *b)
{
    size_t n = strlen(b);
    if (n > WORD_LIMIT || strlen(a) > WORD_LIMIT)
        return WORD_LIMIT;
    int row[WORD_LIMIT + 1];
    for (size_t j = 0; j <= n; j++)
        row[j] = (int)j;
    for (size_t i = 1; a[i - 1]; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= n; j++) {
            int replace = diagonal + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
            int best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            diagonal = row[j];
            row[j] = replace < best ? replace : best;
        }
    }
    return row[n];
}

const char *gan_nearest(const char *word, const char *const *words, size_t n)
{
    const char *nearest = NULL;
    /* A third of the word may be wrong, at least two letters: "bacth" finds "batch", "zzz" finds nothing. */
    int limit = (int)strlen(word) / 3;
    int best = (limit < 2 ? 2 : limit) + 1;
    for (size_t i = 0; i < n; i++) {
        int distance = gan_edit_distance(word, words[i]);
        if (distance < best && distance < (int)strlen(words[i])) {
            best = distance;
            nearest = words[i];
        }
    }
    return nearest;
}
