/* log.csv: its exact text, and what a restart makes of it. */
#include "out/fixture.h"

#include <locale.h>
#include <math.h>
#include <sys/resource.h>
#include <signal.h>

#define HEADER                                                                                               \
    "step,epoch,d_loss,g_loss,d_loss_real,d_loss_fake,d_real,d_fake,images_per_second,seconds,seconds_"      \
    "left\n"

static gan_log_row row_of(uint64_t step)
{
    return (gan_log_row){.step = step,
                         .epoch = 0.5,
                         .d_loss = 1.25,
                         .g_loss = 2.5,
                         .d_loss_real = 0.75,
                         .d_loss_fake = 0.5,
                         .d_real = 0.625,
                         .d_fake = 0.375,
                         .images_per_second = 1234.5,
                         .seconds = 10,
                         .seconds_left = 20.5};
}

#define REST ",0.5,1.25,2.5,0.75,0.5,0.625,0.375,1234.5,10,20.5\n"

static gan_csv *open_csv(const char *path, uint64_t step)
{
    gan_csv *csv;
    assert_int_equal(gan_csv_open(&csv, path, step), GAN_OK);
    return csv;
}

static void append(gan_csv *csv, uint64_t step)
{
    gan_log_row row = row_of(step);
    assert_int_equal(gan_csv_append(csv, &row), GAN_OK);
}

static void test_rows(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    gan_csv *csv = open_csv(in_folder(path, "log.csv"), 0);
    assert_file_equals(path, HEADER);
    append(csv, 100);
    assert_file_equals(path, HEADER "100" REST); /* while still open */
    gan_log_row odd = row_of(UINT64_MAX);
    odd.seconds_left = NAN;
    odd.d_loss = -NAN;
    odd.g_loss = INFINITY;
    odd.d_real = 1.0 / 3;
    odd.d_fake = -1.23456789e-300;
    assert_int_equal(gan_csv_append(csv, &odd), GAN_OK);
    assert_file_equals(path, HEADER "100" REST "18446744073709551615,0.5,nan,inf,0.75,0.5,0.333333333,"
                                    "-1.23456789e-300,1234.5,10,\n");
    gan_csv_close(csv);
    gan_csv_close(NULL);
}

static void test_resume(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    gan_csv *csv = open_csv(in_folder(path, "log.csv"), 0);
    for (uint64_t step = 100; step <= 500; step += 100)
        append(csv, step);
    gan_csv_close(csv);
    csv = open_csv(path, 300);
    assert_file_equals(path, HEADER "100" REST "200" REST "300" REST);
    append(csv, 400);
    gan_csv_close(csv);
    csv = open_csv(path, 1000);
    assert_file_equals(path, HEADER "100" REST "200" REST "300" REST "400" REST);
    gan_csv_close(csv);
    gan_csv_close(open_csv(path, 0)); /* from the start again */
    assert_file_equals(path, HEADER);
}

static void test_torn_and_foreign_lines(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    in_folder(path, "log.csv");
    static const char torn[] = HEADER "100" REST "200,0.5,1.2";
    for (size_t cut = sizeof HEADER - 1 + sizeof REST + 2; cut < sizeof torn; cut++) {
        write_file(path, torn, cut);
        gan_csv *csv = open_csv(path, 1000);
        append(csv, 200);
        gan_csv_close(csv);
        assert_file_equals(path, HEADER "100" REST "200" REST);
    }
    static const char strange[] = HEADER "100" REST "hello\n,,,,,,,,,,\n200,1\n 300" REST "\0\0\n400" REST;
    write_file(path, strange, sizeof strange - 1);
    gan_csv_close(open_csv(path, 1000));
    assert_file_equals(path, HEADER "100" REST "400" REST);
    write_file(path, "", 0);
    gan_csv_close(open_csv(path, 1000));
    assert_file_equals(path, HEADER);
}

/* Writes `bytes` as the log, resumes at step 300, writes step 400: what is there then must be `expected`;
 * was a copy set aside? */
static void check_resaved(const char *bytes, size_t n, const char *expected, bool copied)
{
    char path[PATH_ROOM], copy[PATH_ROOM];
    write_file(in_folder(path, "log.csv"), bytes, n);
    gan_csv *csv = open_csv(path, 300);
    append(csv, 400);
    gan_csv_close(csv);
    assert_file_equals(path, expected);
    in_folder(copy, "log.csv.changed");
    FILE *file = fopen(copy, "rb");
    if ((file != NULL) != copied)
        fail_msg("%s was %sset aside", bytes, copied ? "not " : "");
    if (!file)
        return;
    char back[4096];
    assert_int_equal(fread(back, 1, sizeof back, file), n);
    assert_memory_equal(back, bytes, n);
    fclose(file);
    unlink(copy);
}

/* `text` with each `from` written as `to`. */
static const char *with(const char *text, char from, const char *to)
{
    static char out[4][4096];
    static int next;
    char *place = out[next++ % 4], *at = place;
    for (; *text; text++)
        at += sprintf(at, "%.*s", *text == from ? (int)strlen(to) : 1, *text == from ? to : text);
    return place;
}

static void test_saved_by_other_programs(void **state)
{
    (void)state;
    static const char kept[] = HEADER "100" REST "300" REST "400" REST;
    static const char plain[] = HEADER "100" REST "300" REST "350" REST;
    const char *const texts[] = {
        plain,
        HEADER "100" REST "\n\n300,0.5,1.25,2.5,0.75,0.5,0.625,0.375,1234.5,10,20.5",
        HEADER "100" REST ",,,,,,,,,,\n300" REST ",,,,,,,,,,\n",
        with(plain, '\n', "\r\n"),
        with(plain, '\n', "\r"),
        with(plain, '\n', "\n\n"),
        with(plain, '\n', ",,\n"),
        with(plain, ',', ";"),
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check_resaved(texts[i], strlen(texts[i]), kept, false);
    const char *german = with(with(with(plain, ',', ";"), '.', ","), '\n', "\r\n");
    check_resaved(german, strlen(german), kept, false);
    const char *tabs = with(with(plain, ',', "\t"), '\n', "\r\n");
    check_resaved(tabs, strlen(tabs), kept, false);
    const char *quoted = with(with(plain, ',', "\",\""), '\n', "\"\n\"");
    char text[8192] = "\xef\xbb\xbf\"";
    strcat(text, quoted);
    check_resaved(text, strlen(text) - 1, kept, false);
    const char *commas = HEADER "100,\"0,5\",1.25,\"2,5\",0.75,0.5,0.625,0.375,1234.5,10,20.5\n3E+02" REST;
    check_resaved(commas, strlen(commas), kept, false);
    size_t n = 2;
    memcpy(text, "\xff\xfe", 2); /* "Unicode text" of a spreadsheet */
    for (; *tabs; tabs++) {
        text[n++] = *tabs;
        text[n++] = 0;
    }
    check_resaved(text, n, kept, false);
    const char *headless = "100" REST "300" REST;
    check_resaved(headless, strlen(headless), kept, false);
    check_resaved("\n\n", 2, HEADER "400" REST, false);
}

/* What cannot be kept is not lost. */
static void test_changed_rows_are_set_aside(void **state)
{
    (void)state;
    static const char kept[] = HEADER "100" REST "300" REST "400" REST;
    const char *const texts[] = {
        HEADER "100" REST "200,0.5,1.25,2.5,0.75,#NUM!,0.625,0.375,1234.5,10,20.5\n300" REST,
        HEADER "100" REST "my note\r\n300" REST,
        HEADER "100,0.5,1.25,2.5,0.75,0.5,0.625,0.375,1234.5,10,20.5,good\n300" REST,
        HEADER "100" REST "200,0.5,1.25,2.5,0.75,0.5,0.625,0.375,\"1.234,5\",10,20.5\n300" REST,
        HEADER "100" REST "2001-01-01,0.5,1.25,2.5,0.75,0.5,0.625,0.375,1234.5,10,20.5\n300" REST,
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check_resaved(texts[i], strlen(texts[i]), kept, true);
    char path[PATH_ROOM];
    write_file(in_folder(path, "log.csv.changed"), "an older one", 12);
    write_file(in_folder(path, "log.csv"), texts[1], strlen(texts[1]));
    gan_csv_close(open_csv(path, 300));
    assert_file_equals(in_folder(path, "log.csv.changed"), "an older one");
    assert_file_equals(in_folder(path, "log.csv.changed-2"), texts[1]);
}

static void test_not_ours(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    gan_csv *csv = NULL;
    write_file(in_folder(path, "log.csv"), "my own notes\n", 13);
    assert_int_equal(gan_csv_open(&csv, path, 0), GAN_BAD_INPUT);
    assert_message(path, "not a log of this program", NULL);
    assert_file_equals(path, "my own notes\n");
    assert_int_equal(gan_csv_open(&csv, in_folder(path, "none/log.csv"), 0), GAN_FAILED);
    assert_message(path, NULL);
}

static void test_language_of_the_user(void **state)
{
    (void)state;
    char path[PATH_ROOM], command[PATH_ROOM];
    /* A language with a decimal comma, made here, since few machines have one installed. */
    assert_true(snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 2>&1", folder) <
                PATH_ROOM);
    setenv("LOCPATH", folder, 1);
    if (system(command) != 0 || !setlocale(LC_ALL, "de_DE.UTF-8")) {
        print_message("SKIPPED: localedef cannot make de_DE.UTF-8 (Debian: apt install locales)\n");
        skip();
    }
    assert_string_equal(localeconv()->decimal_point, ",");
    gan_csv *csv = open_csv(in_folder(path, "log.csv"), 0);
    append(csv, 100);
    gan_csv_close(csv);
    setlocale(LC_ALL, "C");
    assert_file_equals(path, HEADER "100" REST);
}

static void test_full_disk_leaves_no_half_row_and_loses_none(void **state)
{
    (void)state;
    char path[PATH_ROOM];
    struct rlimit before, small;
    gan_csv *csv = open_csv(in_folder(path, "log.csv"), 0);
    append(csv, 100);
    gan_log_row row = row_of(200);
    /* A limit on the file's size cuts a write in two as a full disk does. */
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = sizeof HEADER "100" REST + 10;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    gan_status status = gan_csv_append(csv, &row);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(status, GAN_FAILED);
    assert_message(path, NULL);
    assert_file_equals(path, HEADER "100" REST);
    append(csv, 300);
    assert_file_equals(path, HEADER "100" REST "200" REST "300" REST);
    row = row_of(400);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(gan_csv_append(csv, &row), GAN_FAILED);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    gan_csv_close(csv);
    assert_file_equals(path, HEADER "100" REST "200" REST "300" REST "400" REST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_rows),
        WITH_FOLDER(test_resume),
        WITH_FOLDER(test_torn_and_foreign_lines),
        WITH_FOLDER(test_saved_by_other_programs),
        WITH_FOLDER(test_changed_rows_are_set_aside),
        WITH_FOLDER(test_not_ours),
        WITH_FOLDER(test_language_of_the_user),
        WITH_FOLDER(test_full_disk_leaves_no_half_row_and_loses_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
