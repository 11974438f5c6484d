/* Run under mpirun: what the ranks make together is what one process makes alone, on every rank, good files
 * and bad. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support.h"

#define FILES 61

static int rank;

static void check(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "rank %d: FAILED: %s (last message: %s)\n", rank, what, gan_error_message());
    exit(1); /* mpirun ends the others */
}

static void write_set(void)
{
    char name[64];
    make_subfolder("set");
    for (int i = 0; i < FILES; i++) {
        if (i % 10 == 0) {
            snprintf(name, sizeof name, "set/%d", i / 10);
            make_subfolder(name);
        }
        snprintf(name, sizeof name, "set/%d/%02d.jpg", i / 10, i);
        if (i % 7 == 3)
            write_bytes(name, "", 0);
        else if (i % 7 == 5)
            write_bytes(name, "rubbish", 7);
        else
            write_jpeg(name, 9 + i % 3, 12 + i % 5, (jpeg_kind){.components = i % 2 ? 3 : 1}, i);
    }
    write_idx("train-images-idx3-ubyte.gz", 50, 12, 12, 0, true);
    write_idx("plain.idx", 50, 12, 12, 3, false);
}

/* Opens with all ranks, then alone, and compares everything. */
static void compare(gan_comm *comm, gan_config config, uint64_t expected_bad)
{
    gan_data *together = NULL, *alone = NULL;
    config.max_bad_fraction = 0.5;
    check(gan_data_open(&together, &config, comm, in_folder("bad-together.txt")) == GAN_OK, config.data);
    char list[64];
    snprintf(list, sizeof list, "bad-alone-%d.txt", rank);
    check(open_self(&alone, &config, in_folder(list)) == GAN_OK, config.data);
    check(gan_data_bad_count(together) == expected_bad, "number of bad files");
    check(gan_data_count(together) == gan_data_count(alone), "number of pictures");
    check(gan_data_fingerprint(together) == gan_data_fingerprint(alone), "fingerprint");
    size_t record = (size_t)(config.height * config.width * config.channels);
    for (uint64_t i = 0; i < gan_data_count(alone); i++) {
        check(memcmp(gan_data_image(together, i), gan_data_image(alone, i), record) == 0, "pixels");
        check(gan_data_label(together, i) == gan_data_label(alone, i), "labels");
    }
    if (expected_bad) {
        size_t n, m;
        uint8_t *a = read_bytes("bad-together.txt", &n), *b = read_bytes(list, &m);
        check(n == m && memcmp(a, b, n) == 0, "list of bad files");
        free(a);
        free(b);
    } else {
        check(access(in_folder("bad-together.txt"), F_OK) != 0, "a stale list of bad files is removed");
    }
    close_self(alone);
    gan_data_close(together);
    check(gan_comm_barrier(comm) == GAN_OK, "barrier");
}

/* Every rank gets the same error, and none is left waiting. */
static void compare_errors(gan_comm *comm)
{
    gan_data *data = NULL;
    gan_config config = config_for("missing", 8, 8, 3);
    check(gan_data_open(&data, &config, comm, NULL) == GAN_BAD_INPUT && !data, "missing path is an error");
    check(strstr(gan_error_message(), "missing: no such file or folder") != NULL, "it says which path");
    config = config_for("set", 8, 8, 3);
    config.max_bad_fraction = 0.01;
    check(gan_data_open(&data, &config, comm, NULL) == GAN_BAD_INPUT && !data,
          "too many bad files are an error");
    check(strstr(gan_error_message(), "of 61 picture files are bad") != NULL, "it says how many");
    /* Only some ranks see the folder: all the same, one message for all. */
    if (rank > 0)
        config = config_for("faces:5", 8, 8, 3);
    config.max_bad_fraction = 1;
    if (gan_comm_size(comm) > 1) {
        check(gan_data_open(&data, &config, comm, NULL) != GAN_OK && !data,
              "ranks with other data are an error");
        check(strstr(gan_error_message(), "list of pictures") != NULL, "it says what differs");
    }
}

int main(int argc, char **argv)
{
    gan_comm *comm = NULL;
    check(gan_comm_open_mpi(&comm, &argc, &argv) == GAN_OK, "start of MPI");
    rank = gan_comm_rank(comm);
    if (rank == 0) {
        make_folder(NULL);
        write_set();
    }
    check(gan_comm_broadcast(comm, test_folder, sizeof test_folder, 0) == GAN_OK, "broadcast");
    gan_config folder = config_for("set", 8, 8, 3);
    folder.labels = GAN_LABELS_FOLDERS;
    folder.classes = 7;
    compare(comm, folder, 17);
    compare(comm, config_for("train-images-idx3-ubyte.gz", 12, 12, 1), 0);
    compare(comm, config_for("train-images-idx3-ubyte.gz", 9, 8, 3), 0);
    compare(comm, config_for("plain.idx", 12, 12, 3), 0);
    compare(comm, config_for("plain.idx", 6, 6, 1), 0);
    compare(comm, config_for("faces:50", 16, 16, 3), 0);
    compare_errors(comm);
    check(gan_comm_barrier(comm) == GAN_OK, "barrier");
    if (rank == 0)
        remove_folder(NULL);
    gan_comm_close(comm, false, 0);
    return 0;
}
