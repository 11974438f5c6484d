/* test_table.c: the tables themselves: every op has one row and every backend fills every op;
 * names and their mistakes. */
#include "ops.h"

#include <stdio.h>
#include <string.h>

static void test_every_op_has_a_row(void **state)
{
    (void)state;
    for (size_t slot = offsetof(gan_backend_ops, alloc); slot < sizeof(gan_backend_ops);
         slot += sizeof(void (*)(void))) {
        int found = 0;
        for (size_t i = 0; ops_row_get(i); i++)
            found += ops_row_get(i)->slot == slot;
        if (found != 1)
            fail_msg("the op at byte %zu of gan_backend_ops has %d rows, not 1", slot, found);
    }
}

static void test_every_row_tests(void **state)
{
    (void)state;
    for (size_t i = 0; ops_row_get(i); i++) {
        const ops_row *row = ops_row_get(i);
        if (!row->check)
            fail_msg("%s has no known answers", row->name);
        if (row->setup && (row->n_shapes == 0 || (!row->shard && !row->whole)))
            fail_msg("%s has nothing to run", row->name);
    }
}

static void test_every_backend_is_complete(void **state)
{
    (void)state;
    assert_non_null(gan_backend_name(0));
    for (size_t b = 0; gan_backend_name(b); b++) {
        gan_backend *be = NULL;
        gan_status status = gan_backend_open(&be, gan_backend_name(b), &(gan_backend_options){.threads = 3});
        if (status == GAN_BAD_INPUT && strcmp(gan_backend_name(b), "cuda") == 0) {
            print_message("SKIPPED: %s\n", gan_error_message());
            continue;
        }
        assert_int_equal(status, GAN_OK);
        assert_string_equal(be->ops->name, gan_backend_name(b));
        assert_in_range(be->threads, 1, 3);
        const bool has_graphs = be->ops->capture_begin != NULL;
        for (size_t slot = offsetof(gan_backend_ops, alloc); slot < sizeof(gan_backend_ops);
             slot += sizeof(void (*)(void))) {
            void (*op)(void);
            memcpy(&op, (const char *)be->ops + slot, sizeof op);
            if (!op && (has_graphs || slot < offsetof(gan_backend_ops, capture_begin)))
                fail_msg("%s lacks the op at byte %zu of gan_backend_ops", be->ops->name, slot);
        }
        gan_backend_close(be);
    }
}

static void assert_options_refused(const char *name, const gan_backend_options *options, const char *want)
{
    gan_backend *be = (gan_backend *)&be;
    assert_int_equal(gan_backend_open(&be, name, options), GAN_BAD_INPUT);
    assert_null(be);
    if (!strstr(gan_error_message(), want))
        fail_msg("'%s' does not say '%s'", gan_error_message(), want);
    assert_null(strchr(gan_error_message(), '\n'));
}

static void assert_refused(const char *name, int threads, const char *want)
{
    assert_options_refused(name, &(gan_backend_options){.threads = threads}, want);
}

/* "known: cpu, ref": the names of the table. */
static const char *known(void)
{
    static char text[256];
    size_t used = (size_t)snprintf(text, sizeof text, "known: %s", gan_backend_name(0));
    for (size_t b = 1; gan_backend_name(b) && used < sizeof text; b++)
        used += (size_t)snprintf(text + used, sizeof text - used, ", %s", gan_backend_name(b));
    assert_true(used < sizeof text);
    return text;
}

static void test_wrong_names(void **state)
{
    (void)state;
    assert_refused("cpuu", 1, "did you mean 'cpu'?");
    assert_refused("reff", 1, "did you mean 'ref'?");
    assert_refused("CPU ", 1, "unknown backend 'CPU '");
    assert_refused("quantum", 1, known());
    assert_refused("", 1, "unknown backend ''");
    assert_refused("cpu", 0, "threads = 0");
    assert_refused("ref", -2, "threads = -2");
}

static void assert_found_none(const char *name)
{
    gan_backend_devices found;
    gan_backend_find(&found, name);
    assert_int_equal(found.found, GAN_FOUND_NONE);
    assert_int_equal(found.n, 0);
    assert_non_null(strstr(found.why, name));
}

static void test_the_host_has_float32_and_no_devices(void **state)
{
    (void)state;
    static const char *const names[] = {"cpu", "ref"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        gan_backend_options options = {.threads = 1, .precision = GAN_PRECISION_TF32};
        gan_backend *be;
        assert_options_refused(names[i], &options, "float32");
        options.precision = GAN_PRECISION_BF16;
        assert_options_refused(names[i], &options, names[i]);
        options.precision = GAN_PRECISION_FP32;
        OPS_OK(gan_backend_open(&be, names[i], &options));
        assert_null(be->stream);
        gan_backend_close(be);
        assert_found_none(names[i]);
    }
    assert_found_none("quantum");
}

static void test_backend_not_built(void **state)
{
    (void)state;
    for (size_t b = 0; gan_backend_name(b); b++)
        if (strcmp(gan_backend_name(b), "cuda") == 0)
            skip();
    assert_refused("cuda", 1, "this build has no backend 'cuda'");
    assert_refused("cuda", 1, known());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_op_has_a_row),
        cmocka_unit_test(test_every_row_tests),
        cmocka_unit_test(test_every_backend_is_complete),
        cmocka_unit_test(test_wrong_names),
        cmocka_unit_test(test_backend_not_built),
        cmocka_unit_test(test_the_host_has_float32_and_no_devices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
