/* What the ranks conclude together. Every rank sees every rank's word,
 * so all reach the same conclusion by themselves. */
#include "comm_ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

gan_status gan_comm_agree(gan_comm *comm, gan_status mine)
{
    int word = (int)mine;
    int *words = malloc((size_t)comm->size * sizeof *words);
    if (!words)
        return gan_error(GAN_FAILED, "no memory for an agreement of %d ranks", comm->size);
    gan_status status = comm->ops->all_gather(comm, words, &word, sizeof word);
    int failing = 0;
    while (status == GAN_OK && failing < comm->size && words[failing] == GAN_OK)
        failing++;
    gan_status agreed = status == GAN_OK && failing < comm->size ? (gan_status)words[failing] : GAN_OK;
    free(words);
    if (status != GAN_OK || agreed == GAN_OK)
        return status;
    char message[2048] = "";
    if (comm->rank == failing)
        snprintf(message, sizeof message, "%s", gan_error_message());
    GAN_TRY(comm->ops->broadcast(comm, message, sizeof message, failing));
    message[sizeof message - 1] = '\0';
    return gan_error(agreed, "%s", message);
}

/* "1, 3-5, 9": the ranks whose value is not rank 0's. A list that does not fit ends in "...". */
static int list_differing(char *out, size_t room, const uint64_t *values, int size)
{
    int differing = 0;
    size_t used = 0;
    bool full = false;
    out[0] = '\0';
    for (int first = 1; first < size; first++) {
        if (values[first] == values[0])
            continue;
        int last = first;
        while (last + 1 < size && values[last + 1] != values[0])
            last++;
        char range[40];
        if (last > first)
            snprintf(range, sizeof range, "%d-%d", first, last);
        else
            snprintf(range, sizeof range, "%d", first);
        bool fits = !full && used + strlen(range) + sizeof ", , ..." <= room;
        if (fits)
            used += (size_t)snprintf(out + used, room - used, "%s%s", used ? ", " : "", range);
        else if (!full)
            snprintf(out + used, room - used, ", ...");
        full = !fits;
        differing += last - first + 1;
        first = last;
    }
    return differing;
}

gan_status gan_comm_check_same(gan_comm *comm, uint64_t value, const char *what)
{
    uint64_t *values = malloc((size_t)comm->size * sizeof *values);
    if (!values)
        return gan_error(GAN_FAILED, "no memory to compare %s over %d ranks", what, comm->size);
    gan_status status = comm->ops->all_gather(comm, values, &value, sizeof value);
    char ranks[512];
    int differing = status == GAN_OK ? list_differing(ranks, sizeof ranks, values, comm->size) : 0;
    free(values);
    if (differing == 0)
        return status;
    return gan_error(GAN_FAILED, "%s differs between the ranks: %d of %d (rank%s %s) from rank 0", what,
                     differing, comm->size, differing > 1 ? "s" : "", ranks);
}

gan_status gan_comm_gather_text(gan_comm *comm, char *out, const char *text, size_t width)
{
    if (width == 0)
        return gan_error(GAN_FAILED, "gather_text needs a width of at least 1");
    char *mine = calloc(width, 1);
    if (!mine)
        return gan_error(GAN_FAILED, "no memory for a text of %zu bytes", width);
    snprintf(mine, width, "%s", text);
    gan_status status = comm->ops->all_gather(comm, out, mine, width);
    free(mine);
    return status;
}
