/* The text of a configuration and the comparison of two, as a resumed run makes it. */
#include "checks.h"

static gan_config load(const char *name)
{
    gan_config config;
    gan_config_defaults(&config);
    assert_done(gan_config_apply_preset(&config, name));
    assert_done(gan_config_finish(&config));
    config.shards = gan_config_shards(&config); /* as a run leaves it */
    return config;
}

static gan_status compare(const gan_config *before, const gan_config *now)
{
    char *old_text = gan_config_text(before, true), *new_text = gan_config_text(now, true);
    gan_status status = gan_config_compare(old_text, new_text, "step-00000500.safetensors");
    free(old_text);
    free(new_text);
    return status;
}

static void defining_text_has_defining_keys_only(void **state)
{
    (void)state;
    gan_config config = load("dcgan64"), read;
    char *text = gan_config_text(&config, true);
    assert_non_null(strstr(text, "\nbatch = 64\n"));
    assert_null(strstr(text, "preset"));
    assert_null(strstr(text, "threads"));
    assert_null(strstr(text, "faces"));
    gan_config_defaults(&read);
    assert_done(gan_config_apply_text(&read, text, "text"));
    free(text);
    assert_done(compare(&config, &read));
}

static void keys_that_may_change_do_not_count(void **state)
{
    (void)state;
    gan_config before = load("dcgan64"), now = before;
    now.steps = 7;
    now.epochs = 0;
    now.threads = 3;
    now.keep = 9;
    now.log_every = 1;
    strcpy(now.data, "/elsewhere");
    strcpy(now.out, "/elsewhere");
    strcpy(now.backend, "ref");
    assert_done(compare(&before, &now));
}

/* Every defining row, changed alone, is noticed and named. */
static void every_defining_key_is_compared(void **state)
{
    (void)state;
    static const char *const values[] = {"3",    "yes",     "no",     "0.25",  "uniform 3",
                                         "test", "nearest", "signed", "shard", "pytorch",
                                         "file", "nccl",    "host",   "off",   "bf16"};
    for (size_t i = 0; i < gan_option_count(); i++) {
        gan_option option = gan_option_get(i);
        gan_config before = load("gan-mnist"), now = before;
        char value[GAN_TEXT_MAX], changed[GAN_TEXT_MAX];
        gan_option_value(value, &before, i);
        bool found = false;
        for (size_t k = 0; k < COUNT(values) && !found; k++) {
            now = before;
            found = gan_config_set(&now, option.key, values[k], "test") == GAN_OK;
            gan_option_value(changed, &now, i);
            found = found && strcmp(changed, value) != 0;
        }
        assert_true(found);
        if (option.defines_run)
            assert_refused(compare(&before, &now), option.key);
        else
            assert_done(compare(&before, &now));
    }
}

/* As a device leaves it that takes one shard a rank: any number of ranks may go on. */
static void shards_that_are_left_open_agree_with_any(void **state)
{
    (void)state;
    gan_config before = load("dcgan64"), now = before;
    now.shards = 0;
    assert_done(compare(&before, &now));
    assert_done(compare(&now, &before));
    now.shards = 4;
    assert_refused(compare(&before, &now), "train.shards was '8', is '4'");
}

static void the_message_tells_both_values(void **state)
{
    (void)state;
    gan_config before = load("gan-mnist"), now = before;
    now.batch = 128;
    now.generator.learning_rate = 0.0005;
    assert_refused(compare(&before, &now), "step-00000500.safetensors: this run is another one: "
                                           "generator.learning_rate was '0.001', is '0.0005'; "
                                           "train.batch was '64', is '128'; undo them");
    now = before;
    char *end = strstr(now.generator.layers, "64 bn relu | deconv 4 s2 1");
    assert_non_null(end);
    memcpy(end, "32", 2);
    assert_refused(compare(&before, &now), "64 bn relu");
    assert_refused(compare(&before, &now), "32 bn relu");
}

static void all_differences_of_two_presets_fit(void **state)
{
    (void)state;
    gan_config before = load("cdcgan-mnist"), now = load("anime96");
    assert_refused(compare(&before, &now), "generator.noise");
    static const char *const keys[] = {
        "discriminator.beta1", "train.order",  "data.height",
        "data.range",          "data.classes", "undo them, or start in another folder (--out)"};
    for (size_t i = 0; i < COUNT(keys); i++)
        assert_refused(compare(&before, &now), keys[i]);
}

static void texts_that_are_none_are_refused(void **state)
{
    (void)state;
    assert_refused(gan_config_compare("[train]\nbatch = x\n", "", "old.safetensors"), "old.safetensors:2:");
    assert_refused(gan_config_compare("[train]\nwarp = 9\n", "", "old.safetensors"),
                   "unknown key train.warp");
    assert_refused(gan_config_compare("", "[train]\nbatch = x\n", "old.safetensors"), "this run:2:");
    assert_done(gan_config_compare("", "", "old.safetensors"));
}

static void long_words_are_folded(void **state)
{
    (void)state;
    gan_config config = load("dcgan64");
    char *text = gan_config_text(&config, false);
    for (char *line = text; *line;) {
        size_t n = strcspn(line, "\n");
        assert_true(n < 140);
        line += n + (line[n] == '\n');
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defining_text_has_defining_keys_only),
        cmocka_unit_test(keys_that_may_change_do_not_count),
        cmocka_unit_test(every_defining_key_is_compared),
        cmocka_unit_test(shards_that_are_left_open_agree_with_any),
        cmocka_unit_test(the_message_tells_both_values),
        cmocka_unit_test(all_differences_of_two_presets_fit),
        cmocka_unit_test(texts_that_are_none_are_refused),
        cmocka_unit_test(long_words_are_folded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
