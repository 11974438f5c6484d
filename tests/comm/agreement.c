/* What the ranks conclude together: agree, check_same, gather_text, broadcast. */
#include "expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The ranks whose bit is set in `failing` fail, each with its own words; odd ones with the other status. */
static void agree(gan_comm *comm, unsigned failing)
{
    int rank = gan_comm_rank(comm), size = gan_comm_size(comm), lowest = 0;
    while (lowest < size && !(failing >> lowest & 1))
        lowest++;
    gan_status mine = GAN_OK;
    if (failing >> rank & 1)
        mine = gan_error(rank % 2 ? GAN_BAD_INPUT : GAN_FAILED, "rank %d: no such file 100%%", rank);
    gan_status agreed = gan_comm_agree(comm, mine);
    if (lowest == size) {
        EXPECT(agreed == GAN_OK);
        return;
    }
    char words[64];
    snprintf(words, sizeof words, "rank %d: no such file 100%%", lowest);
    EXPECT(agreed == (lowest % 2 ? GAN_BAD_INPUT : GAN_FAILED));
    EXPECT(strcmp(gan_error_message(), words) == 0);
}

static void check_same(gan_comm *comm)
{
    int rank = gan_comm_rank(comm), size = gan_comm_size(comm);
    EXPECT(gan_comm_check_same(comm, 0xfeedfacecafebeef, "the seed") == GAN_OK);
    gan_status status = gan_comm_check_same(comm, rank == size - 1 ? 1 : 2, "the hash of the parameters");
    if (size == 1) {
        EXPECT(status == GAN_OK);
        return;
    }
    char rest[64];
    snprintf(rest, sizeof rest, "1 of %d (rank %d) from rank 0", size, size - 1);
    EXPECT(status == GAN_FAILED);
    EXPECT(strstr(gan_error_message(), "the hash of the parameters") != NULL);
    EXPECT(strstr(gan_error_message(), rest) != NULL);
    if (size != 8)
        return;
    /* The upper half of the word counts too. */
    uint64_t value = rank == 2 || (rank >= 4 && rank <= 6) ? (uint64_t)rank << 40 : 0;
    EXPECT(gan_comm_check_same(comm, value, "x") == GAN_FAILED);
    EXPECT(strstr(gan_error_message(), "4 of 8 (ranks 2, 4-6)") != NULL);
}

static void gather_text(gan_comm *comm)
{
    enum { WIDTH = 12 };
    int size = gan_comm_size(comm);
    char text[64], *all = malloc((size_t)size * WIDTH);
    EXPECT(all != NULL);
    snprintf(text, sizeof text, "r%d%s", gan_comm_rank(comm),
             gan_comm_rank(comm) % 2 ? " and much more than fits" : "");
    EXPECT(gan_comm_gather_text(comm, all, text, WIDTH) == GAN_OK);
    for (int r = 0; r < size; r++) {
        snprintf(text, sizeof text, "r%d%s", r, r % 2 ? " and much more than fits" : "");
        text[WIDTH - 1] = '\0';
        EXPECT(strcmp(all + r * WIDTH, text) == 0);
    }
    free(all);
}

static void broadcast(gan_comm *comm)
{
    int root = gan_comm_size(comm) - 1;
    int words[100];
    for (int i = 0; i < 100; i++)
        words[i] = gan_comm_rank(comm) == root ? i * i : -1;
    EXPECT(gan_comm_broadcast(comm, words, sizeof words, root) == GAN_OK);
    for (int i = 0; i < 100; i++)
        EXPECT(words[i] == i * i);
    EXPECT(gan_comm_broadcast(comm, NULL, 0, root) == GAN_OK);
}

int main(int argc, char **argv)
{
    gan_comm *comm = expect_open(&argc, &argv);
    EXPECT(gan_comm_hosts(comm) == 1 && gan_comm_host(comm) == 0);
    EXPECT(gan_comm_local_size(comm) == gan_comm_size(comm));
    EXPECT(gan_comm_local_rank(comm) == gan_comm_rank(comm));
    EXPECT(strlen(gan_comm_library(comm)) > 0);
    for (unsigned failing = 0; failing < 1u << gan_comm_size(comm); failing++)
        agree(comm, failing);
    check_same(comm);
    gather_text(comm);
    broadcast(comm);
    return expect_close(comm);
}
