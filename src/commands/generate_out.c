/* generate_out.c: where `generate` puts its pictures, and what must not be there. */
#include "generate.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include "gan_dist/base.h"

/* Endings of files that are no PNG. Any other is part of a name, like that of `faces.2`. */
static const char *const pictures[] = {"jpg", "jpeg", "jpe", "gif",  "webp", "bmp", "tif", "tiff", "ppm",
                                       "pgm", "pnm",  "svg", "avif", "heic", "jxl", "tga", "ico",  "psd"};
static const char *const others[] = {"pdf", "mp4", "avi",  "webm", "mov", "zip", "tar",         "npy", "npz",
                                     "txt", "csv", "json", "ini",  "pt",  "pth", "safetensors", "html"};

static bool ends_in(const char *path, const char *const *endings, size_t n)
{
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && dot != name && i < n; i++)
        if (strcasecmp(dot + 1, endings[i]) == 0)
            return true;
    return false;
}

static bool is_png(const char *path)
{
    static const char *const png[] = {"png"};
    return ends_in(path, png, 1);
}

static bool is_other_picture(const char *path)
{
    return ends_in(path, pictures, sizeof pictures / sizeof *pictures);
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static gan_status check_grid(const char *out)
{
    size_t n = strlen(out);
    if (is_folder(out) || (n > 0 && out[n - 1] == '/'))
        return gan_error(
            GAN_BAD_INPUT,
            "--out %s: is a folder; --mode grid writes one PNG file, --mode images a folder of them", out);
    if (is_other_picture(out) || ends_in(out, others, sizeof others / sizeof *others))
        return gan_error(GAN_BAD_INPUT, "--out %s: the picture is written as PNG; name it %.*s.png", out,
                         (int)(strrchr(out, '.') - out), out);
    return GAN_OK;
}

/* Pictures of another call among the new ones would pass for them. */
static gan_status check_images(const char *out)
{
    if (!is_folder(out) && (is_png(out) || is_other_picture(out)))
        return gan_error(
            GAN_BAD_INPUT,
            "--out %s: --mode images writes a folder of PNG files; name a folder, or use --mode grid", out);
    DIR *folder = opendir(out);
    size_t n = 0;
    for (const struct dirent *entry; folder && (entry = readdir(folder));)
        n += is_png(entry->d_name) || is_other_picture(entry->d_name);
    if (folder)
        closedir(folder);
    if (n > 0)
        return gan_error(
            GAN_BAD_INPUT,
            "--out %s: %zu picture%s in this folder already, which would be mixed with the new ones; "
            "choose another --out, or remove %s",
            out, n, n == 1 ? " is" : "s are", n == 1 ? "it" : "them");
    return GAN_OK;
}

gan_status gan_generate_place(const gan_generator *g)
{
    char folder[GAN_TEXT_MAX];
    GAN_TRY(g->images ? check_images(g->out) : check_grid(g->out));
    snprintf(folder, sizeof folder, "%s", g->out);
    char *slash = strrchr(folder, '/');
    if (!g->images && (!slash || slash == folder))
        return GAN_OK;
    if (!g->images)
        *slash = '\0';
    if (gan_make_folders(folder) != GAN_OK)
        return gan_error(GAN_BAD_INPUT, "%s: choose another --out", gan_error_message());
    return GAN_OK;
}
