/* bench_decode FOLDER [RUNS]: opening a folder of JPEGs against what
 * libjpeg-turbo alone takes for the same files.
 *
 * Under mpirun every rank decodes its share, in both halves; the time is that of the slowest rank. "plain"
 * reads each file and decodes it to RGB, nothing else. "open" is gan_data_open: list, decode, crop and resize
 * (none at the size of the files), hash, shared memory. Prints the best of RUNS (5) and the median ratio of
 * neighbouring pairs. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jpeglib.h>
#include "gan_dist/base.h"
#include "gan_dist/comm.h"
#include "gan_dist/data.h"

#define FILES_MAX 200000
#define RUNS_MAX  100

static char *names[FILES_MAX];
static size_t n_names;

static gan_status list(const char *folder)
{
    DIR *d = opendir(folder);
    if (!d)
        return gan_error(GAN_BAD_INPUT, "%s: cannot be opened", folder);
    for (struct dirent *e; (e = readdir(d)) && n_names < FILES_MAX;) {
        if (e->d_name[0] == '.')
            continue;
        size_t room = strlen(folder) + strlen(e->d_name) + 2;
        names[n_names] = malloc(room);
        snprintf(names[n_names++], room, "%s/%s", folder, e->d_name);
    }
    closedir(d);
    return n_names ? GAN_OK : gan_error(GAN_BAD_INPUT, "%s: empty", folder);
}

static gan_status decode_plain(const char *path, unsigned char *out, int *height, int *width)
{
    void *bytes;
    size_t n;
    GAN_TRY(gan_file_read(&bytes, &n, path, 1 << 24));
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, bytes, n);
    jpeg_read_header(&jpeg, TRUE);
    jpeg_start_decompress(&jpeg);
    *height = (int)jpeg.output_height;
    *width = (int)jpeg.output_width;
    while (jpeg.output_scanline < jpeg.output_height) {
        JSAMPROW row = out;
        jpeg_read_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    free(bytes);
    return GAN_OK;
}

static gan_status run_plain(double *seconds, gan_comm *comm, int *height, int *width)
{
    static unsigned char row[3 * 65536];
    GAN_TRY(gan_comm_barrier(comm));
    double start = gan_clock();
    for (size_t i = (size_t)gan_comm_rank(comm); i < n_names; i += (size_t)gan_comm_size(comm))
        GAN_TRY(decode_plain(names[i], row, height, width));
    GAN_TRY(gan_comm_barrier(comm));
    *seconds = gan_clock() - start;
    return GAN_OK;
}

static gan_status run_open(double *seconds, gan_comm *comm, const gan_config *config)
{
    gan_data *data;
    GAN_TRY(gan_comm_barrier(comm));
    double start = gan_clock();
    GAN_TRY(gan_data_open(&data, config, comm, NULL));
    GAN_TRY(gan_comm_barrier(comm));
    *seconds = gan_clock() - start;
    gan_data_close(data);
    return GAN_OK;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static gan_status measure(gan_comm *comm, const char *folder, int runs)
{
    double plain[RUNS_MAX], open[RUNS_MAX], ratio[RUNS_MAX];
    gan_config config;
    gan_config_defaults(&config);
    GAN_TRY(list(folder));
    snprintf(config.data, sizeof config.data, "%s", folder);
    config.channels = 3;
    config.batch = 1;
    for (int i = 0; i < runs; i++) {
        GAN_TRY(run_plain(&plain[i], comm, &config.height, &config.width));
        GAN_TRY(run_open(&open[i], comm, &config));
        ratio[i] = open[i] / plain[i];
    }
    qsort(plain, (size_t)runs, sizeof *plain, by_size);
    qsort(open, (size_t)runs, sizeof *open, by_size);
    qsort(ratio, (size_t)runs, sizeof *ratio, by_size);
    if (gan_comm_rank(comm) == 0)
        printf("%zu files, %d ranks: plain %.3f s, open %.3f s (best of %d); median ratio %.2f\n", n_names,
               gan_comm_size(comm), plain[0], open[0], runs, ratio[runs / 2]);
    return GAN_OK;
}

int main(int argc, char **argv)
{
    gan_comm *comm;
    int runs = argc > 2 ? atoi(argv[2]) : 5;
    if (argc < 2 || runs < 1 || runs > RUNS_MAX) {
        fprintf(stderr, "usage: bench_decode FOLDER [RUNS]\n");
        return GAN_BAD_INPUT;
    }
    gan_status status = gan_comm_open_mpi(&comm, &argc, &argv);
    if (status == GAN_OK) {
        status = measure(comm, argv[1], runs);
        if (status != GAN_OK)
            fprintf(stderr, "bench_decode: %s\n", gan_error_message());
        gan_comm_close(comm, status != GAN_OK, status);
    }
    return status;
}
