/* mnist.c: finding the files of MNIST and its kin, however they were unpacked. */
#include "mnist.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define NESTED_MAX 3 /* folders in each other that have a file's name */
#define BELOW_MAX  3 /* folders in each other where a set is looked for */
#define NAME_ROOM  128

/* What a file's name says. */
typedef struct part {
    char set[NAME_ROOM]; /* "" or "emnist-letters-", in small letters */
    bool labels, test;
    int rank; /* dotted, then zipped ones come later */
} part;

static bool is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool join(char *out, const char *folder, const char *name)
{
    return snprintf(out, GAN_TEXT_MAX, "%s/%s", folder, name) < GAN_TEXT_MAX;
}

/* Takes `end` off the end of a text. */
static bool take_end(char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    if (n < m || strcmp(text + n - m, end) != 0)
        return false;
    text[n - m] = '\0';
    return true;
}

static bool read_name(part *out, const char *name)
{
    static const char *const parts[] = {"train", "t10k", "test"};
    char text[NAME_ROOM];
    *out = (part){0};
    if (strlen(name) >= sizeof text)
        return false;
    for (size_t i = 0; i <= strlen(name); i++)
        text[i] = (char)tolower((unsigned char)name[i]);
    if (take_end(text, ".gz"))
        out->rank = 1;
    for (char *p = text; *p; p++)
        if (*p == '.' || *p == '_') {
            *p = '-';
            out->rank |= 2;
        }
    out->labels = take_end(text, "-labels-idx1-ubyte") || take_end(text, "-labels-idx2-int") ||
                  take_end(text, "-labels-idx1-int");
    if (!out->labels && !take_end(text, "-images-idx3-ubyte") && !take_end(text, "-images-idx4-ubyte"))
        return false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!take_end(text, parts[i]))
            continue;
        memcpy(out->set, text, sizeof text);
        out->test = i > 0;
        return !*text || text[strlen(text) - 1] == '-';
    }
    return false;
}

/* --- pictures ---------------------------------------------------------------------------------- */

static gan_mnist_set *set_at(gan_mnist *found, const char *place)
{
    size_t i = 0;
    while (i < found->n && strcmp(found->sets[i].place, place) < 0)
        i++;
    if (i < found->n && strcmp(found->sets[i].place, place) == 0)
        return &found->sets[i];
    if (found->n == GAN_MNIST_SETS_MAX)
        return NULL;
    memmove(found->sets + i + 1, found->sets + i, (found->n - i) * sizeof *found->sets);
    found->n++;
    found->sets[i] = (gan_mnist_set){0};
    snprintf(found->sets[i].place, sizeof found->sets[i].place, "%s", place);
    return &found->sets[i];
}

static void keep(gan_mnist *found, const char *folder, const part *name, const char *path, int nested)
{
    char place[GAN_TEXT_MAX];
    gan_mnist_set *set = join(place, folder, name->set) ? set_at(found, place) : NULL;
    int rank = name->rank + 4 * nested;
    if (!set)
        return;
    char *kept = set->images[name->test];
    if (*kept && (set->rank[name->test] < rank || (set->rank[name->test] == rank && strcmp(kept, path) < 0)))
        return;
    snprintf(kept, GAN_TEXT_MAX, "%s", path);
    set->rank[name->test] = rank;
}

/* The files of pictures in `inner`, which is `folder` or lies in it and has a file's name. */
static void look(gan_mnist *found, const char *folder, const char *inner, int nested)
{
    DIR *stream = opendir(inner);
    char path[GAN_TEXT_MAX];
    for (struct dirent *entry; stream && (entry = readdir(stream)) != NULL;) {
        part name;
        if (!read_name(&name, entry->d_name) || name.labels || !join(path, inner, entry->d_name))
            continue;
        if (is_file(path))
            keep(found, folder, &name, path, nested);
        else if (nested < NESTED_MAX)
            look(found, folder, path, nested + 1);
    }
    if (stream)
        closedir(stream);
}

/* A folder of classes may have many below it, which are not opened. */
static bool may_hold_set(const char *name)
{
    static const char *const words[] = {"raw", "gzip", "archive", "data", "dataset", "datasets", "files"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(name, words[i]) == 0)
            return true;
    return strcasestr(name, "mnist") != NULL;
}

static void walk(gan_mnist *found, const char *folder, int below)
{
    const size_t before = found->n;
    char path[GAN_TEXT_MAX];
    look(found, folder, folder, 0);
    DIR *stream = found->n == before && below < BELOW_MAX ? opendir(folder) : NULL;
    for (struct dirent *entry; stream && (entry = readdir(stream)) != NULL;)
        if (entry->d_name[0] != '.' && may_hold_set(entry->d_name) && join(path, folder, entry->d_name) &&
            is_folder(path))
            walk(found, path, below + 1);
    if (stream)
        closedir(stream);
}

/* The last part of a path, and how long what stands before it is. */
static const char *last_name(char *name, size_t room, const char *path, size_t *before)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    snprintf(name, room, "%.*s", (int)(end - start), path + start);
    *before = start;
    return name;
}

void gan_mnist_find(gan_mnist *out, const char *folder)
{
    char plain[GAN_TEXT_MAX], name[NAME_ROOM];
    size_t n = strlen(folder), before;
    part own;
    *out = (gan_mnist){.sets = calloc(GAN_MNIST_SETS_MAX, sizeof *out->sets)};
    out->no_memory = !out->sets;
    if (!out->sets)
        return;
    while (n > 1 && folder[n - 1] == '/')
        n--;
    snprintf(plain, sizeof plain, "%.*s", (int)n, folder);
    walk(out, plain, 0);
    out->one_file = read_name(&own, last_name(name, sizeof name, plain, &before)) && !own.labels;
}

void gan_mnist_free(gan_mnist *found)
{
    free(found->sets);
    *found = (gan_mnist){0};
}

/* --- labels ------------------------------------------------------------------------------------ */

/* Replaces the last `from` at or after `start` of `text`; false when there is none or no room. */
static bool replace(char *text, size_t start, const char *from, const char *to)
{
    char *at = NULL;
    for (char *next = text + start; (next = strstr(next, from)) != NULL; next++)
        at = next;
    if (!at || strlen(text) + strlen(to) >= GAN_TEXT_MAX + strlen(from))
        return false;
    memmove(at + strlen(to), at + strlen(from), strlen(at + strlen(from)) + 1);
    memcpy(at, to, strlen(to));
    return true;
}

/* images-x/images-x -> labels-x/labels-x. */
static bool in_folders_of_their_names(char *out, const char *images, size_t name)
{
    const char *own = images + name;
    const size_t n = strlen(own);
    char labels[GAN_TEXT_MAX];
    if (name < n + 1 || strncmp(images + name - 1 - n, own, n) != 0 ||
        (name > n + 1 && images[name - 2 - n] != '/'))
        return false;
    snprintf(labels, sizeof labels, "%s", own);
    if (!replace(labels, 0, "images", "labels"))
        return false;
    replace(labels, 0, "idx3", "idx1");
    int used = snprintf(out, GAN_TEXT_MAX, "%.*s%s/%s", (int)(name - 1 - n), images, labels, labels);
    return used < GAN_TEXT_MAX && is_file(out);
}

/* PATH with .gz, or without, whatever the pictures have; PATH itself first. */
static bool with_or_without_gz(char *path)
{
    size_t n = strlen(path);
    if (is_file(path))
        return true;
    if (n > 3 && strcmp(path + n - 3, ".gz") == 0) {
        path[n - 3] = '\0';
        return is_file(path);
    }
    if (n + 4 > GAN_TEXT_MAX)
        return false;
    memcpy(path + n, ".gz", 4);
    return is_file(path);
}

/* The labels of the set and part of `images` in a folder, the most usual name first. */
static void look_for_labels(char *out, int *least, const part *images, const char *folder, int nested)
{
    DIR *stream = opendir(folder);
    char path[GAN_TEXT_MAX];
    for (struct dirent *entry; stream && (entry = readdir(stream)) != NULL;) {
        part name;
        if (!read_name(&name, entry->d_name) || !name.labels || name.test != images->test ||
            strcmp(name.set, images->set) != 0 || !join(path, folder, entry->d_name))
            continue;
        int rank = name.rank + 4 * nested;
        if (!is_file(path)) {
            if (nested < NESTED_MAX)
                look_for_labels(out, least, images, path, nested + 1);
        } else if (*least < 0 || rank < *least || (rank == *least && strcmp(path, out) < 0)) {
            snprintf(out, GAN_TEXT_MAX, "%s", path);
            *least = rank;
        }
    }
    if (stream)
        closedir(stream);
}

/* In the folder of the pictures, and, as long as that has a file's name, in the one above. */
static bool in_any_form(char *out, const char *images)
{
    char path[GAN_TEXT_MAX], name[NAME_ROOM];
    part own, above;
    size_t before;
    int least = -1;
    if (!read_name(&own, last_name(name, sizeof name, images, &before)))
        return false;
    snprintf(path, sizeof path, "%s", images);
    for (int nested = 0; nested <= NESTED_MAX && least < 0; nested++) {
        last_name(name, sizeof name, path, &before);
        if (nested > 0 && !read_name(&above, name))
            break;
        path[before] = '\0';
        look_for_labels(out, &least, &own, *path ? path : ".", 0);
    }
    return least >= 0;
}

bool gan_mnist_labels(char *out, const char *images)
{
    if (snprintf(out, GAN_TEXT_MAX, "%s-labels", images) < GAN_TEXT_MAX && is_file(out))
        return true;
    snprintf(out, GAN_TEXT_MAX, "%s", images);
    const char *slash = strrchr(images, '/');
    size_t name = slash ? (size_t)(slash + 1 - images) : 0;
    if (replace(out, name, "images", "labels")) {
        replace(out, name, "idx3", "idx1");
        if (with_or_without_gz(out) || in_folders_of_their_names(out, images, name))
            return true;
    }
    return in_any_form(out, images);
}
