#include "ranks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH ((size_t)512) /* of one rank's text */

/* Four cores a digit, the lowest core first. */
static void cores_to_text(char *out, const cpu_set_t *cores)
{
    for (int i = 0; i < CPU_SETSIZE / 4; i++) {
        int digit = 0;
        for (int bit = 0; bit < 4; bit++)
            digit |= CPU_ISSET(4 * i + bit, cores) ? 1 << bit : 0;
        out[i] = "0123456789abcdef"[digit];
    }
    out[CPU_SETSIZE / 4] = '\0';
}

static void cores_from_text(cpu_set_t *out, const char *text)
{
    CPU_ZERO(out);
    for (int i = 0; i < CPU_SETSIZE / 4 && text[i]; i++) {
        int digit = text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10;
        for (int bit = 0; bit < 4; bit++)
            if (digit >> bit & 1)
                CPU_SET(4 * i + bit, out);
    }
}

gan_status gan_ranks_gather(gan_rank_facts **out, gan_comm *comm, int threads)
{
    int size = gan_comm_size(comm);
    char mine[WIDTH], cores[CPU_SETSIZE / 4 + 1];
    gan_host host;
    gan_host_read(&host);
    cores_to_text(cores, &host.cores);
    snprintf(mine, sizeof mine, "%d %d %.17g %.17g %.17g %s %s", gan_comm_host(comm), threads, host.quota,
             host.total_mib, host.available_mib, cores, host.name);

    gan_rank_facts *facts = calloc((size_t)size, sizeof *facts);
    char *texts = malloc((size_t)size * WIDTH);
    gan_status status = GAN_OK;
    if (!facts || !texts)
        status = gan_error(GAN_FAILED, "no memory for what %d ranks say of their hosts", size);
    else
        status = gan_comm_gather_text(comm, texts, mine, WIDTH);
    for (int r = 0; r < size && status == GAN_OK; r++) {
        gan_rank_facts *fact = &facts[r];
        if (sscanf(texts + (size_t)r * WIDTH, "%d %d %lf %lf %lf %256s %63s", &fact->host, &fact->threads,
                   &fact->of.quota, &fact->of.total_mib, &fact->of.available_mib, cores, fact->of.name) != 7)
            status = gan_error(GAN_FAILED, "rank %d: cannot read what it says of its host", r);
        cores_from_text(&fact->of.cores, cores);
    }
    free(texts);
    if (status != GAN_OK) {
        free(facts);
        facts = NULL;
    }
    *out = facts;
    return status;
}

int gan_ranks_sharing(const gan_rank_facts *facts, int size, int rank)
{
    int n = 0;
    for (int r = 0; r < size; r++)
        n += facts[r].host == facts[rank].host && CPU_EQUAL(&facts[r].of.cores, &facts[rank].of.cores);
    return n;
}

int gan_ranks_cores(const gan_rank_facts *facts, int size, int rank)
{
    int cores = CPU_COUNT(&facts[rank].of.cores) / gan_ranks_sharing(facts, size, rank);
    int on_host = 0;
    for (int r = 0; r < size; r++)
        on_host += facts[r].host == facts[rank].host;
    /* A share of 1.5 cores is better used by two threads than by one. */
    int quota = (int)(facts[rank].of.quota / on_host + 0.5);
    if (facts[rank].of.quota > 0 && quota < cores)
        cores = quota;
    return cores < 1 ? 1 : cores;
}
