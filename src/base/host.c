#include "gan_dist/host.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

double gan_mib(size_t bytes)
{
    return (double)bytes / 1048576.0;
}

/* The first number of a small file in /proc or /sys; -1 when there is none ("max", no file). */
static double read_number(const char *path)
{
    FILE *file = fopen(path, "r");
    double value = -1;
    if (file) {
        if (fscanf(file, "%lf", &value) != 1)
            value = -1;
        fclose(file);
    }
    return value;
}

static void read_meminfo(gan_host *out)
{
    FILE *file = fopen("/proc/meminfo", "r");
    char line[256];
    double kib;
    if (!file)
        return;
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "MemTotal: %lf", &kib) == 1)
            out->total_mib = kib / 1024;
        else if (sscanf(line, "MemAvailable: %lf", &kib) == 1)
            out->available_mib = kib / 1024;
    }
    fclose(file);
}

/* File pages that the kernel gives back when asked count as used in a control group;
 * here they count as available. */
static double read_reclaimable(const char *path, const char *key)
{
    FILE *file = fopen(path, "r");
    char word[64];
    double value, found = 0;
    if (!file)
        return 0;
    while (fscanf(file, "%63s %lf", word, &value) == 2)
        if (strcmp(word, key) == 0)
            found = value;
    fclose(file);
    return found;
}

/* A container sees the limits of its own control group at the root of
 * /sys/fs/cgroup (version 2, then version 1). */
static void read_limits(gan_host *out)
{
    double limit = read_number("/sys/fs/cgroup/memory.max");
    double used = read_number("/sys/fs/cgroup/memory.current") -
                  read_reclaimable("/sys/fs/cgroup/memory.stat", "inactive_file");
    if (limit < 0) {
        limit = read_number("/sys/fs/cgroup/memory/memory.limit_in_bytes");
        used = read_number("/sys/fs/cgroup/memory/memory.usage_in_bytes") -
               read_reclaimable("/sys/fs/cgroup/memory/memory.stat", "total_inactive_file");
    }
    if (limit > 0 && limit / 1048576 < out->total_mib) {
        out->total_mib = limit / 1048576;
        out->available_mib = fmin(out->available_mib, fmax(0, limit - fmax(used, 0)) / 1048576);
    }

    double quota = -1, period = -1;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
    if (file) {
        if (fscanf(file, "%lf %lf", &quota, &period) != 2)
            quota = -1;
        fclose(file);
    } else {
        quota = read_number("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
        period = read_number("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    }
    if (quota > 0 && period > 0)
        out->quota = quota / period;
}

void gan_host_read(gan_host *out)
{
    memset(out, 0, sizeof *out);
    if (gethostname(out->name, sizeof out->name) != 0)
        snprintf(out->name, sizeof out->name, "unknown");
    out->name[sizeof out->name - 1] = '\0';
    /* Fails only on hosts with more cores than a cpu_set_t holds; then nothing is known about the binding. */
    if (sched_getaffinity(0, sizeof out->cores, &out->cores) != 0)
        CPU_ZERO(&out->cores);
    read_meminfo(out);
    read_limits(out);
}

gan_status gan_host_check_memory(size_t bytes)
{
    gan_host host;
    gan_host_read(&host);
    if (host.total_mib > 0 && gan_mib(bytes) > host.available_mib)
        return gan_error(
            GAN_FAILED,
            "host %s: %.1f MiB of shared memory asked for, but only %.1f MiB of memory is available",
            host.name, gan_mib(bytes), host.available_mib);
    return GAN_OK;
}

gan_status gan_host_check_space(const char *folder, size_t bytes)
{
    struct statvfs space;
    if (statvfs(folder, &space) != 0)
        return GAN_OK; /* MPI uses another place then */
    double free_bytes = (double)space.f_bavail * (double)space.f_frsize;
    if ((double)bytes > free_bytes) {
        gan_host host;
        gan_host_read(&host);
        return gan_error(GAN_FAILED,
                         "host %s: %.1f MiB of shared memory asked for, but %s has only %.1f MiB free; "
                         "enlarge it (docker: --shm-size) or pack the data to a file",
                         host.name, gan_mib(bytes), folder, free_bytes / 1048576);
    }
    return GAN_OK;
}
