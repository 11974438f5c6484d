/* commands.h: the program's commands, one file each. argv[0] is the word after the command's own. */
#ifndef GAN_COMMANDS_H
#define GAN_COMMANDS_H

#include "devices.h"
#include "gan_dist/comm.h"
#include "gan_dist/config.h"
#include "gan_dist/error.h"

#define GAN_COMMAND_OPTIONS_MAX 8

typedef struct gan_command_option {
    const char *name;     /* "--mode"; "--count!" takes no value, as in gan_config_parse() */
    const char *argument; /* NULL for one that takes no value */
    const char *help;
    bool of_configuration; /* an option of the configuration that means something else here */
} gan_command_option;

typedef struct gan_command_row {
    const char *word;  /* "generate" */
    const char *usage; /* what to type behind the program's name, in one line */
    const char *help;
    const char *takes; /* options of the configuration that mean something to it: "all", or their names */
    gan_command_option options[GAN_COMMAND_OPTIONS_MAX]; /* its own, up to the first without a name */
} gan_command_row;

/* The table of commands; NULL out of range, or for an unknown word. */
const gan_command_row *gan_command_get(size_t index);
const gan_command_row *gan_command_find(const char *word);
/* The names of a command's own options, as gan_config_parse() takes them; returns `names`. */
const char *const *gan_command_extra(const char *names[GAN_COMMAND_OPTIONS_MAX + 1], const char *word);

/* What the exit status says; NULL out of range. */
typedef struct gan_exit_row {
    int status;
    const char *meaning;
} gan_exit_row;
const gan_exit_row *gan_exit_get(size_t index);

/* Collective. Writes all pictures of --data as one IDX file, --out, that later runs map. */
gan_status gan_command_pack(gan_comm *comm, int argc, char **argv);
gan_status gan_command_info(int argc, char **argv);
/* Pictures from a checkpoint: a grid, or one PNG each. */
gan_status gan_command_generate(int argc, char **argv);
/* Times the training step of a configuration on fixed pictures. Collective. */
gan_status gan_command_bench(bool *others_wait, gan_comm *comm, int argc, char **argv);
/* bench --count: operations and bytes of a step on rank 0 of `size`, without computing anything. */
gan_status gan_count_print(const gan_config *config, int size);
/* Lists the presets, or prints the text of the one named. */
gan_status gan_command_presets(int argc, char **argv);

/* Prints the usage of the whole program on standard output. */
void gan_command_help(void);
/* That of one command, with all options that it takes. */
void gan_command_help_for(const gan_command_row *command);
/* Prints what `help` is asked for: nothing, or one command. */
gan_status gan_command_help_words(int argc, char **argv);
/* GAN_BAD_INPUT, naming the nearest command. */
gan_status gan_command_unknown(const char *word);

/* Prints what this launch gives (ranks, hosts, cores, memory) and fails when it will not do. `memory_mib`:
 * what the run is expected to take on each rank; 0 when unknown. Collective. */
gan_status gan_command_check(gan_comm *comm, const gan_config *config, double memory_mib);
/* Its first part: ranks, cores, memory, devices; *out is where they would compute. */
gan_status gan_check_launch(gan_placement *out, gan_comm *comm, const gan_config *config, double memory_mib);

/* What a rank of `size` will need for a configuration's networks,
 * before anything is allocated; pictures not counted. */
gan_status gan_estimate_memory(double *mib, const gan_config *config, int size);

/* Threads for this rank when the user named no number: the cores it may use, shared evenly with the ranks of
 * its host that may use the same. Collective; 0 (with a message set) when the ranks could not be asked. */
int gan_threads_default(gan_comm *comm);
/* Warns when ranks of several threads have fewer cores than threads. Collective. */
gan_status gan_threads_warn(gan_comm *comm, int threads);

#endif
