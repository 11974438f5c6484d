/* train.order and the cut of a batch into shards. */
#include <string.h>

#include "tiny.h"

static void orders_of_the_published_systems_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int n;
        gan_op ops[4];
        int d, g;
    } rows[] = {
        {"z D G", 3, {GAN_OP_NOISE, GAN_OP_D, GAN_OP_G}, 1, 1},                 /* 000 */
        {"z D z G", 4, {GAN_OP_NOISE, GAN_OP_D, GAN_OP_NOISE, GAN_OP_G}, 1, 1}, /* 001, 002 */
        {"z (D G)", 2, {GAN_OP_NOISE, GAN_OP_BOTH}, 1, 1},                      /* 003 */
        {"z D G G", 4, {GAN_OP_NOISE, GAN_OP_D, GAN_OP_G, GAN_OP_G}, 1, 2},     /* 004 */
        {"z D D G", 4, {GAN_OP_NOISE, GAN_OP_D, GAN_OP_D, GAN_OP_G}, 2, 1},
        {"  z   (G D) ", 2, {GAN_OP_NOISE, GAN_OP_BOTH}, 1, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gan_order order;
        assert_int_equal(gan_order_parse(&order, rows[i].text), GAN_OK);
        assert_int_equal(order.n, rows[i].n);
        assert_memory_equal(order.ops, rows[i].ops, (size_t)order.n * sizeof *order.ops);
        assert_int_equal(order.d_updates, rows[i].d);
        assert_int_equal(order.g_updates, rows[i].g);
    }
}

static void wrong_orders_are_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "at least one D and one G"},
        {"z", "at least one D and one G"},
        {"z D", "at least one D and one G"},
        {"z G G", "at least one D and one G"},
        {"D G", "must begin with z"},
        {"(D G) z", "must begin with z"},
        {"G z D", "must begin with z"},
        {"z d g", "cannot read 'd g'"},
        {"z D X", "cannot read 'X'"},
        {"z (D", "cannot read '(D'"},
        {"z (D z)", "cannot read '(D z)'"},
        {"z D, G", "cannot read ', G'"},
        {"z D G G G G G G G G G G G G G G G G G G G G G G G G G G G G G G G", "more than 32 words"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gan_order order;
        assert_int_equal(gan_order_parse(&order, rows[i].text), GAN_BAD_INPUT);
        if (!strstr(gan_error_message(), rows[i].says) || !strstr(gan_error_message(), "train.order = "))
            fail_msg("'%s': '%s' is missing in: %s", rows[i].text, rows[i].says, gan_error_message());
    }
}

static void a_batch_is_cut_into_shards(void **state)
{
    (void)state;
    static const struct {
        int batch, shards, rank, size;
        gan_shards cut;
    } rows[] = {
        {64, 8, 0, 1, {8, 8, 0, 8}},  {64, 8, 0, 2, {8, 4, 0, 8}},   {64, 8, 1, 2, {8, 4, 4, 8}},
        {64, 8, 3, 4, {8, 2, 6, 8}},  {64, 8, 7, 8, {8, 1, 7, 8}},   {64, 1, 0, 1, {1, 1, 0, 64}},
        {12, 6, 2, 3, {6, 2, 4, 2}},  {64, 8, 5, 16, {16, 1, 5, 4}}, /* more ranks than shards: one each */
        {63, 8, 2, 3, {3, 1, 2, 21}}, {7, 7, 0, 1, {7, 7, 0, 1}},    {5, 1, 4, 5, {5, 1, 4, 1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gan_shards cut;
        assert_int_equal(gan_shards_cut(&cut, rows[i].batch, rows[i].shards, rows[i].rank, rows[i].size),
                         GAN_OK);
        assert_memory_equal(&cut, &rows[i].cut, sizeof cut);
    }
}

/* The ranks' parts follow each other and make up the batch. */
static void the_ranks_share_the_whole_batch(void **state)
{
    (void)state;
    for (int size = 1; size <= 8; size++) {
        const int batch = 840; /* divides by all of them */
        int next = 0, pictures = 0;
        for (int rank = 0; rank < size; rank++) {
            gan_shards cut;
            assert_int_equal(gan_shards_cut(&cut, batch, 8, rank, size), GAN_OK);
            assert_int_equal(cut.first, next);
            next += cut.n_local;
            pictures += cut.n_local * cut.pictures;
            assert_true(rank < size - 1 || next == cut.n_global);
        }
        assert_int_equal(pictures, batch);
    }
}

static void a_batch_that_cannot_be_cut_names_one_that_can(void **state)
{
    (void)state;
    gan_shards cut;
    assert_int_equal(gan_shards_cut(&cut, 64, 8, 0, 3), GAN_BAD_INPUT);
    assert_non_null(strstr(gan_error_message(), "a batch of 64"));
    assert_non_null(strstr(gan_error_message(), "3 ranks"));
    assert_non_null(strstr(gan_error_message(), "--batch 66"));
    assert_int_equal(gan_shards_cut(&cut, 66, 8, 0, 3), GAN_OK);
    assert_int_equal(gan_shards_cut(&cut, 4, 4, 0, 8), GAN_BAD_INPUT);
    assert_non_null(strstr(gan_error_message(), "--batch 8"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_of_the_published_systems_parse),
        cmocka_unit_test(wrong_orders_are_refused_with_the_reason),
        cmocka_unit_test(a_batch_is_cut_into_shards),
        cmocka_unit_test(the_ranks_share_the_whole_batch),
        cmocka_unit_test(a_batch_that_cannot_be_cut_names_one_that_can),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
