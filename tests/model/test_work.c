/* A backward pass computes what it was asked for and nothing else: no gradient of a first layer's input that
 * nobody uses, no weight gradients of a D that only hands G's gradient through. */
#include <string.h>

#include "nets.h"

static const gan_backend_ops *real;
static int data_calls, weight_calls;

static gan_status count_data(gan_backend *be, gan_conv *conv, float *dx, const float *dy)
{
    data_calls++;
    return real->conv_backward_data(be, conv, dx, dy);
}

static gan_status count_weights(gan_backend *be, gan_conv *conv, float *part, const float *x, const float *dy,
                                bool accumulate)
{
    weight_calls++;
    return real->conv_backward_weights(be, conv, part, x, dy, accumulate);
}

static void assert_calls(small_net *s, unsigned want, int data, int weights)
{
    data_calls = weight_calls = 0;
    small_forward_and_back(s, want);
    assert_int_equal(data_calls, data * s->passes * s->n_local);
    assert_int_equal(weight_calls, weights * s->passes * s->n_local);
}

static void check_work(const char *layers, gan_shape input, int layers_with_weights)
{
    small_net s;
    small_open(&s, layers, true, input, 2, 2, GAN_BN_GLOBAL, 1);
    real = s.backend->ops;
    gan_backend_ops counting = *real;
    counting.conv_backward_data = count_data;
    counting.conv_backward_weights = count_weights;
    s.backend->ops = &counting;
    assert_calls(&s, GAN_WANT_PARAMETERS, layers_with_weights - 1, layers_with_weights);
    assert_calls(&s, GAN_WANT_INPUT, layers_with_weights, 0);
    assert_calls(&s, GAN_WANT_PARAMETERS | GAN_WANT_INPUT, layers_with_weights, layers_with_weights);
    s.backend->ops = real;
    small_close(&s);
}

static void only_what_is_wanted_is_computed(void **state)
{
    (void)state;
    check_work("dense 3", (gan_shape){1, 1, 4}, 1);
    check_work("conv 3 2 lrelu | conv 3 2 bn lrelu | dense 3", (gan_shape){4, 4, 1}, 3);
    /* What stands before the first layer with weights has no gradient of its own. */
    check_work("flatten label dense 3 bn relu | dense 2", (gan_shape){2, 2, 1}, 2);
}

/* The layers below the first one with weights are not even called: the gradient stays that layer's. */
static void backward_ends_at_the_first_layer_with_weights(void **state)
{
    (void)state;
    small_net s;
    small_open(&s, "flatten label sigmoid dense 3", true, (gan_shape){2, 2, 2}, 1, 1, GAN_BN_GLOBAL, 1);
    gan_pass *pass = gan_net_pass(s.net, 0);
    assert_int_equal(gan_net_forward(s.net, pass, true), GAN_OK);
    float *start = gan_pass_output_gradient(pass, 0);
    for (size_t i = 0; i < s.out_floats; i++)
        start[i] = (float)i + 1;
    assert_int_equal(gan_net_backward(s.net, &pass, 1, GAN_WANT_PARAMETERS), GAN_OK);
    assert_ptr_equal(gan_pass_gradient(pass, 0), start);
    for (size_t i = 0; i < s.out_floats; i++)
        assert_true(start[i] == (float)i + 1);
    small_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_wanted_is_computed),
        cmocka_unit_test(backward_ends_at_the_first_layer_with_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
