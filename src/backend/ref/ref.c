/* ref.c: the reference backend's table of ops and its constructor. */
#include "ref.h"

#include <stdlib.h>
#include "table.h"

const gan_backend_ops gan_ref_ops = {
    .name = "ref",
    .host_memory = true,
    .alloc = gan_ref_alloc,
    .free = gan_ref_free,
    .upload = gan_ref_upload,
    .download = gan_ref_download,
    .copy = gan_ref_copy,
    .read_start = gan_ref_read_start,
    .read_wait = gan_ref_read_wait,
    .sync = gan_ref_sync,
    .room = gan_ref_room,
    .host_alloc = gan_ref_alloc,
    .host_free = gan_ref_free,
    .send = gan_ref_upload,
    .send_wait = gan_ref_send_wait,
    .peek_open = gan_ref_sync,
    .peek = gan_ref_download,
    .for_shards = gan_ref_for_shards,
    .close = gan_ref_close,
    .conv_create = gan_ref_conv_create,
    .conv_destroy = gan_ref_conv_destroy,
    .conv_prepare = gan_ref_conv_prepare,
    .conv_forward = gan_ref_conv_forward,
    .conv_backward_data = gan_ref_conv_backward_data,
    .conv_backward_weights = gan_ref_conv_backward_weights,
    .conv_part_floats = gan_ref_conv_part_floats,
    .conv_weight_gradient = gan_ref_conv_weight_gradient,
    .bias_add = gan_ref_bias_add,
    .bias_gradient = gan_ref_bias_gradient,
    .act_forward = gan_ref_act_forward,
    .act_backward = gan_ref_act_backward,
    .bn_sums = gan_ref_bn_sums,
    .bn_forward = gan_ref_bn_forward,
    .bn_backward_sums = gan_ref_bn_backward_sums,
    .bn_backward = gan_ref_bn_backward,
    .bn_gradients = gan_ref_bn_gradients,
    .label_forward = gan_ref_label_forward,
    .label_backward = gan_ref_label_backward,
    .transpose = gan_ref_transpose,
    .pictures = gan_ref_pictures,
    .loss = gan_ref_loss,
    .noise = gan_ref_noise,
    .init = gan_ref_init,
    .tree_sum = gan_ref_tree_sum,
    .tree_sum_double = gan_ref_tree_sum_double,
    .bn_statistics = gan_ref_bn_statistics,
    .bn_inference = gan_ref_bn_inference,
    .adam = gan_ref_adam,
};

gan_status gan_ref_open(gan_backend **out, const gan_backend_options *options)
{
    (void)options;
    gan_backend *be = calloc(1, sizeof *be);
    *out = be;
    if (!be)
        return gan_error(GAN_FAILED, "ref backend: out of memory");
    be->ops = &gan_ref_ops;
    be->threads = 1; /* shards run one after another, whatever was allowed */
    return GAN_OK;
}
