/* run_folder.h: a run's folder with checkpoints of the example, whose values tell the step. */
#ifndef GAN_TEST_OUT_RUN_FOLDER_H
#define GAN_TEST_OUT_RUN_FOLDER_H

#include "out/fixture.h"
#include "out/example.h"

static char told[8][4096];
static int n_told;

static inline void remember(const char *line)
{
    assert_true(n_told < 8);
    snprintf(told[n_told++], sizeof told[0], "%s", line);
}

static inline int make_run_folder(void **state)
{
    char path[PATH_ROOM];
    n_told = 0;
    return make_folder(state) || mkdir(in_folder(path, "checkpoints"), 0777);
}

static inline void save(uint64_t step)
{
    char path[GAN_TEXT_MAX];
    example e;
    example_fill(&e, (float)step);
    gan_checkpoint_path(path, folder, step);
    assert_int_equal(example_write(&e, path), GAN_OK);
}

static inline bool saved(const char *name)
{
    char path[PATH_ROOM];
    assert_true(snprintf(path, sizeof path, "%s/checkpoints/%s", folder, name) < PATH_ROOM);
    return access(path, F_OK) == 0;
}

static inline void expect_newest(uint64_t step)
{
    char path[GAN_TEXT_MAX], expected[GAN_TEXT_MAX];
    gan_checkpoint *checkpoint;
    float bias[3];
    const gan_tensor_view view = {"generator.main.1.bias", GAN_F32, 1, {3}, bias};
    assert_int_equal(gan_checkpoint_newest(&checkpoint, path, folder, remember), GAN_OK);
    assert_non_null(checkpoint);
    gan_checkpoint_path(expected, folder, step);
    assert_string_equal(path, expected);
    assert_int_equal(gan_checkpoint_read(checkpoint, &view, 1), GAN_OK);
    assert_true(bias[0] == (float)step + 100.0f);
    gan_checkpoint_close(checkpoint);
}

#define WITH_RUN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_run_folder, remove_folder)

#endif
