/* main.c: which command; from status to exit code. Only here does the job end. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train.h"
#include "commands/commands.h"
#include "gan_dist/base.h"
#include "gan_dist/log.h"

/* Commands that need no other rank. */
static gan_status version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("gan_dist %s\n", GAN_VERSION);
    return GAN_OK;
}

static const struct {
    const char *word;
    gan_status (*run)(int argc, char **argv);
} local_commands[] = {
    {"generate", gan_command_generate}, {"presets", gan_command_presets}, {"info", gan_command_info},
    {"help", gan_command_help_words},   {"--version", version},
};

static gan_status run_train(bool *others_wait, gan_comm *comm, int argc, char **argv)
{
    gan_config config;
    gan_status status = gan_config_parse(&config, argc, argv, "quickstart", NULL);
    if (status == GAN_OK)
        status = gan_config_finish(&config);
    if (status == GAN_OK)
        status = gan_config_need_data(&config);
    GAN_TRY(gan_comm_agree(comm, status));
    return gan_command_train(others_wait, comm, &config);
}

static gan_status run_check(bool *others_wait, gan_comm *comm, int argc, char **argv)
{
    (void)others_wait;
    gan_config config;
    double memory_mib = 0;
    gan_status status = gan_config_parse(&config, argc, argv, "quickstart", NULL);
    if (status == GAN_OK)
        status = gan_config_finish(&config);
    if (status == GAN_OK)
        status = gan_estimate_memory(&memory_mib, &config, gan_comm_size(comm));
    GAN_TRY(gan_comm_agree(comm, status));
    return gan_command_check(comm, &config, memory_mib);
}

static gan_status run_pack(bool *others_wait, gan_comm *comm, int argc, char **argv)
{
    (void)others_wait;
    return gan_command_pack(comm, argc, argv);
}

/* Commands of all ranks together. */
static const struct {
    const char *word;
    gan_status (*run)(bool *others_wait, gan_comm *comm, int argc, char **argv);
    bool stoppable; /* a signal is a request to stop */
} rank_commands[] = {{"train", run_train, true},
                     {"bench", gan_command_bench, false},
                     {"check", run_check, false},
                     {"pack", run_pack, false}};

static int report(gan_status status)
{
    if (status != GAN_OK && status != GAN_STOPPED)
        fprintf(stderr, "gan_dist: %s\n", gan_error_message());
    return status;
}

/* A disk that is full must not leave half a text behind and status 0. */
static gan_status flushed(gan_status status, const char *word)
{
    if (status == GAN_OK && (fflush(stdout) != 0 || ferror(stdout)))
        status = gan_error(GAN_FAILED, "%s: cannot write to the standard output", word);
    return status;
}

/* --help behind a command is of that command alone. */
static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static gan_status help_for(char *word)
{
    bool one = word[0] != '-' && strcmp(word, "help") != 0;
    return flushed(gan_command_help_words(one, &word), "help");
}

static gan_status run_local(size_t command, int argc, char **argv)
{
    return flushed(local_commands[command].run(argc, argv), local_commands[command].word);
}

static int run_ranks(size_t command, int argc, char **argv, int skip)
{
    gan_comm *comm = NULL;
    bool others_wait = false;
    gan_status status = rank_commands[command].stoppable ? gan_stop_divert() : GAN_OK;
    if (status == GAN_OK)
        status = gan_comm_open_mpi(&comm, &argc, &argv);
    /* Copies that do not find each other are all refused for the same reason. */
    if (status == GAN_BAD_INPUT && !gan_comm_is_first_copy())
        return GAN_OK;
    if (status != GAN_OK)
        return report(status);
    status = rank_commands[command].run(&others_wait, comm, argc - skip, argv + skip);
    if (gan_comm_has_told(comm)) /* others are missing, or have been told the same */
        others_wait = true;
    else if (others_wait)
        gan_log_rank("%s", gan_error_message());
    else if (gan_comm_rank(comm) == 0)
        report(status);
    gan_stop_unwatch(); /* mpirun tells the others to end as soon as the first one has ended with a failure */
    gan_comm_close(comm, others_wait, status);
    return status;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* write says EPIPE, or EFBIG, and what that means depends on what is written */
    signal(SIGXFSZ, SIG_IGN);
    const char *word = argc > 1 ? argv[1] : "train";
    if (word[0] != '-' && !gan_command_find(word))
        return gan_comm_is_first_copy() ? report(gan_command_unknown(word)) : GAN_OK;
    if (wants_help(argc, argv))
        return gan_comm_is_first_copy() ? report(help_for(argv[1])) : GAN_OK;
    for (size_t i = 0; i < sizeof local_commands / sizeof *local_commands; i++)
        if (strcmp(word, local_commands[i].word) == 0)
            return gan_comm_is_first_copy() ? report(run_local(i, argc - 2, argv + 2)) : GAN_OK;
    for (size_t i = 0; i < sizeof rank_commands / sizeof *rank_commands; i++)
        if (strcmp(word, rank_commands[i].word) == 0)
            return run_ranks(i, argc, argv, argc > 1 ? 2 : 1);
    return run_ranks(0, argc, argv, 1); /* an option of train */
}
