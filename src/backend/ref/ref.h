/* ref.h: the reference backend: one plain loop per op, to be right and to be read, not to be fast.
 *
 * Every op but conv_* and close looks at its arguments alone, so a backend with host memory may take any of
 * them over unchanged. conv_* belong together: they share ref's struct gan_conv. Sums run in double and are
 * rounded once. */
#ifndef GAN_BACKEND_REF_H
#define GAN_BACKEND_REF_H

#include "gan_dist/backend.h"

extern const gan_backend_ops gan_ref_ops;

/* memory.c */
gan_status gan_ref_alloc(gan_backend *be, void **out, size_t bytes);
void gan_ref_free(gan_backend *be, void *memory);
gan_status gan_ref_upload(gan_backend *be, void *to, const void *from_host, size_t bytes);
gan_status gan_ref_download(gan_backend *be, void *to_host, const void *from, size_t bytes);
gan_status gan_ref_copy(gan_backend *be, void *to, const void *from, size_t bytes);
gan_status gan_ref_read_start(gan_backend *be, int slot, const void *from, size_t bytes);
gan_status gan_ref_read_wait(gan_backend *be, int slot, void *to_host);
gan_status gan_ref_sync(gan_backend *be);
gan_status gan_ref_room(gan_backend *be, size_t *bytes);
gan_status gan_ref_send_wait(gan_backend *be);
gan_status gan_ref_for_shards(gan_backend *be, int n, gan_shard_fn fn, void *context);
void gan_ref_close(gan_backend *be);

/* conv.c */
/* GAN_BAD_INPUT unless the extents are positive and, on both axes,
 * out = floor((in + pads - kernel) / stride) + 1. */
gan_status gan_ref_conv_check(const gan_conv_shape *shape);
gan_status gan_ref_conv_create(gan_backend *be, gan_conv **out, const gan_conv_shape *shape);
void gan_ref_conv_destroy(gan_backend *be, gan_conv *conv);
gan_status gan_ref_conv_prepare(gan_backend *be, gan_conv *conv, const float *weights);
gan_status gan_ref_conv_forward(gan_backend *be, gan_conv *conv, float *y, const float *x);
gan_status gan_ref_conv_backward_data(gan_backend *be, gan_conv *conv, float *dx, const float *dy);
gan_status gan_ref_conv_backward_weights(gan_backend *be, gan_conv *conv, float *part, const float *x,
                                         const float *dy, bool accumulate);
size_t gan_ref_conv_part_floats(gan_backend *be, const gan_conv *conv);
gan_status gan_ref_conv_weight_gradient(gan_backend *be, gan_conv *conv, float *dw, float *const *parts,
                                        int n);

/* bias_act.c */
gan_status gan_ref_bias_add(gan_backend *be, float *y, const float *bias, size_t rows, int c);
gan_status gan_ref_bias_gradient(gan_backend *be, float *part, const float *dy, size_t rows, int c,
                                 bool accumulate);
gan_status gan_ref_act_forward(gan_backend *be, float *y, gan_act act, size_t n);
gan_status gan_ref_act_backward(gan_backend *be, float *dy, const float *y, gan_act act, size_t n);
float gan_ref_act(gan_act act, float x);
/* act'(x) as a function of y = act(x). */
float gan_ref_act_slope(gan_act act, float y);

/* bn.c */
gan_status gan_ref_bn_sums(gan_backend *be, double *sums, const float *x, size_t rows, int c);
gan_status gan_ref_bn_forward(gan_backend *be, float *y, const float *x, const gan_bn_args *args);
gan_status gan_ref_bn_backward_sums(gan_backend *be, double *sums, const float *dy, const float *x,
                                    const float *y, const gan_bn_args *args);
gan_status gan_ref_bn_backward(gan_backend *be, float *dx, const float *dy, const float *x, const float *y,
                               const double *sums, double count, const gan_bn_args *args);
gan_status gan_ref_bn_gradients(gan_backend *be, float *dgamma, float *dbeta, const double *sums, int c,
                                bool accumulate);
gan_status gan_ref_bn_statistics(gan_backend *be, float *mean, float *inverse_deviation, float *running_mean,
                                 float *running_var, const double *sums, int c, double count, double epsilon,
                                 double momentum);
gan_status gan_ref_bn_inference(gan_backend *be, float *inverse_deviation, const float *running_var, int c,
                                double epsilon);

/* reshape.c */
gan_status gan_ref_label_forward(gan_backend *be, float *y, const float *x, const int *labels, int n,
                                 size_t hw, int c, int classes);
gan_status gan_ref_label_backward(gan_backend *be, float *dx, const float *dy, int n, size_t hw, int c,
                                  int classes);
gan_status gan_ref_transpose(gan_backend *be, float *y, const float *x, int n, int rows, int columns);

/* pictures.c */
gan_status gan_ref_pictures(gan_backend *be, float *out, const uint8_t *pixels, const uint64_t *picks,
                            const gan_pictures_args *args);

/* loss.c */
gan_status gan_ref_loss(gan_backend *be, const gan_loss *loss, gan_loss_role role, float *dlogits,
                        float sums[2], const float *logits, int n, float scale);

/* noise.c */
gan_status gan_ref_noise(gan_backend *be, float *out, size_t n, size_t dim, bool normal, gan_rng at);
gan_status gan_ref_init(gan_backend *be, float *out, size_t n, gan_init init, gan_rng at);

/* reduce.c */
gan_status gan_ref_tree_sum(gan_backend *be, float *out, float *const *parts, int n_parts, size_t n);
gan_status gan_ref_tree_sum_double(gan_backend *be, double *out, double *const *parts, int n_parts, size_t n);

/* adam.c */
gan_status gan_ref_adam(gan_backend *be, float *p, float *m, float *v, const float *gradient, size_t n,
                        const gan_adam_args *args);

#endif
