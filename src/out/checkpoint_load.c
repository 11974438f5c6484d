/* Tensors by name, from a validated checkpoint into the caller's memory. */
#include "checkpoint.h"

#include <stdio.h>
#include <string.h>
#include "gan_dist/rng.h"

static const gan_stored_tensor *find(const gan_checkpoint *checkpoint, const char *name)
{
    for (size_t i = 0; i < checkpoint->n_tensors; i++)
        if (strcmp(checkpoint->tensors[i].name, name) == 0)
            return &checkpoint->tensors[i];
    return NULL;
}

static void shape_text(char *out, size_t room, int rank, const int64_t *dims)
{
    size_t used = (size_t)snprintf(out, room, "[");
    for (int i = 0; i < rank && used < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%lld", i ? ", " : "", (long long)dims[i]);
    if (used < room)
        snprintf(out + used, room - used, "]");
}

static gan_status match(const gan_stored_tensor **out, const gan_checkpoint *checkpoint,
                        const gan_tensor_view *view)
{
    const gan_stored_tensor *tensor = find(checkpoint, view->name);
    if (!tensor)
        return gan_error(GAN_BAD_INPUT, "%s: a checkpoint of another network: it has no tensor %s",
                         checkpoint->path, view->name);
    const gan_dtype_row *dtype = gan_dtype_of(view->dtype);
    if (tensor->dtype != dtype || tensor->rank != view->rank ||
        memcmp(tensor->dims, view->dims, (size_t)view->rank * sizeof *view->dims) != 0) {
        char stored[200], wanted[200];
        shape_text(stored, sizeof stored, tensor->rank, tensor->dims);
        shape_text(wanted, sizeof wanted, view->rank, view->dims);
        return gan_error(GAN_BAD_INPUT, "%s: a checkpoint of another network: %s is %s %s there, %s %s here",
                         checkpoint->path, view->name, tensor->dtype->name, stored,
                         dtype ? dtype->name : "unreadable", wanted);
    }
    *out = tensor;
    return GAN_OK;
}

/* Between the opening and now somebody may have written into the file. */
static gan_status load(const gan_tensor_view *view, const gan_checkpoint *checkpoint,
                       const gan_stored_tensor *tensor)
{
    size_t n = tensor->end - tensor->begin;
    if (n == 0)
        return GAN_OK;
    GAN_TRY(gan_checkpoint_bytes(view->data, checkpoint, tensor->begin, tensor->end));
    if (checkpoint->checked && gan_hash(view->data, n, tensor->hash_before) != tensor->hash)
        return gan_error(GAN_FAILED, "%s: tensor %s has changed since the file was checked; start again",
                         checkpoint->path, tensor->name);
    return GAN_OK;
}

gan_status gan_checkpoint_read(const gan_checkpoint *checkpoint, const gan_tensor_view *views, size_t n)
{
    const gan_stored_tensor *tensor;
    for (size_t i = 0; i < n; i++)
        GAN_TRY(match(&tensor, checkpoint, &views[i]));
    for (size_t i = 0; i < n; i++) {
        GAN_TRY(match(&tensor, checkpoint, &views[i]));
        GAN_TRY(load(&views[i], checkpoint, tensor));
    }
    return GAN_OK;
}
