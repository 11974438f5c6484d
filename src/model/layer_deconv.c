/* layer_deconv.c: transposed convolution: the adjoint of a convolution.
 * Weight IOHW, as PyTorch's ConvTranspose2d. */
#include "model.h"

#define SIDE_MAX 65536

/* Without a padding the adjoint of the SAME convolution from n*s to n. */
static gan_status output_size(int *out, const gan_layer *layer, int n, int padding)
{
    long kernel = layer->conv.kernel_h, stride = layer->conv.stride_h;
    long size = padding < 0 ? n * stride : (n - 1) * stride + kernel - 2L * padding;
    if (size < 1)
        return gan_error(GAN_BAD_INPUT, "%s.layers: 'deconv %ld' with padding %d leaves nothing of %dx%d",
                         layer->net->spec.name, kernel, padding, layer->in.h, layer->in.w);
    if (size > SIDE_MAX)
        return gan_error(GAN_BAD_INPUT,
                         "%s.layers: 'deconv %ld s%ld' makes %dx%d maps too large: over %d a side",
                         layer->net->spec.name, kernel, stride, layer->in.h, layer->in.w, SIDE_MAX);
    *out = (int)size;
    return GAN_OK;
}

static gan_status parse(gan_layer *layer, gan_words *words)
{
    int padding;
    GAN_TRY(gan_linear_parse_kernel(layer, words, &padding));
    GAN_TRY(output_size(&layer->out.h, layer, layer->in.h, padding));
    GAN_TRY(output_size(&layer->out.w, layer, layer->in.w, padding));
    gan_conv_shape *conv = &layer->conv;
    int kernel = conv->kernel_h, crop = kernel > conv->stride_h ? kernel - conv->stride_h : 0;
    /* SAME crops what the convolution back to the input pads, the smaller half first. */
    conv->pad_top = conv->pad_left = padding < 0 ? crop / 2 : padding;
    conv->pad_bottom = conv->pad_right = padding < 0 ? crop - crop / 2 : padding;
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
    .again = gan_linear_again,
    .multiply_adds = multiply_adds,
};
