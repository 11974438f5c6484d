/* layer_deconv.c: transposed convolution: the adjoint of a convolution. Weight IOHW, as PyTorch's
 * ConvTranspose2d. */
#include "model.h"

static gan_status parse(gan_layer *layer, gan_words *words)
{
    int padding;
    GAN_TRY(gan_linear_parse_kernel(layer, words, &padding));
    gan_conv_shape *conv = &layer->conv;
    int kernel = conv->kernel_h, stride = conv->stride_h;
    if (padding < 0) {
        /* The adjoint of the SAME convolution from n*s to n: its padding is cropped. */
        int total = kernel > stride ? kernel - stride : 0;
        layer->out.h = layer->in.h * stride;
        layer->out.w = layer->in.w * stride;
        conv->pad_top = conv->pad_left = total / 2;
        conv->pad_bottom = conv->pad_right = total - total / 2;
    } else {
        layer->out.h = (layer->in.h - 1) * stride + kernel - 2 * padding;
        layer->out.w = (layer->in.w - 1) * stride + kernel - 2 * padding;
        conv->pad_top = conv->pad_left = conv->pad_bottom = conv->pad_right = padding;
    }
    if (layer->out.h < 1 || layer->out.w < 1)
        return gan_error(GAN_BAD_INPUT, "%s.layers: 'deconv %d' with padding %d leaves nothing of %dx%d",
                         layer->net->spec.name, kernel, padding, layer->in.h, layer->in.w);
    conv->h = layer->out.h;
    conv->w = layer->out.w;
    conv->c = layer->out.c;
    conv->out_h = layer->in.h;
    conv->out_w = layer->in.w;
    conv->out_c = layer->in.c;
    int64_t dims[4] = {layer->in.c, layer->out.c, kernel, kernel};
    return gan_linear_declare(layer, dims, 4, layer->out.c, layer->net->spec.config->init_conv);
}

static double multiply_adds(const gan_layer *layer)
{
    return (double)gan_shape_count(layer->in) * layer->out.c * layer->conv.kernel_h * layer->conv.kernel_w;
}

const gan_layer_ops gan_layer_deconv = {
    .word = "deconv",
    .usage = "deconv K [sS] [pP] C: transposed convolution; output n*S (SAME), with P (n-1)*S+K-2P",
    .parse = parse,
    .open = gan_linear_open,
    .close = gan_linear_close,
    .prepare = gan_linear_prepare,
    .forward = gan_linear_forward,
    .backward = gan_linear_backward,
    .multiply_adds = multiply_adds,
};
