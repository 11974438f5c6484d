/* check_launch.c: what this launch gives, and whether it will do. All ranks reach the same verdict; rank 0
 * prints. */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gan_dist/log.h"
#include "devices.h"
#include "ranks.h"

/* What the ranks of one host have together. */
typedef struct host_sum {
    int first, last, ranks, threads;
    int least, most; /* cores that one rank may use */
    cpu_set_t cores;
    double total_mib, available_mib;
} host_sum;

static host_sum sum_host(const gan_rank_facts *facts, int size, int host)
{
    host_sum sum = {.first = -1};
    CPU_ZERO(&sum.cores);
    for (int r = 0; r < size; r++) {
        if (facts[r].host != host)
            continue;
        int cores = CPU_COUNT(&facts[r].of.cores);
        if (sum.first < 0) {
            sum.first = r;
            sum.least = cores;
            sum.total_mib = facts[r].of.total_mib;
            sum.available_mib = facts[r].of.available_mib;
        }
        sum.last = r;
        sum.ranks++;
        sum.threads += facts[r].threads;
        sum.least = cores < sum.least ? cores : sum.least;
        sum.most = cores > sum.most ? cores : sum.most;
        CPU_OR(&sum.cores, &sum.cores, &facts[r].of.cores);
    }
    return sum;
}

static const char *plural(int n)
{
    return n == 1 ? "" : "s";
}

static void print_host(const gan_rank_facts *facts, int host, const host_sum *sum)
{
    char each[32];
    int cores = CPU_COUNT(&sum->cores);
    if (sum->least == sum->most)
        snprintf(each, sizeof each, "%d", sum->most);
    else
        snprintf(each, sizeof each, "%d to %d", sum->least, sum->most);
    gan_log0("host %-5d %s: %d rank%s (%d to %d), %d core%s (%s for each rank), %d thread%s, "
             "memory %.0f MiB, %.0f available",
             host, facts[sum->first].of.name, sum->ranks, plural(sum->ranks), sum->first, sum->last, cores,
             plural(cores), each, sum->threads, plural(sum->threads), sum->total_mib, sum->available_mib);
}

static void warn_threads(const gan_rank_facts *facts, const host_sum *sum)
{
    const gan_host *of = &facts[sum->first].of;
    int cores = CPU_COUNT(&sum->cores);
    for (int r = sum->first; r <= sum->last; r++) {
        int own = CPU_COUNT(&facts[r].of.cores);
        if (facts[r].host != facts[sum->first].host || facts[r].threads <= own)
            continue;
        gan_warn0(
            "host %s: rank %d has %d threads but may use only %d core%s; fewer threads, or `mpirun --bind-to "
            "none` if mpirun bound it",
            of->name, r, facts[r].threads, own, plural(own));
        return;
    }
    if (sum->threads > cores)
        gan_warn0("host %s: %d threads share %d core%s; fewer ranks or threads are faster", of->name,
                  sum->threads, cores, plural(cores));
    else if (of->quota > 0 && sum->threads > of->quota + 0.5)
        gan_warn0("host %s: %d threads share a container's %.1f cores; fewer ranks or threads are faster",
                  of->name, sum->threads, of->quota);
}

/* Two ranks on the same only core take turns, and each waits for the other most of the time. */
static gan_status find_overlap(const gan_rank_facts *facts, int size)
{
    for (int r = 0; r < size; r++) {
        if (CPU_COUNT(&facts[r].of.cores) != 1)
            continue;
        for (int other = r + 1; other < size; other++)
            if (facts[other].host == facts[r].host && CPU_EQUAL(&facts[other].of.cores, &facts[r].of.cores))
                return gan_error(
                    GAN_FAILED,
                    "ranks %d and %d are bound to the same single core of host %s; start with `mpirun "
                    "--bind-to none`, fewer ranks, or launch/local.sh",
                    r, other, facts[r].of.name);
    }
    return GAN_OK;
}

/* A rank's device, as the others learn of it. */
typedef struct device_fact {
    int seen; /* devices that the rank sees */
    char bus[sizeof((gan_backend *)0)->bus], place[sizeof((gan_backend *)0)->place];
} device_fact;

static gan_status gather_devices(device_fact **out, gan_comm *comm, const gan_backend *be, int seen)
{
    const size_t width = sizeof(device_fact) + 16;
    int size = gan_comm_size(comm);
    char mine[sizeof(device_fact) + 16], *texts = malloc((size_t)size * width);
    device_fact *facts = calloc((size_t)size, sizeof *facts);
    gan_status status =
        texts && facts ? GAN_OK : gan_error(GAN_FAILED, "no memory for the places of %d devices", size);
    status = gan_comm_agree(comm, status);
    snprintf(mine, sizeof mine, "%d %s %s", seen, be->bus, be->place);
    if (status == GAN_OK)
        status = gan_comm_gather_text(comm, texts, mine, width);
    for (int r = 0; r < size && status == GAN_OK; r++)
        if (sscanf(texts + (size_t)r * width, "%d %31s %127[^\n]", &facts[r].seen, facts[r].bus,
                   facts[r].place) != 3)
            status = gan_error(GAN_FAILED, "rank %d: cannot read what it says of its device", r);
    free(texts);
    if (status != GAN_OK) {
        free(facts);
        facts = NULL;
    }
    *out = facts;
    return status;
}

/* Each its own device, and none of them the others': where a control group hides those, CUDA has no way
 * between them. One line for the first host that is so. */
static void warn_hidden(const device_fact *facts, gan_comm *comm)
{
    for (int b = 1; b < gan_comm_size(comm); b++)
        for (int a = 0; a < b; a++)
            if (facts[a].seen == 1 && facts[b].seen == 1 &&
                gan_comm_peer(comm, a)->host == gan_comm_peer(comm, b)->host &&
                strcmp(facts[a].bus, facts[b].bus) != 0) {
                gan_warn0(
                    "host %s: rank %d sees the GPU at %s alone, and rank %d the one at %s: where a control "
                    "group hides the others (srun --gpus-per-task), CUDA IPC does not work between ranks, "
                    "and NCCL's sums go through the host's memory instead of NVLink (nccl#1066); let each "
                    "rank see all GPUs of its host: `srun --gpus-per-node=8 --gpu-bind=none`, no "
                    "CUDA_VISIBLE_DEVICES for each rank",
                    gan_comm_peer(comm, a)->name, a, facts[a].bus, b, facts[b].bus);
                return;
            }
}

/* "rank 0 on device 0 (...) of host ...", of the first ranks. */
static gan_status print_devices(gan_comm *comm, const gan_backend *be, int seen)
{
    const int listed = 16;
    int size = gan_comm_size(comm);
    device_fact *facts;
    GAN_TRY(gather_devices(&facts, comm, be, seen));
    for (int r = 0; r < size && r < listed; r++)
        gan_log0("device     rank %d: %s", r, facts[r].place);
    if (size > listed)
        gan_log0("           and %d ranks more", size - listed);
    warn_hidden(facts, comm);
    free(facts);
    return GAN_OK;
}

/* They may be in the build and not work here: opens what a run would open. */
static gan_status try_backend(gan_placement *out, gan_comm *comm, const gan_config *config)
{
    gan_placement placement;
    gan_backend *be = NULL;
    GAN_TRY(gan_devices_place(&placement, comm, config));
    *out = placement;
    gan_log0("backend    %s%s%s%s", placement.backend, placement.why[0] ? " (" : "", placement.why,
             placement.why[0] ? ")" : "");
    gan_status status =
        gan_comm_agree(comm, gan_devices_open(&be, comm, &placement, (gan_precision)config->precision, 1));
    bool device = status == GAN_OK && !be->ops->host_memory;
    if (device)
        status = print_devices(comm, be, placement.seen);
    if (device && status == GAN_OK && gan_comm_size(comm) > 1)
        gan_log0("sums       %s", gan_devices_way(placement.way));
    if (device && status == GAN_OK)
        status = gan_devices_use(comm, be, placement.way);
    gan_comm_leave_device(comm);
    gan_backend_close(be);
    return status;
}

static gan_status check_host(const gan_rank_facts *facts, int size, int host, double memory_mib)
{
    host_sum sum = sum_host(facts, size, host);
    print_host(facts, host, &sum);
    warn_threads(facts, &sum);
    if (memory_mib > 0 && sum.total_mib > 0 && memory_mib * sum.ranks > sum.available_mib)
        return gan_error(
            GAN_FAILED,
            "host %s: %d ranks need about %.0f MiB together, but only %.0f MiB are available; use fewer "
            "ranks, a smaller batch or a smaller network",
            facts[sum.first].of.name, sum.ranks, memory_mib * sum.ranks, sum.available_mib);
    return GAN_OK;
}

gan_status gan_check_launch(gan_placement *out, gan_comm *comm, const gan_config *config, double memory_mib)
{
    int size = gan_comm_size(comm);
    int threads = config->threads > 0 ? config->threads : gan_threads_default(comm);
    gan_rank_facts *facts;
    if (threads == 0)
        return GAN_FAILED;
    GAN_TRY(gan_ranks_gather(&facts, comm, threads));
    gan_log0("version    %s", GAN_VERSION);
    gan_log0("messages   %s", gan_comm_library(comm));
    gan_log0("ranks      %d on %d host%s", size, gan_comm_hosts(comm), plural(gan_comm_hosts(comm)));
    gan_log0("threads    %d a rank%s", threads, config->threads > 0 ? "" : " (chosen from the cores)");
    if (memory_mib > 0)
        gan_log0("estimated  %.0f MiB a rank for preset %s", memory_mib,
                 config->preset[0] ? config->preset : "(none)");

    gan_status status = try_backend(out, comm, config);
    for (int host = 0; host < gan_comm_hosts(comm); host++) {
        gan_status one = check_host(facts, size, host, memory_mib);
        status = status == GAN_OK ? one : status;
    }
    if (status == GAN_OK)
        status = find_overlap(facts, size);
    free(facts);
    return status;
}
