/* status.c: status.json, the state of a run for other programs. */
#include "gan_dist/out.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "gan_dist/base.h"

#define STATUS_BYTES_MAX ((size_t)1 << 20)

static const char *const states[] = {"starting", "running", "stopped", "done", "failed"};

/* A number as its digits: a double would round a large step. */
static bool add_count(cJSON *object, const char *key, uint64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, value);
    return cJSON_AddRawToObject(object, key, digits);
}

/* Paths and messages may hold any bytes; what is not UTF-8 becomes '?', so that the file stays JSON. */
static cJSON *text_item(const char *text)
{
    char *copy = strdup(text ? text : "");
    if (!copy)
        return NULL;
    size_t n = strlen(copy);
    for (size_t i = 0; i < n;) {
        size_t step = gan_utf8_step(copy + i, n - i);
        if (step == 0)
            copy[i++] = '?';
        i += step;
    }
    cJSON *item = cJSON_CreateString(copy);
    free(copy);
    return item;
}

static bool add_text(cJSON *object, const char *key, const char *text)
{
    cJSON *item = text_item(text);
    return item && cJSON_AddItemToObject(object, key, item);
}

/* ISO 8601, UTC. */
static bool add_time(cJSON *object)
{
    char text[32];
    struct tm utc;
    time_t now = time(NULL);
    gmtime_r(&now, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return cJSON_AddStringToObject(object, "updated", text);
}

static bool add_hosts(cJSON *object, const char *const *hosts, size_t n)
{
    cJSON *array = cJSON_AddArrayToObject(object, "hosts");
    for (size_t i = 0; array && i < n; i++) {
        cJSON *name = text_item(hosts[i]);
        if (!name || !cJSON_AddItemToArray(array, name))
            return false;
    }
    return array != NULL;
}

static bool fill(cJSON *object, const gan_run_status *run)
{
    bool ok = add_text(object, "state", run->state) && add_count(object, "step", run->step) &&
              add_count(object, "steps", run->steps);
    if (run->checkpoint && *run->checkpoint)
        ok = ok && add_text(object, "checkpoint", run->checkpoint);
    else
        ok = ok && cJSON_AddNullToObject(object, "checkpoint");
    return ok && cJSON_AddNumberToObject(object, "images_per_second", run->images_per_second) &&
           add_text(object, "reason", run->reason) && add_hosts(object, run->hosts, run->n_hosts) &&
           add_time(object);
}

static gan_status print(const char *path, const cJSON *object)
{
    char *text = cJSON_Print(object);
    if (!text)
        return gan_error(GAN_FAILED, "%s: out of memory", path);
    /* The text's terminating zero makes room for the end of the last line. */
    size_t n = strlen(text);
    text[n] = '\n';
    gan_status status = gan_file_replace(path, text, n + 1);
    cJSON_free(text);
    return status;
}

gan_status gan_status_write(const char *path, const gan_run_status *run)
{
    size_t known = 0;
    while (known < sizeof states / sizeof *states && strcmp(states[known], run->state) != 0)
        known++;
    if (known == sizeof states / sizeof *states)
        return gan_error(GAN_BAD_INPUT, "%s: no such state: \"%s\"", path, run->state);
    cJSON *object = cJSON_CreateObject();
    gan_status status =
        object && fill(object, run) ? print(path, object) : gan_error(GAN_FAILED, "%s: out of memory", path);
    cJSON_Delete(object);
    return status;
}

static bool replace_text(cJSON *object, const char *key, const char *text)
{
    cJSON *item = text_item(text);
    return item && cJSON_ReplaceItemInObjectCaseSensitive(object, key, item);
}

gan_status gan_status_fail(const char *path, const char *reason)
{
    void *text = NULL;
    size_t n = 0;
    GAN_TRY(gan_file_read(&text, &n, path, STATUS_BYTES_MAX));
    cJSON *object = cJSON_ParseWithLength(text, n);
    free(text);
    const char *state = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "state"));
    gan_status status = GAN_OK;
    if (state && (strcmp(state, "running") == 0 || strcmp(state, "starting") == 0)) {
        cJSON_DeleteItemFromObjectCaseSensitive(object, "updated");
        status = replace_text(object, "state", "failed") && replace_text(object, "reason", reason) &&
                         add_time(object)
                     ? print(path, object)
                     : gan_error(GAN_FAILED, "%s: out of memory", path);
    }
    cJSON_Delete(object);
    return status;
}
