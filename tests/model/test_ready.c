/* What a backward pass calls final is final, is told once, and is at first at least three quarters of all. */
#include <stdlib.h>
#include <string.h>

#include "nets.h"

#define PARTS_MAX 4

typedef struct told {
    int n;
    size_t first[PARTS_MAX], count[PARTS_MAX];
    float *copy; /* of the gradients, as they were when they were told */
} told;

static gan_status take(void *context, gan_net *net, size_t first, size_t n)
{
    told *t = context;
    assert_true(t->n < PARTS_MAX);
    t->first[t->n] = first;
    t->count[t->n++] = n;
    memcpy(t->copy + first, gan_net_gradients(net) + first, n * sizeof(float));
    return GAN_OK;
}

static void check(const char *layers, gan_shape input, int parts)
{
    small_net s;
    told t = {.n = 0};
    small_open(&s, layers, true, input, 2, 2, GAN_BN_GLOBAL, 1);
    size_t n = gan_net_arena_floats(s.net);
    t.copy = malloc(n * sizeof(float));
    assert_non_null(t.copy);
    gan_net_on_ready(s.net, take, &t);
    small_forward_and_back(&s, GAN_WANT_INPUT);
    assert_int_equal(t.n, 0);
    small_forward_and_back(&s, GAN_WANT_PARAMETERS | GAN_WANT_INPUT);
    assert_int_equal(t.n, parts);
    assert_true(4 * t.count[0] >= 3 * n);
    size_t end = n;
    for (int i = 0; i < t.n; i++) {
        assert_int_equal(t.first[i] + t.count[i], end);
        end = t.first[i];
    }
    assert_int_equal(end, 0);
    assert_memory_equal(t.copy, gan_net_gradients(s.net), n * sizeof(float));
    free(t.copy);
    small_close(&s);
}

static void gradients_are_told_when_they_are_final(void **state)
{
    (void)state;
    check("dense 3", (gan_shape){1, 1, 4}, 1);
    check("conv 4 s2 2 lrelu | conv 4 s2 8 bn lrelu | flatten | dense 3", (gan_shape){8, 8, 1}, 2);
    check("dense 64 relu | dense 1", (gan_shape){1, 1, 16}, 1); /* most of it is in the first layer */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(gradients_are_told_when_they_are_final)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
