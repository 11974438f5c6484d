/* bad_files.c: the list of what is in the folder of pictures and was not taken, each with its reason. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "gan_dist/base.h"
#include "store.h"

/* A file's name may hold anything but a slash and a zero;
 * in the list a line is one file and a tab separates. */
static void print_name(FILE *out, const char *name)
{
    for (; *name; name++) {
        if (*name == '\\' || *name == '\t' || *name == '\n' || *name == '\r')
            fprintf(out, "\\%c", *name == '\\' ? '\\' : *name == '\t' ? 't' : *name == '\n' ? 'n' : 'r');
        else
            fputc(*name, out);
    }
}

static void print_line(FILE *out, const gan_config *config, const char *path, const char *reason)
{
    print_name(out, config->data);
    fputc('/', out);
    print_name(out, path);
    fprintf(out, "\t%s\n", reason);
}

static gan_status list(char **text, size_t *n, const gan_source *source, const gan_config *config,
                       const gan_bad *bad)
{
    FILE *out = open_memstream(text, n);
    if (!out)
        return gan_error(GAN_FAILED, "no memory for the list of bad files");
    fputs("file\treason\n", out);
    for (uint64_t i = 0; i < source->count; i++) {
        if (bad[i] == GAN_BAD_NONE)
            continue;
        char reason[256];
        gan_bad_text(reason, sizeof reason, bad[i]);
        print_line(out, config, source->ops->path(source, i), reason);
    }
    for (size_t i = 0; i < source->n_left; i++) {
        const char *path = source->left[i];
        print_line(out, config, path,
                   path[strlen(path) - 1] == '/' ? "left out: the folder of a run"
                                                 : "left out: not a file with a name in .jpg, .jpeg or .png");
    }
    if (fclose(out) == 0)
        return GAN_OK;
    free(*text);
    return gan_error(GAN_FAILED, "no memory for the list of bad files");
}

gan_status gan_bad_files_write(const char *path, const gan_source *source, const gan_config *config,
                               const gan_bad *bad)
{
    bool any = source->n_left > 0;
    for (uint64_t i = 0; !any && i < source->count; i++)
        any = bad[i] != GAN_BAD_NONE;
    if (!any) {
        if (unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR)
            return gan_error(GAN_FAILED, "%s: a stale list of bad files cannot be removed: %s", path,
                             strerror(errno));
        return GAN_OK;
    }
    char *text = NULL;
    size_t n = 0;
    GAN_TRY(list(&text, &n, source, config, bad));
    gan_status status = gan_file_replace(path, text, n);
    free(text);
    return status;
}
