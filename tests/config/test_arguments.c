/* The command line: forms, strength, errors; and gan_config_finish(). */
#include "checks.h"

#include <unistd.h>

static gan_config config;
static char file_path[] = "/tmp/gan_arguments_XXXXXX";

static int write_file(void **state)
{
    (void)state;
    static const char text[] = "[train]\nbatch = 20\nseed = 20\n";
    int file = mkstemp(file_path);
    if (file < 0 || write(file, text, sizeof text - 1) != sizeof text - 1)
        return -1;
    return close(file);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(file_path);
}

static const char *const extra[] = {"--mode", "--num", "--quiet!", NULL};

#define PARSE(fallback, ...)                                                                                 \
    gan_config_parse(&config, (int)(sizeof(const char *[]){__VA_ARGS__} / sizeof(char *)),                   \
                     (char **)(const char *[]){__VA_ARGS__}, fallback, extra)

static void both_forms_work(void **state)
{
    (void)state;
    assert_done(PARSE(NULL, "--batch", "32", "--steps=10", "--set", "data.width=20", "--set=data.height=10",
                      "--out="));
    assert_int_equal(config.batch, 32);
    assert_int_equal(config.steps, 10);
    assert_int_equal(config.width, 20);
    assert_int_equal(config.height, 10);
    assert_done(PARSE(NULL, "--out=--strange", "--data", "a=b"));
    assert_string_equal(config.out, "--strange");
    assert_string_equal(config.data, "a=b");
}

static void every_option_of_the_table_is_taken(void **state)
{
    (void)state;
    gan_config defaults;
    gan_config_defaults(&defaults);
    int n = 0;
    for (size_t i = 0; i < gan_option_count(); i++) {
        const char *option = gan_option_get(i).option;
        char value[GAN_TEXT_MAX], word[GAN_TEXT_MAX + 64];
        if (!option)
            continue;
        gan_option_value(value, &defaults, i);
        snprintf(word, sizeof word, "%s=%s", option, value);
        assert_done(PARSE(NULL, word));
        assert_memory_equal(&config, &defaults, sizeof config);
        assert_refused(PARSE(NULL, option), option);
        n++;
    }
    assert_true(n >= 16);
}

static void strength_does_not_depend_on_place(void **state)
{
    (void)state;
    assert_done(PARSE("quickstart", "--batch", "10", "--config", file_path, "--preset", "gan-mnist"));
    assert_string_equal(config.preset, "gan-mnist");
    assert_int_equal(config.noise_dim, 62);
    assert_int_equal(config.seed, 20);
    assert_int_equal(config.batch, 10);
    assert_done(PARSE("quickstart", "--preset", "gan-mnist", "--config", file_path));
    assert_int_equal(config.batch, 20);
    assert_done(PARSE("quickstart", "--preset", "gan-mnist", "--steps", "5"));
    assert_int_equal(config.steps, 5);
    assert_int_equal(config.epochs, 0);
    assert_done(PARSE("quickstart", "--batch", "1", "--set", "train.batch=2"));
    assert_int_equal(config.batch, 2);
    assert_done(PARSE("quickstart", "--set", "train.batch=2", "--batch", "1"));
    assert_int_equal(config.batch, 1);
}

static void the_fallback_stands_in_for_nothing_else(void **state)
{
    (void)state;
    assert_done(PARSE("quickstart", "--batch", "1"));
    assert_string_equal(config.preset, "quickstart");
    assert_done(PARSE("quickstart", "--config", file_path));
    assert_string_equal(config.preset, "");
    assert_done(gan_config_parse(&config, 0, NULL, NULL, NULL));
    assert_string_equal(config.preset, "");
}

static void wrong_words_are_refused(void **state)
{
    (void)state;
    assert_refused(PARSE(NULL, "--bacth", "3"), "unknown option --bacth (did you mean --batch?)");
    assert_refused(PARSE(NULL, "--mod=3"), "unknown option --mod (did you mean --mode?)");
    assert_refused(PARSE(NULL, "--quite"), "unknown option --quite (did you mean --quiet?)");
    assert_refused(PARSE(NULL, "--zzzzzzzzz"), "unknown option --zzzzzzzzz; gan_dist help");
    assert_refused(PARSE(NULL, "--"), "unknown option --");
    assert_refused(PARSE(NULL, "batch"), "unexpected word 'batch'");
    assert_refused(PARSE(NULL, "-batch", "3"), "unexpected word '-batch' (did you mean --batch?)");
    assert_refused(PARSE(NULL, "--batch", "3", "4"), "unexpected word '4'");
    assert_refused(PARSE(NULL, ""), "unexpected word ''");
    assert_refused(PARSE(NULL, "--batch", "--steps", "4"), "--batch needs a value: --batch B");
    assert_refused(PARSE(NULL, "--steps"), "--steps needs a value: --steps N");
    assert_refused(PARSE(NULL, "--preset"), "--preset needs a value: --preset NAME");
    assert_refused(PARSE(NULL, "--mode"), "--mode needs a value");
    assert_refused(PARSE(NULL, "--quiet=3"), "--quiet takes no value");
    assert_refused(PARSE(NULL, "--batch="), "--batch: train.batch cannot be ''");
    assert_refused(PARSE(NULL, "--steps", "-5"), "--steps: train.steps cannot be '-5'");
    assert_refused(PARSE(NULL, "--set", "train.batch"), "--set train.batch has no '='");
    assert_refused(PARSE(NULL, "--set", "train.bacth=3"),
                   "--set: unknown key train.bacth (did you mean train.batch?)");
    assert_refused(PARSE(NULL, "--set", "=3"), "--set: unknown key");
    assert_refused(PARSE(NULL, "--preset", "gan-minst"),
                   "unknown preset gan-minst (did you mean gan-mnist?)");
    assert_refused(PARSE(NULL, "--config", "/no/such.ini"), "/no/such.ini");
    assert_refused(PARSE(NULL, "--preset", "gan-mnist", "--preset", "dcgan64"), "--preset is given twice");
    assert_refused(PARSE(NULL, "--config", "a", "--config=b"), "--config is given twice");
    assert_refused(PARSE("quickstart", "--preset="), "--preset is empty; write --preset NAME");
    assert_refused(PARSE("quickstart", "--config="), "--config is empty; write --config FILE");
    assert_refused(PARSE(NULL, "--a\nb\x1b"), "unknown option --a?b?");
}

/* What users of other trainers type. */
static void words_of_other_trainers_lead_on(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"--lr", "--set generator.learning_rate=X --set discriminator.learning_rate=X"},
        {"--learning-rate", "--set generator.learning_rate=X --set discriminator.learning_rate=X"},
        {"--beta_1", "--set generator.beta1=X"},
        {"--batch-size", "--batch B"},
        {"--batch_size", "--batch B"},
        {"--batchSize", "--batch B"},
        {"--num-gpus", "; mpirun starts the ranks, on GPUs one for each: mpirun -np N gan_dist"},
        {"--workers", "--threads T"},
        {"--dataset", "--data PATH"},
        {"--data-dir", "--data PATH"},
        {"--dataroot", "--data PATH"},
        {"--outdir", "--out DIR"},
        {"--output", "--out DIR"},
        {"--name", "--out DIR"},
        {"--gpu", "--backend auto|cpu|ref|cuda"},
        {"--device", "--backend auto|cpu|ref|cuda"},
        {"--amp", "--precision bf16"},
        {"--path", "--data PATH"},
        {"--layers", "--set generator.layers=X --set discriminator.layers=X"},
        {"--classes", "--set data.classes=X"},
        {"--generator.beta1", "--set generator.beta1=X?"},
        {"--train.batch", "--batch B"},
        {"--niter", "--epochs N"},
        {"--image-size", "--set data.height=H"},
        {"--latent_dim", "--set generator.noise=X"},
        {"--ckpt", "--resume auto|never|FILE"},
        {"--samples", "--num"},
        {"-n", "--num"},
        {"-mode", "--mode"},
    };
    static const char *const keys[][2] = {
        {"generator.lr=1", "unknown key generator.lr (did you mean generator.learning_rate?)"},
        {"discriminator.beta_1=1", "(did you mean discriminator.beta1?)"},
        {"lr=1", "(did you mean generator.learning_rate and discriminator.learning_rate?)"},
        {"train.lr=1", "(did you mean generator.learning_rate and discriminator.learning_rate?)"},
        {"batch_size=1", "(did you mean train.batch?)"},
        {"train.batch-size=1", "(did you mean train.batch?)"},
        {"data.dataset=1", "(did you mean data.path?)"},
        {"run.gpus=1", "unknown key run.gpus; mpirun starts the ranks"},
        {"train.amp=1", "(did you mean train.precision?)"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_refused(PARSE(NULL, cases[i][0], "1"), cases[i][1]);
    for (size_t i = 0; i < COUNT(keys); i++)
        assert_refused(PARSE(NULL, "--set", keys[i][0]), keys[i][1]);
    const char *words[] = {"--checkpoint", "x"};
    assert_refused(gan_config_parse(&config, 2, (char **)words, NULL, NULL), "--resume auto|never|FILE");
}

static void options_of_mpirun_go_before_the_program(void **state)
{
    (void)state;
    assert_refused(PARSE(NULL, "-np", "4"),
                   "-np is an option of mpirun and goes before the program: mpirun -np N gan_dist ...");
    assert_refused(PARSE(NULL, "--np=4"), "mpirun --np N gan_dist ...");
    assert_refused(PARSE(NULL, "--hostfile", "hosts"), "mpirun -np N --hostfile FILE gan_dist ...");
    assert_refused(PARSE(NULL, "--oversubscribe"), "mpirun -np N --oversubscribe gan_dist ...");
    assert_refused(PARSE(NULL, "--batch", "4", "-x", "A"), "mpirun -np N -x NAME gan_dist ...");
    assert_refused(PARSE(NULL, "--host", "a"), "mpirun -np N --host NAMES");
    assert_refused(PARSE(NULL, "--bind-to", "core"), "--bind-to WHAT");
    assert_refused(PARSE(NULL, "--map-by", "core"), "--map-by WHAT");
    assert_refused(PARSE(NULL, "--mca", "a", "b"), "--mca NAME VALUE");
    const char *words[] = {"-n", "4"};
    assert_refused(gan_config_parse(&config, 2, (char **)words, NULL, NULL), "mpirun -n N gan_dist ...");
}

static void extra_options_are_left_to_the_command(void **state)
{
    (void)state;
    const char *words[] = {"--mode", "grid", "--batch", "3", "--quiet", "--num=4", "--mode=sweep"};
    char **argv = (char **)words;
    assert_done(gan_config_parse(&config, COUNT(words), argv, NULL, extra));
    assert_int_equal(config.batch, 3);
    assert_string_equal(gan_config_extra(COUNT(words), argv, "--mode"), "sweep");
    assert_string_equal(gan_config_extra(COUNT(words), argv, "--num"), "4");
    assert_string_equal(gan_config_extra(COUNT(words), argv, "--quiet!"), "");
    assert_null(gan_config_extra(2, argv, "--num"));
    assert_null(gan_config_extra(4, argv, "--quiet!"));
    assert_refused(gan_config_parse(&config, COUNT(words), argv, NULL, NULL), "unknown option --mode");
}

static gan_status finish(const char *key, const char *value)
{
    gan_config_defaults(&config);
    assert_done(gan_config_apply_preset(&config, "quickstart"));
    assert_done(gan_config_set(&config, key, value, "test"));
    return gan_config_finish(&config);
}

static void finish_checks_what_no_row_can(void **state)
{
    (void)state;
    gan_config_defaults(&config);
    assert_refused(gan_config_finish(&config), "generator.layers is empty; give --preset NAME");
    static const char *const words[] = {"generator.layers",  "discriminator.layers",  "generator.init_conv",
                                        "generator.init_bn", "discriminator.init_bn", "train.order",
                                        "train.loss",        "run.backend",           "run.resume"};
    for (size_t i = 0; i < COUNT(words); i++)
        assert_refused(finish(words[i], ""), words[i]);
    assert_refused(finish("data.channels", "2"), "use 1 (grey) or 3 (colour)");
    assert_refused(finish("data.classes", "3"), "set data.labels = file");
    assert_refused(finish("train.steps", "0"), "give --steps N or --epochs N");
    assert_refused(finish("train.shards", "7"), "train.shards = 7 does not divide train.batch = 64; use 8");
    assert_refused(finish("train.shards", "65"), "use at most 64");
    assert_done(finish("train.shards", "16"));
    assert_int_equal(config.shards, 16);
    assert_done(finish("output.dir", "here"));
    assert_string_equal(config.out, "here");
    assert_done(finish("run.threads", "1"));
    assert_string_equal(config.out, "runs/quickstart");
    memset(config.preset, 0, sizeof config.preset);
    memset(config.out, 0, sizeof config.out);
    assert_done(gan_config_finish(&config));
    assert_string_equal(config.out, "runs/custom");
}

#define FINISHED(...)                                                                                        \
    (PARSE("quickstart", __VA_ARGS__) == GAN_OK ? gan_config_finish(&config) : GAN_BAD_INPUT)

static void a_warning_that_nobody_set_follows_the_timeout(void **state)
{
    (void)state;
    assert_done(FINISHED("--stall-timeout", "10s"));
    assert_int_equal(config.stall_warning, 5);
    assert_int_equal(config.stall_timeout, 10);
    assert_done(FINISHED("--stall-timeout", "1s"));
    assert_int_equal(config.stall_warning, 1);
    assert_done(FINISHED("--stall-timeout", "30s"));
    assert_int_equal(config.stall_warning, 30);
    assert_done(FINISHED("--stall-timeout", "0s"));
    assert_int_equal(config.stall_warning, 30);
    assert_done(FINISHED("--stall-warning", "7s", "--stall-timeout", "8s"));
    assert_int_equal(config.stall_warning, 7);
    static const char both[] = "run.stall_warning = 30s comes after run.stall_timeout = 10s";
    assert_refused(FINISHED("--stall-warning", "30s", "--stall-timeout", "10s"), both);
    assert_refused(FINISHED("--stall-timeout", "10s", "--set", "run.stall_warning=30"), both);
    assert_refused(FINISHED("--stall-timeout", "10s", "--stall-warning", "11s"), "run.stall_warning = 11s");
    assert_refused(finish("run.stall_warning", "301"), "run.stall_warning = 301s");
}

static void shards_are_chosen(void **state)
{
    (void)state;
    static const int cases[][2] = {{64, 8}, {100, 4}, {128, 8}, {8, 8}, {4, 4},  {2, 2},  {1, 1},
                                   {6, 2},  {3, 3},   {5, 5},   {7, 7}, {21, 7}, {11, 1}, {15, 5}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char batch[32];
        snprintf(batch, sizeof batch, "%d", cases[i][0]);
        assert_done(finish("train.batch", batch));
        assert_int_equal(gan_config_shards(&config), cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_work),
        cmocka_unit_test(every_option_of_the_table_is_taken),
        cmocka_unit_test(strength_does_not_depend_on_place),
        cmocka_unit_test(the_fallback_stands_in_for_nothing_else),
        cmocka_unit_test(wrong_words_are_refused),
        cmocka_unit_test(words_of_other_trainers_lead_on),
        cmocka_unit_test(options_of_mpirun_go_before_the_program),
        cmocka_unit_test(extra_options_are_left_to_the_command),
        cmocka_unit_test(finish_checks_what_no_row_can),
        cmocka_unit_test(a_warning_that_nobody_set_follows_the_timeout),
        cmocka_unit_test(shards_are_chosen),
    };
    return cmocka_run_group_tests(tests, write_file, remove_file);
}
