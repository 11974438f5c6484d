/* conv_way.h: a convolution that is computed in another way than over columns. */
#ifndef GAN_BACKEND_CUDA_CONV_WAY_H
#define GAN_BACKEND_CUDA_CONV_WAY_H

#include "cuda.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Weights and parts are [out_c][kernel_h][kernel_w][c]. */
typedef struct gan_conv_way gan_conv_way;
struct gan_conv_way {
    gan_status (*forward)(gan_backend *be, const gan_conv_way *way, float *y, const float *x,
                          const float *weights);
    gan_status (*backward_data)(gan_backend *be, const gan_conv_way *way, float *dx, const float *dy,
                                const float *weights);
    gan_status (*backward_weights)(gan_backend *be, const gan_conv_way *way, float *part, const float *x,
                                   const float *dy, bool accumulate);
    void (*destroy)(gan_backend *be, gan_conv_way *way);
};

/* conv_cudnn.c, in a build with -DGAN_CUDNN=ON. *out is NULL where the columns must do. */
gan_status gan_cudnn_create(gan_backend *be, gan_conv_way **out, const gan_conv_shape *shape);

#ifdef __cplusplus
}
#endif

#endif
