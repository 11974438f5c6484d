/* Which backend, which device and what carries the sums, as devices.c concludes on all ranks. The devices
 * that a rank sees, and whether there is an NCCL, are this test's own words. */
#include "expect.h"

#include <stdio.h>
#include <string.h>
#include "comm/nccl_find.h"
#include "devices.h"

static int devices;
static gan_found without; /* what is found where there are none */
static bool nccl;

void gan_backend_find(gan_backend_devices *out, const char *name)
{
    *out = (gan_backend_devices){.why = "nothing is here", .todo = "buy one"};
    out->n = strcmp(name, "cuda") == 0 ? devices : 0;
    out->found = out->n > 0 ? GAN_FOUND_DEVICES : without;
}

const char *gan_backend_name(size_t index)
{
    static const char *const names[] = {"ref", "cpu"};
    return index < sizeof names / sizeof *names ? names[index] : NULL;
}

gan_status gan_backend_open(gan_backend **out, const char *name, const gan_backend_options *options)
{
    *out = NULL;
    return gan_error(GAN_BAD_INPUT, "backend %s: no device %d", name, options->device);
}

gan_status gan_nccl_find(gan_nccl_use_fn **out)
{
    *out = NULL;
    return nccl ? GAN_OK : gan_error(GAN_BAD_INPUT, "no libnccl.so.2 here");
}

static gan_comm *comm;
static gan_config config;
static gan_placement placed;

static gan_status place(const char *backend, gan_sums sums, gan_reduce reduce)
{
    strcpy(config.backend, backend);
    config.comm = sums;
    config.reduce = reduce;
    return gan_devices_place(&placed, comm, &config);
}

static bool says(const char *text)
{
    return strstr(gan_error_message(), text) != NULL;
}

static void choose_backend(void)
{
    int rank = gan_comm_rank(comm), size = gan_comm_size(comm);
    devices = 0;
    EXPECT(place("auto", GAN_SUMS_AUTO, GAN_REDUCE_AUTO) == GAN_OK);
    EXPECT(strcmp(placed.backend, "cpu") == 0 && strstr(placed.why, "no rank sees a GPU: nothing is here"));
    devices = rank == size - 1 ? 0 : 4;
    EXPECT(place("auto", GAN_SUMS_AUTO, GAN_REDUCE_AUTO) == GAN_OK);
    EXPECT(strcmp(placed.backend, "cpu") == 0);
    EXPECT(placed.seen == 0);
    EXPECT(size == 1 || strstr(placed.why, "2 of 3 ranks see a GPU, and rank 2 on host"));
    devices = 4;
    EXPECT(place("auto", GAN_SUMS_AUTO, GAN_REDUCE_AUTO) == GAN_OK);
    EXPECT(strcmp(placed.backend, "cuda") == 0 && strstr(placed.why, "every rank sees a GPU"));
    EXPECT(place("cpu", GAN_SUMS_AUTO, GAN_REDUCE_TREE) == GAN_OK);
    EXPECT(strcmp(placed.backend, "cpu") == 0 && placed.why[0] == '\0');
    EXPECT(place("cpu", GAN_SUMS_NCCL, GAN_REDUCE_AUTO) == GAN_BAD_INPUT && says("backend cpu"));
    EXPECT(place("ref", GAN_SUMS_AUTO, GAN_REDUCE_NCCL) == GAN_BAD_INPUT && says("backend ref"));
}

/* One rank's driver that does not work refuses all, by its number; named, a backend is opened and says so
 * itself. */
static void refuse_broken(void)
{
    int rank = gan_comm_rank(comm), last = gan_comm_size(comm) - 1;
    devices = rank == last ? 0 : 4;
    without = GAN_FOUND_BROKEN;
    EXPECT(place("auto", GAN_SUMS_AUTO, GAN_REDUCE_AUTO) == GAN_BAD_INPUT);
    EXPECT(says(last > 0 ? "CUDA does not work on rank 2, host " : "CUDA does not work on host "));
    EXPECT(says(": nothing is here; buy one, or use --backend cpu"));
    EXPECT(place("cpu", GAN_SUMS_AUTO, GAN_REDUCE_AUTO) == GAN_OK);
    without = GAN_FOUND_IDLE;
    EXPECT(place("auto", GAN_SUMS_AUTO, GAN_REDUCE_AUTO) == GAN_OK && strcmp(placed.backend, "cpu") == 0);
    without = GAN_FOUND_NONE;
}

/* What does not open names the rank, where there are several. */
static void open_and_name(void)
{
    gan_backend *be;
    char text[64];
    devices = 4;
    EXPECT(place("cuda", GAN_SUMS_MPI, GAN_REDUCE_AUTO) == GAN_OK && placed.seen == 4);
    EXPECT(gan_devices_open(&be, comm, &placed, GAN_PRECISION_AUTO, 1) == GAN_BAD_INPUT && !be);
    snprintf(text, sizeof text, "rank %d: backend cuda: no device %d", gan_comm_rank(comm), placed.device);
    EXPECT(strcmp(gan_error_message(), gan_comm_size(comm) > 1 ? text : strchr(text, 'b')) == 0);
}

static void choose_device(void)
{
    int rank = gan_comm_rank(comm);
    for (devices = 1; devices <= 4; devices++) {
        EXPECT(place("cuda", GAN_SUMS_MPI, GAN_REDUCE_AUTO) == GAN_OK);
        EXPECT(placed.device == rank % devices);
    }
}

static void choose_way(void)
{
    bool several = gan_comm_size(comm) > 1;
    devices = 4;
    nccl = true;
    EXPECT(place("cuda", GAN_SUMS_AUTO, GAN_REDUCE_AUTO) == GAN_OK);
    EXPECT(placed.way == (several ? GAN_COMM_NCCL : GAN_COMM_MPI));
    EXPECT(place("cuda", GAN_SUMS_NCCL, GAN_REDUCE_TREE) == GAN_OK);
    EXPECT(placed.way == (several ? GAN_COMM_NCCL_TREE : GAN_COMM_MPI));
    EXPECT(place("cuda", GAN_SUMS_MPI, GAN_REDUCE_TREE) == GAN_OK && placed.way == GAN_COMM_MPI);
    if (!several)
        return;
    EXPECT(place("cuda", GAN_SUMS_MPI, GAN_REDUCE_NCCL) == GAN_BAD_INPUT && says("train.comm = mpi"));
    nccl = gan_comm_rank(comm) != 1; /* one is enough */
    EXPECT(place("cuda", GAN_SUMS_AUTO, GAN_REDUCE_TREE) == GAN_OK && placed.way == GAN_COMM_MPI);
    EXPECT(place("cuda", GAN_SUMS_NCCL, GAN_REDUCE_AUTO) == GAN_BAD_INPUT && says("no libnccl.so.2 here"));
    EXPECT(place("cuda", GAN_SUMS_AUTO, GAN_REDUCE_NCCL) == GAN_BAD_INPUT && says("no libnccl.so.2 here"));
}

int main(int argc, char **argv)
{
    comm = expect_open(&argc, &argv);
    choose_backend();
    refuse_broken();
    open_and_name();
    choose_device();
    choose_way();
    return expect_close(comm);
}
