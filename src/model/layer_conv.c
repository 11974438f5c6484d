/* layer_conv.c: convolution. Weight OIHW, as PyTorch's Conv2d. */
#include "model.h"

static int ceil_divide(int a, int b)
{
    return (a + b - 1) / b;
}

/* TensorFlow's SAME: output ceil(n/s), the padding's smaller half first. */
static void same_padding(int *before, int *after, int *out, int n, int kernel, int stride)
{
    *out = ceil_divide(n, stride);
    int total = (*out - 1) * stride + kernel - n;
    total = total > 0 ? total : 0;
    *before = total / 2;
    *after = total - *before;
}

static gan_status parse(gan_layer *layer, gan_words *words)
{
    int padding;
    GAN_TRY(gan_linear_parse_kernel(layer, words, &padding));
    gan_conv_shape *conv = &layer->conv;
    conv->h = layer->in.h;
    conv->w = layer->in.w;
    conv->c = layer->in.c;
    if (padding < 0) {
        same_padding(&conv->pad_top, &conv->pad_bottom, &layer->out.h, conv->h, conv->kernel_h,
                     conv->stride_h);
        same_padding(&conv->pad_left, &conv->pad_right, &layer->out.w, conv->w, conv->kernel_w,
                     conv->stride_w);
    } else {
        if (conv->h + 2 * padding < conv->kernel_h || conv->w + 2 * padding < conv->kernel_w)
            return gan_error(GAN_BAD_INPUT,
                             "%s.layers: 'conv %d' does not fit into its input of %dx%d with padding %d",
                             layer->net->spec.name, conv->kernel_h, conv->h, conv->w, padding);
        conv->pad_top = conv->pad_bottom = conv->pad_left = conv->pad_right = padding;
        layer->out.h = (conv->h + 2 * padding - conv->kernel_h) / conv->stride_h + 1;
        layer->out.w = (conv->w + 2 * padding - conv->kernel_w) / conv->stride_w + 1;
    }
    conv->out_h = layer->out.h;
    conv->out_w = layer->out.w;
    conv->out_c = layer->out.c;
    int64_t dims[4] = {layer->out.c, layer->in.c, conv->kernel_h, conv->kernel_w};
    return gan_linear_declare(layer, dims, 4, layer->out.c, layer->net->spec.config->init_conv);
}

static double multiply_adds(const gan_layer *layer)
{
    return (double)gan_shape_count(layer->out) * layer->in.c * layer->conv.kernel_h * layer->conv.kernel_w;
}

const gan_layer_ops gan_layer_conv = {
    .word = "conv",
    .usage =
        "conv K [sS] [pP] C: KxK kernel, stride S (1), padding P (TensorFlow's SAME without it), C channels",
    .parse = parse,
    .open = gan_linear_open,
    .close = gan_linear_close,
    .prepare = gan_linear_prepare,
    .forward = gan_linear_forward,
    .backward = gan_linear_backward,
    .again = gan_linear_again,
    .multiply_adds = multiply_adds,
};
