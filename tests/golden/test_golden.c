/* A short training by the program against the same training by PyTorch, from the files of make_golden.py.
 *
 *   golden_check GAN_DIST NAME.txt BACKEND STEPS
 *
 * Writes the pictures of the golden file's formula, runs the program up to each
 * step of which the file summarises the state (and STEPS), which also resumes it,
 * and compares log.csv and the checkpoints, each value within the tolerance that stands beside it.
 * What the tolerances are worth is said in make_golden.py. */
#include <ftw.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "gan_dist/base.h"
#include "gan_dist/out.h"
#include "pictures.h"

#define FILE_LIMIT  ((size_t)1 << 24)
#define SETS_MAX    16
#define TENSORS_MAX 512
#define STEPS_MAX   64
#define LOSSES      5  /* d_loss_real d_loss_fake g_loss d_real d_fake */
#define SUMS        4  /* sum, sum of squares, sum with pattern(), first element */
#define FAULTS_MAX  20 /* lines printed */

typedef struct expected {
    double value, tolerance;
} expected;

typedef struct tensor_row {
    int step;
    char name[128];
    size_t count;
    expected sums[SUMS];
} tensor_row;

typedef struct golden {
    char preset[GAN_WORD_MAX];
    int batch;
    uint64_t seed;
    golden_pictures pictures;
    char sets[SETS_MAX][GAN_WORD_MAX];
    int n_sets;
    expected losses[STEPS_MAX][LOSSES];
    int steps;
    tensor_row tensors[TENSORS_MAX];
    int n_tensors;
} golden;

/* --- faults ------------------------------------------------------------------------------------ */

static int faults, compared;
static double worst; /* largest distance as a share of its tolerance */

static void fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void fault(const char *format, ...)
{
    va_list args;
    if (++faults > FAULTS_MAX)
        return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

static void compare(double got, expected want, int step, const char *name, const char *what)
{
    double distance = fabs(got - want.value);
    compared++;
    if (want.tolerance > 0 && distance / want.tolerance > worst)
        worst = distance / want.tolerance;
    if (!(distance <= want.tolerance))
        fault("step %d: %s %s is %.9g, PyTorch has %.9g +- %.2g", step, name, what, got, want.value,
              want.tolerance);
}

/* --- the golden file --------------------------------------------------------------------------- */

static bool read_pairs(expected *out, int n, const char *text)
{
    for (int i = 0; i < n; i++) {
        int used = 0;
        if (sscanf(text, "%lf %lf%n", &out[i].value, &out[i].tolerance, &used) != 2)
            return false;
        text += used;
    }
    return true;
}

static bool read_tensor(golden *g, const char *line)
{
    int used = 0;
    if (g->n_tensors == TENSORS_MAX)
        return false;
    tensor_row *row = &g->tensors[g->n_tensors++];
    return sscanf(line, "tensor %d %127s %zu%n", &row->step, row->name, &row->count, &used) == 3 &&
           read_pairs(row->sums, SUMS, line + used);
}

static bool read_step(golden *g, const char *line)
{
    int step = 0, used = 0;
    if (g->steps == STEPS_MAX || sscanf(line, "step %d%n", &step, &used) != 1 || step != g->steps + 1)
        return false;
    return read_pairs(g->losses[g->steps++], LOSSES, line + used);
}

static bool read_line(golden *g, const char *line)
{
    if (line[0] == '#' || line[0] == '\0')
        return true;
    if (strncmp(line, "tensor ", 7) == 0)
        return read_tensor(g, line);
    if (strncmp(line, "step ", 5) == 0)
        return read_step(g, line);
    if (strncmp(line, "set ", 4) == 0)
        return g->n_sets < SETS_MAX && sscanf(line, "set %127s", g->sets[g->n_sets++]) == 1;
    return sscanf(line, "preset %127s", g->preset) == 1 || sscanf(line, "batch %d", &g->batch) == 1 ||
           sscanf(line, "seed %" SCNu64, &g->seed) == 1 ||
           sscanf(line, "pictures %d %d %d %d %d", &g->pictures.n, &g->pictures.height, &g->pictures.width,
                  &g->pictures.channels, &g->pictures.classes) == 5;
}

static gan_status read_golden(golden *g, const char *path)
{
    void *bytes = NULL;
    size_t n = 0;
    GAN_TRY(gan_file_read(&bytes, &n, path, FILE_LIMIT));
    gan_status status = GAN_OK;
    int number = 1;
    char *rest = bytes;
    for (char *line = strsep(&rest, "\n"); line && status == GAN_OK; line = strsep(&rest, "\n"), number++)
        if (!read_line(g, line))
            status = gan_error(GAN_BAD_INPUT, "%s:%d: not a line of a golden file", path, number);
    free(bytes);
    if (status == GAN_OK && (g->pictures.n == 0 || g->steps == 0 || g->n_tensors == 0))
        status = gan_error(GAN_BAD_INPUT, "%s: no golden values", path);
    return status;
}

/* --- the program ------------------------------------------------------------------------------- */

static void print_file(const char *path)
{
    char line[1024];
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        fputs(line, stdout);
    if (file)
        fclose(file);
}

static gan_status wait_for(pid_t child, const char *output)
{
    int state = 0;
    if (child < 0 || waitpid(child, &state, 0) != child)
        return gan_error(GAN_FAILED, "the program cannot be started");
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0)
        return GAN_OK;
    print_file(output);
    return gan_error(GAN_FAILED, "the program ended with %s %d", WIFEXITED(state) ? "status" : "signal",
                     WIFEXITED(state) ? WEXITSTATUS(state) : WTERMSIG(state));
}

static gan_status train(const golden *g, const char *program, const char *folder, const char *backend,
                        int steps)
{
    enum { OPTIONS_MAX = 32 + 2 * SETS_MAX };
    char data[GAN_TEXT_MAX], out[GAN_TEXT_MAX], output[GAN_TEXT_MAX], batch[32], seed[32], until[32];
    const char *words[OPTIONS_MAX] = {program,
                                      "train",
                                      "--preset",
                                      g->preset,
                                      "--data",
                                      data,
                                      "--out",
                                      out,
                                      "--batch",
                                      batch,
                                      "--seed",
                                      seed,
                                      "--steps",
                                      until,
                                      "--backend",
                                      backend,
                                      "--log-every",
                                      "1",
                                      "--checkpoint-every",
                                      "0",
                                      "--sample-every",
                                      "0",
                                      "--keep",
                                      "2"};
    int n = 24;
    snprintf(data, sizeof data, "%s/pictures", folder);
    snprintf(out, sizeof out, "%s/run", folder);
    snprintf(output, sizeof output, "%s/output", folder);
    snprintf(batch, sizeof batch, "%d", g->batch);
    snprintf(seed, sizeof seed, "%" PRIu64, g->seed);
    snprintf(until, sizeof until, "%d", steps);
    for (int i = 0; i < g->n_sets; i++) {
        words[n++] = "--set";
        words[n++] = g->sets[i];
    }
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (freopen(output, "w", stdout) && dup2(fileno(stdout), STDERR_FILENO) >= 0)
            execv(program, (char *const *)(uintptr_t)words);
        _exit(127);
    }
    return wait_for(child, output);
}

/* --- comparison -------------------------------------------------------------------------------- */

/* Weights that tell elements apart; pattern() of make_golden.py. */
static double pattern(size_t i)
{
    return (double)((uint64_t)i * 2654435761u >> 16 & 0xFFFF) / 32768 - 1;
}

/* Element i as a number. */
static double element(const gan_tensor_view *tensor, size_t i)
{
    return tensor->dtype == GAN_I64 ? (double)((const int64_t *)tensor->data)[i]
                                    : (double)((const float *)tensor->data)[i];
}

static size_t count_of(const gan_tensor_view *tensor)
{
    size_t count = 1;
    for (int d = 0; d < tensor->rank; d++)
        count *= (size_t)tensor->dims[d];
    return count;
}

static void compare_tensor(const tensor_row *row, const gan_tensor_view *tensor)
{
    static const char *const names[SUMS] = {"sum", "sum of squares", "sum with pattern", "first element"};
    double sums[SUMS] = {0};
    size_t count = count_of(tensor);
    if (count != row->count) {
        fault("step %d: %s has %zu elements, PyTorch has %zu", row->step, row->name, count, row->count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        double x = element(tensor, i);
        sums[0] += x;
        sums[1] += x * x;
        sums[2] += x * pattern(i);
        sums[3] = i == 0 ? x : sums[3];
    }
    for (int k = 0; k < SUMS; k++)
        compare(sums[k], row->sums[k], row->step, row->name, names[k]);
}

static const tensor_row *find_row(const golden *g, int step, const char *name)
{
    for (int i = 0; i < g->n_tensors; i++)
        if (g->tensors[i].step == step && strcmp(g->tensors[i].name, name) == 0)
            return &g->tensors[i];
    return NULL;
}

/* Every tensor of the two networks in the checkpoint has a row, and the other way round. */
static gan_status compare_checkpoint(const golden *g, const char *folder, int step)
{
    char run[GAN_TEXT_MAX], path[GAN_TEXT_MAX];
    gan_checkpoint *checkpoint = NULL;
    void *data = NULL;
    snprintf(run, sizeof run, "%s/run", folder);
    gan_checkpoint_path(path, run, (uint64_t)step);
    GAN_TRY(gan_checkpoint_open(&checkpoint, path));
    gan_status status = GAN_OK;
    int rows = 0, found = 0;
    for (int i = 0; i < g->n_tensors; i++)
        rows += g->tensors[i].step == step;
    for (size_t i = 0; i < gan_checkpoint_count(checkpoint); i++) {
        gan_tensor_view tensor;
        GAN_TRY_OUT(status, gan_checkpoint_tensor(&tensor, checkpoint, i));
        if (strncmp(tensor.name, "optimizer.", 10) == 0)
            continue;
        const tensor_row *row = find_row(g, step, tensor.name);
        found += row != NULL;
        free(data);
        tensor.data = data = gan_alloc(count_of(&tensor) * sizeof(int64_t));
        GAN_TRY_OUT(status, data ? GAN_OK : gan_error(GAN_FAILED, "%s: out of memory", path));
        GAN_TRY_OUT(status, gan_checkpoint_read(checkpoint, &tensor, 1));
        if (row)
            compare_tensor(row, &tensor);
        else
            fault("step %d: PyTorch has no tensor %s", step, tensor.name);
    }
    if (found != rows)
        fault("step %d: the checkpoint has %d of PyTorch's %d tensors", step, found, rows);
out:
    free(data);
    gan_checkpoint_close(checkpoint);
    return status;
}

static gan_status compare_log(const golden *g, const char *folder, int steps)
{
    static const char *const names[LOSSES] = {"d_loss_real", "d_loss_fake", "g_loss", "d_real", "d_fake"};
    char path[GAN_TEXT_MAX], line[1024];
    snprintf(path, sizeof path, "%s/run/log.csv", folder);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, sizeof line, file)) {
        if (file)
            fclose(file);
        return gan_error(GAN_FAILED, "%s: missing or empty", path);
    }
    int done = 0;
    for (; fgets(line, sizeof line, file); done++) {
        int step = 0;
        double got[LOSSES];
        /* step,epoch,d_loss,g_loss,d_loss_real,d_loss_fake,d_real,d_fake,... */
        if (sscanf(line, "%d,%*f,%*f,%lf,%lf,%lf,%lf,%lf,", &step, &got[2], &got[0], &got[1], &got[3],
                   &got[4]) != 6 ||
            step != done + 1 || step > steps)
            break;
        for (int k = 0; k < LOSSES; k++)
            compare(got[k], g->losses[done][k], step, "log.csv", names[k]);
    }
    fclose(file);
    if (done != steps)
        fault("%s: %d good rows for %d steps", path, done, steps);
    return GAN_OK;
}

static gan_status check(const golden *g, const char *program, const char *folder, const char *backend,
                        int steps)
{
    char data[GAN_TEXT_MAX];
    if (steps < 1 || steps > g->steps)
        return gan_error(GAN_BAD_INPUT, "the golden file has %d steps, not %d", g->steps, steps);
    snprintf(data, sizeof data, "%s/pictures", folder);
    GAN_TRY(golden_pictures_write(data, &g->pictures));
    for (int step = 1; step <= steps; step++) {
        bool summarised = false;
        for (int i = 0; i < g->n_tensors; i++)
            summarised = summarised || g->tensors[i].step == step;
        if (summarised || step == steps)
            GAN_TRY(train(g, program, folder, backend, step));
        if (summarised)
            GAN_TRY(compare_checkpoint(g, folder, step));
    }
    return compare_log(g, folder, steps);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

int main(int argc, char **argv)
{
    static golden g;
    const char *temporary = getenv("TMPDIR");
    char folder[GAN_TEXT_MAX / 2];
    if (argc != 5) {
        printf("usage: %s GAN_DIST NAME.txt BACKEND STEPS\n", argv[0]);
        return 2;
    }
    snprintf(folder, sizeof folder, "%s/gan_golden_XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(folder)) {
        printf("%s: cannot be made\n", folder);
        return 1;
    }
    gan_status status = read_golden(&g, argv[2]);
    if (status == GAN_OK)
        status = check(&g, argv[1], folder, argv[3], atoi(argv[4]));
    if (status != GAN_OK)
        printf("%s: %s\n", argv[2], gan_error_message());
    else
        printf("%s, backend %s: %d values compared, %d outside their tolerance; the farthest at %.3g of it\n",
               argv[2], argv[3], compared, faults, worst);
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return status != GAN_OK || faults > 0;
}
