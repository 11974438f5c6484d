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
    const char *hosts[] = {"node1", "node\xE9"};
    const gan_run_status run = {.state = "running",
                                .step = 12,
                                .steps = 100,
                                .checkpoint = "runs/a/b.safetensors",
                                .images_per_second = 84.5,
                                .reason = "say \"hi\"\n",
                                .hosts = hosts,
                                .n_hosts = 2};
    assert_int_equal(gan_status_write(in_folder(path, "status.json"), &run), GAN_OK);
    cJSON *json = read_json(path);
    assert_string_equal(text_of(json, "state"), "running");
    assert_int_equal(cJSON_GetObjectItem(json, "step")->valueint, 12);
    assert_int_equal(cJSON_GetObjectItem(json, "steps")->valueint, 100);
    assert_string_equal(text_of(json, "checkpoint"), "runs/a/b.safetensors");
    assert_true(cJSON_GetObjectItem(json, "images_per_second")->valuedouble == 84.5);
    assert_string_equal(text_of(json, "reason"), "say \"hi\"\n");
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "hosts");
    assert_int_equal(cJSON_GetArraySize(list), 2);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(list, 0)), "node1");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(list, 1)), "node?");
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
    const gan_run_status run = {
        .state = "starting", .step = UINT64_MAX, .images_per_second = NAN, .reason = "/tmp/caf\xE9: gone"};
    assert_int_equal(gan_status_write(in_folder(path, "status.json"), &run), GAN_OK);
    cJSON *json = read_json(path);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(json, "checkpoint")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(json, "images_per_second")));
    assert_string_equal(text_of(json, "reason"), "/tmp/caf?: gone");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "hosts")), 0);
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
    gan_run_status run = {.step = 1, .steps = 2, .checkpoint = "", .images_per_second = 3, .reason = ""};
    for (size_t i = 0; i < 5; i++) {
        run.state = states[i];
        assert_int_equal(gan_status_write(path, &run), GAN_OK);
    }
    run.state = "runing";
    size_t n_before, n_after;
    char *before = read_file(&n_before, path);
    assert_int_equal(gan_status_write(path, &run), GAN_BAD_INPUT);
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
