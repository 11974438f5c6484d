/* status.json, read back with cJSON. */
#include "out/fixture.h"

#include <cjson/cJSON.h>
#include <math.h>

static cJSON *read_json(const char *path)
{
    size_t n;
    char *text = read_file(&n, path);
    cJSON *json = cJSON_ParseWithOpts(text, NULL, true);
    assert_non_null(json);
    assert_int_equal(text[n - 1], '\n');
    free(text);
    return json;
}

static const char *text_of(const cJSON *json, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
    assert_non_null(text);
    return text;
}

static void test_fields(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    assert_int_equal(gan_status_write(in_folder(path, "status.json"), "running", 12, 100,
                                      "runs/a/b.safetensors", 84.5, "say \"hi\"\n", "node1 node2"),
                     GAN_OK);
    cJSON *json = read_json(path);
    assert_string_equal(text_of(json, "state"), "running");
    assert_int_equal(cJSON_GetObjectItem(json, "step")->valueint, 12);
    assert_int_equal(cJSON_GetObjectItem(json, "steps")->valueint, 100);
    assert_string_equal(text_of(json, "checkpoint"), "runs/a/b.safetensors");
    assert_true(cJSON_GetObjectItem(json, "images_per_second")->valuedouble == 84.5);
    assert_string_equal(text_of(json, "reason"), "say \"hi\"\n");
    assert_string_equal(text_of(json, "hosts"), "node1 node2");
    int year, month, day, hour, minute, second, length = 0;
    sscanf(text_of(json, "updated"), "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &year, &month, &day, &hour, &minute,
           &second, &length);
    assert_int_equal(length, 20);
    cJSON_Delete(json);
}

static void test_unknown_values(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    size_t n;
    assert_int_equal(gan_status_write(in_folder(path, "status.json"), "starting", UINT64_MAX, 0, NULL, NAN,
                                      "/tmp/caf\xE9: gone", NULL),
                     GAN_OK);
    cJSON *json = read_json(path);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(json, "checkpoint")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(json, "images_per_second")));
    assert_string_equal(text_of(json, "reason"), "/tmp/caf?: gone");
    assert_string_equal(text_of(json, "hosts"), "");
    cJSON_Delete(json);
    char *text = read_file(&n, path);
    assert_non_null(strstr(text, "18446744073709551615")); /* not rounded through a double */
    free(text);
}

static void test_states(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    const char *states[] = {"starting", "running", "stopped", "done", "failed"};
    in_folder(path, "status.json");
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(gan_status_write(path, states[i], 1, 2, "", 3, "", ""), GAN_OK);
    size_t n_before, n_after;
    char *before = read_file(&n_before, path);
    assert_int_equal(gan_status_write(path, "runing", 1, 2, "", 3, "", ""), GAN_BAD_INPUT);
    assert_message(path, "runing", NULL);
    char *after = read_file(&n_after, path);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_fields),
        WITH_FOLDER(test_unknown_values),
        WITH_FOLDER(test_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
