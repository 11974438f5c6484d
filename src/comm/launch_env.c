/* launch_env.c: what the launcher left in the environment, and what MPI has to find there. */
#include "launch_env.h"

#include <ftw.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>
#include "gan_dist/comm.h"
#include "gan_dist/log.h"

#define SHARED_FOLDER "/dev/shm"
#define SHARED_BYTES  ((uint64_t)16 << 20)

/* What was taken in place of what cannot be used; NULL: nothing had to be. */
static const char *closed_tmpdir, *shared_folder;
static const char *tmpdir; /* taken in place of closed_tmpdir */

/* What Slurm says of the whole job also stands in the shell of salloc and in a batch script, where a process
 * that is started directly runs alone. Only srun, which starts copies, names a step. */
static bool in_slurm_step(void)
{
    return getenv("SLURM_STEP_ID") || getenv("SLURM_STEPID");
}

/* How many copies the launcher says it started; the first variable that is set decides, since the later ones
 * may speak of the whole allocation while this is `mpirun -np 1` or a step of one task inside it. 0 = nobody
 * said anything. */
static long claimed(const char **variable)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS",
                                        "SLURM_NTASKS"};
    size_t n = sizeof names / sizeof *names - (in_slurm_step() ? 0 : 1);
    for (size_t i = 0; i < n; i++) {
        const char *value = getenv(names[i]);
        *variable = names[i];
        if (value)
            return strtol(value, NULL, 10);
    }
    return 0;
}

static gan_status refuse(long copies, const char *variable)
{
    return gan_error(
        GAN_BAD_INPUT,
        "%s says %ld copies were started, but MPI connects only this one, so each would be rank 0 of 1; "
        "under Slurm start with `srun --mpi=pmix`, elsewhere with the mpirun of the MPI it was built with "
        "(`mpirun -np 1` for a single process)",
        variable, copies);
}

/* Any of the ways in which a launcher tells a process its rank. */
static bool has_rank(void)
{
    static const char *const prefixes[] = {"OMPI_COMM_WORLD_", "PMIX_", "PMI_", "PALS_"};
    for (char **entry = environ; *entry; entry++)
        for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
            if (strncmp(*entry, prefixes[i], strlen(prefixes[i])) == 0)
                return true;
    return false;
}

bool gan_comm_is_first_copy(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i]))
            return atoi(getenv(names[i])) == 0;
    return true;
}

gan_status gan_launch_check_alone(void)
{
    const char *variable;
    long copies = claimed(&variable);
    if (copies > 1 && !has_rank())
        return refuse(copies, variable);
    return GAN_OK;
}

gan_status gan_launch_check_world(int size)
{
    const char *variable;
    long copies = claimed(&variable);
    if (size == 1 && copies > 1)
        return refuse(copies, variable);
    return GAN_OK;
}

/* Open MPI knows hosts by what stands before the first dot, unless told otherwise. */
static bool keeps_full_names(void)
{
    const char *value = getenv("OMPI_MCA_orte_keep_fqdn_hostnames");
    return value && strcmp(value, "0") != 0 && strcmp(value, "false") != 0;
}

void gan_launch_place_read(gan_launch_place *out)
{
    const char *local_rank = getenv("OMPI_COMM_WORLD_LOCAL_RANK");
    memset(out, 0, sizeof *out);
    gethostname(out->host, sizeof out->host - 1);
    if (!keeps_full_names())
        out->host[strcspn(out->host, ".")] = '\0';
    out->local_rank = local_rank ? (int)strtol(local_rank, NULL, 10) : -1;
}

gan_status gan_launch_check_places(const gan_launch_place *places, int n)
{
    for (int b = 1; b < n; b++)
        for (int a = 0; a < b; a++)
            if (places[a].local_rank >= 0 && places[a].local_rank == places[b].local_rank &&
                strcmp(places[a].host, places[b].host) == 0)
                return gan_error(
                    GAN_BAD_INPUT,
                    "ranks %d and %d run on two hosts that are both called '%s', which Open MPI mistakes for "
                    "one; give the hosts different names, or, where their full names differ, "
                    "start with launch/hosts.sh (or mpirun --mca orte_keep_fqdn_hostnames 1)",
                    a, b, places[a].host);
    return GAN_OK;
}

/* Open MPI copies large messages between processes of a host with process_vm_readv.
 * Containers often forbid it, and then every message prints a complaint;
 * so try it on ourselves, and look at the kernel's rule on others. */
static bool may_read_neighbours(void)
{
    char from = 1, to = 0;
    struct iovec local = {&to, 1}, remote = {&from, 1};
    int scope = 0;
    FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "r");
    if (file) {
        if (fscanf(file, "%d", &scope) != 1)
            scope = 0;
        fclose(file);
    }
    return scope < 2 && process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1;
}

/* MPI looks for its settings in the home folder. PMIx crashes without one, and Open MPI 5's PMIx looks at
 * HOME alone. */
static void choose_home(void)
{
    if (getenv("HOME"))
        return;
    const struct passwd *user = getpwuid(geteuid());
    setenv("HOME", user && user->pw_dir ? user->pw_dir : "/", 1);
}

/* MPI makes a folder of its own in TMPDIR, else in /tmp, and ends, or crashes, where it may not. */
static gan_status choose_tmpdir(void)
{
    static const char *const others[] = {"/tmp", "/var/tmp", "/dev/shm"};
    const char *folder = getenv("TMPDIR");
    if (access(folder && *folder ? folder : others[0], W_OK) == 0)
        return GAN_OK;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (access(others[i], W_OK) == 0) {
            closed_tmpdir = folder && *folder ? strdup(folder) : NULL;
            tmpdir = others[i];
            setenv("TMPDIR", others[i], 1);
            return GAN_OK;
        }
    }
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    return gan_error(GAN_FAILED,
                     "MPI needs a folder to write to, and none of /tmp, /var/tmp and /dev/shm of host %s can "
                     "be written to; name one in TMPDIR",
                     host);
}

/* MPI's folder of a process that no launcher started, and of which process; "" where there is none. */
static char own_folder[4096];
static pid_t own_folder_of;

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info, (void)kind, (void)place;
    remove(path); /* what MPI removes at the same time is no reason to leave the rest */
    return 0;
}

static void remove_own_folder(void)
{
    if (getpid() == own_folder_of)
        nftw(own_folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

void gan_comm_exit(int status)
{
    if (own_folder[0])
        remove_own_folder();
    _exit(status);
}

/* Processes that no launcher started all call themselves the first of job 0. Open MPI 4 would give them one
 * folder, which one of them removes while another starts in it; so each gets one of its own. */
static void make_own_folder(void)
{
    const char *folder = getenv("TMPDIR");
    if (has_rank())
        return;
    snprintf(own_folder, sizeof own_folder, "%s/gan_dist-XXXXXX", folder && *folder ? folder : "/tmp");
    if (!mkdtemp(own_folder)) /* MPI tells whatever is wrong with it */
        return;
    own_folder_of = getpid();
    setenv("TMPDIR", own_folder, 1);
    atexit(remove_own_folder);
}

/* Whether a file of Open MPI's settings chooses networks; so might one that the user names. */
static bool file_chooses_networks(const char *folder, const char *name)
{
    char path[4096], line[256];
    bool found = false;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    while (file && !found && fgets(line, sizeof line, file))
        found = line[strspn(line, " \t")] != '#' && strstr(line, "btl_tcp_if_");
    if (file)
        fclose(file);
    return found;
}

static bool networks_are_chosen(void)
{
    const char *home = getenv("HOME");
    return getenv("OMPI_MCA_btl_tcp_if_exclude") || getenv("OMPI_MCA_mca_base_param_files") ||
           (home && file_chooses_networks(home, ".openmpi/mca-params.conf")) ||
           file_chooses_networks("/etc/openmpi", "openmpi-mca-params.conf");
}

/* Ranks of one host talk through its memory. Open MPI 5 still warns, on every start, that they cannot reach
 * each other over its networks, which looks like a failure; over lo they can. */
static void use_loopback(void)
{
    const char *ranks = getenv("OMPI_COMM_WORLD_SIZE"), *here = getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
    if (ranks && here && strcmp(ranks, here) == 0 && !networks_are_chosen())
        setenv("OMPI_MCA_btl_tcp_if_include", "lo", 0);
}

/* The ranks of a host meet in files of some MiB each in /dev/shm; where that is tiny, they would talk over
 * the network, or not at all. */
static void choose_shared_memory_folder(void)
{
    static const char *const names[] = {"OMPI_MCA_btl_vader_backing_directory",
                                        "OMPI_MCA_btl_sm_backing_directory",
                                        "OMPI_MCA_osc_sm_backing_directory"};
    const char *folder = getenv("TMPDIR");
    struct statvfs room;
    if (access(SHARED_FOLDER, W_OK) == 0 && statvfs(SHARED_FOLDER, &room) == 0 &&
        (uint64_t)room.f_blocks * room.f_frsize >= SHARED_BYTES)
        return;
    shared_folder = strdup(folder && *folder ? folder : "/tmp");
    if (!shared_folder)
        return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        setenv(names[i], shared_folder, 0);
}

gan_status gan_launch_defaults(void)
{
    use_loopback();
    if (!may_read_neighbours()) {
        setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", 0);
        setenv("OMPI_MCA_smsc", "^cma", 0); /* the same in Open MPI 5 */
    }
    /* A process that no launcher started would start a daemon of Open MPI 4, which wants ssh, a network and a
     * host name of less than 64 letters, none of which one process needs. */
    setenv("OMPI_MCA_ess_singleton_isolated", "1", 0);
    choose_home();
    GAN_TRY(choose_tmpdir());
    choose_shared_memory_folder();
    make_own_folder();
    return GAN_OK;
}

void gan_launch_warn(void)
{
    const char *here = getenv("OMPI_COMM_WORLD_LOCAL_SIZE"), *rank = getenv("OMPI_COMM_WORLD_LOCAL_RANK");
    char host[256] = "";
    if (rank && strcmp(rank, "0") != 0)
        return;
    gethostname(host, sizeof host - 1);
    if (closed_tmpdir)
        gan_log_rank("warning: host %s: TMPDIR=%s cannot be written to; MPI's files go to %s", host,
                     closed_tmpdir, tmpdir);
    if (shared_folder && here && strcmp(here, "1") != 0)
        gan_log_rank("warning: host %s: " SHARED_FOLDER " is too small or cannot be written to; its ranks "
                     "share memory in files in %s, which may be slower (containers: --shm-size=1g)",
                     host, shared_folder);
}
