/* source.c: from --data to the kind of source that it names. */
#include "source.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CLASSES_MAX 65536 /* of data.classes */

static gan_status check_labels(const gan_source *source, const gan_config *config)
{
    if (config->classes == 0)
        return GAN_OK;
    if (!source->has_labels)
        return gan_error(
            GAN_BAD_INPUT,
            "--data %s: data.classes is %d but the pictures have no labels: set data.labels to file "
            "(IDX files) or folders (names of sub-folders), or data.classes to 0",
            config->data, config->classes);
    int32_t least = INT32_MAX, most = INT32_MIN;
    for (uint64_t i = 0; i < source->count; i++) {
        int32_t label = source->ops->label(source, i);
        least = label < least ? label : least;
        most = label > most ? label : most;
    }
    if (least < 0)
        return gan_error(GAN_BAD_INPUT, "--data %s: a picture has label %d; labels are 0, 1, 2, ...",
                         config->data, (int)least);
    if (most >= CLASSES_MAX)
        return gan_error(GAN_BAD_INPUT,
                         "--data %s: its labels are %d to %d, and there can be %d classes: is this a file of "
                         "labels?",
                         config->data, (int)least, (int)most, CLASSES_MAX);
    if (most >= config->classes)
        return gan_error(
            GAN_BAD_INPUT,
            "--data %s: its labels are %d to %d, and data.classes = %d allows 0 to %d: set data.classes to "
            "%d%s",
            config->data, (int)least, (int)most, config->classes, config->classes - 1, (int)most + 1,
            least > 0 ? ", since class 0 counts, too, though it has no pictures" : "");
    return GAN_OK;
}

static gan_status open_kind(gan_source **out, const gan_config *config)
{
    if (config->data[0] == '\0')
        return gan_error(GAN_BAD_INPUT, "no data: say --data PATH (a folder, an IDX file, or faces)");
    struct stat info;
    bool there = stat(config->data, &info) == 0;
    if (!there && errno == ENOENT && gan_faces_named(config->data) &&
        lstat(config->data, &info) != 0) /* what has that name means itself */
        return gan_source_open_faces(out, config);
    if (!there && lstat(config->data, &info) == 0)
        return gan_error(GAN_BAD_INPUT, "--data %s: a link to something that cannot be reached",
                         config->data);
    if (!there) {
        if (errno == ENOENT || errno == ENOTDIR)
            return gan_error(GAN_BAD_INPUT, "--data %s: no such file or folder", config->data);
        return gan_error(GAN_BAD_INPUT, "--data %s: cannot be read: %s", config->data, strerror(errno));
    }
    if (S_ISREG(info.st_mode))
        return gan_source_open_idx(out, config, false);
    if (!S_ISDIR(info.st_mode))
        return gan_error(GAN_BAD_INPUT, "--data %s: neither a file nor a folder", config->data);
    if (gan_idx_in_folder(config->data))
        return gan_source_open_idx(out, config, true);
    return gan_source_open_folder(out, config);
}

gan_status gan_source_open(gan_source **out, const gan_config *config)
{
    *out = NULL;
    GAN_TRY(open_kind(out, config));
    gan_status status = check_labels(*out, config);
    if (status != GAN_OK) {
        gan_source_close(*out);
        *out = NULL;
    }
    return status;
}

void gan_source_close(gan_source *source)
{
    if (source)
        source->ops->close(source);
}
