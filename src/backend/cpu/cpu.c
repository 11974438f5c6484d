/* cpu.c: the cpu backend's table (the ref table with the fast ops put over it),
 * its threads and its scratch memory. */
#include "cpu.h"

#include <limits.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "backend/ref/ref.h"
#include "backend/table.h"
#include "onednn.h"
#include "simd.h"
#include "gan_dist/base.h"

gan_status gan_cpu_scratch_get(float **out, gan_backend *be, size_t floats)
{
    gan_cpu_scratch *scratch = &((gan_cpu *)be)->scratch[omp_get_thread_num()];
    if (scratch->floats < floats) {
        free(scratch->memory);
        scratch->memory = gan_alloc(floats * sizeof(float));
        scratch->floats = scratch->memory ? floats : 0;
        if (!scratch->memory)
            return gan_error(
                GAN_FAILED, "cpu backend: no memory for %zu MiB of scratch; use fewer threads or more shards",
                floats * sizeof(float) >> 20);
    }
    *out = scratch->memory;
    return GAN_OK;
}

size_t gan_cpu_room_reserve(gan_backend *be, int group, size_t floats)
{
    gan_cpu *cpu = (gan_cpu *)be;
    size_t at = cpu->reserved[group];
    cpu->reserved[group] += (floats + GAN_LINE - 1) / GAN_LINE * GAN_LINE;
    cpu->plans[group]++;
    return at;
}

void gan_cpu_room_release(gan_backend *be, int group)
{
    gan_cpu *cpu = (gan_cpu *)be;
    if (--cpu->plans[group] == 0)
        cpu->reserved[group] = 0;
}

gan_status gan_cpu_room_open(gan_backend *be)
{
    gan_cpu *cpu = (gan_cpu *)be;
    size_t need = cpu->reserved[0] > cpu->reserved[1] ? cpu->reserved[0] : cpu->reserved[1];
    if (need <= cpu->room_floats)
        return GAN_OK;
    float *larger = gan_alloc(need * sizeof(float));
    if (!larger)
        return gan_error(GAN_FAILED, "cpu backend: no memory for %zu MiB of transformed weights",
                         need * sizeof(float) >> 20);
    if (cpu->room) /* a plan of this group may be prepared already */
        memcpy(larger, cpu->room, cpu->room_floats * sizeof(float));
    free(cpu->room);
    cpu->room = larger;
    cpu->room_floats = need;
    return GAN_OK;
}

/* The lowest failing shard wins, so that the message does not depend on timing:
 * shards above it need not run. */
static gan_status for_shards(gan_backend *be, int n, gan_shard_fn fn, void *context)
{
    gan_status status = GAN_OK;
    int failed = INT_MAX;
    char message[2048] = "";
#pragma omp parallel for num_threads(be->threads) schedule(static)
    for (int shard = 0; shard < n; shard++) {
        int limit;
#pragma omp atomic read
        limit = failed;
        if (shard > limit)
            continue;
        gan_status own = fn(context, shard);
        if (own == GAN_OK)
            continue;
#pragma omp critical(gan_cpu_for_shards)
        if (shard < failed) {
#pragma omp atomic write
            failed = shard;
            status = own;
            snprintf(message, sizeof message, "%s", gan_error_message());
        }
    }
    return status == GAN_OK ? GAN_OK : gan_error(status, "%s", message);
}

static void close_backend(gan_backend *be)
{
    gan_cpu *cpu = (gan_cpu *)be;
    for (int i = 0; cpu->scratch && i < be->threads; i++)
        free(cpu->scratch[i].memory);
    free(cpu->scratch);
    free(cpu->room);
    gan_dnnl_close(cpu->dnnl);
    free(cpu);
}

static gan_backend_ops table;

static void fill_table(void)
{
    table = gan_ref_ops;
    table.name = "cpu";
    table.shares_copies = true;
    table.for_shards = for_shards;
    table.close = close_backend;
    table.conv_create = gan_cpu_conv_create;
    table.conv_destroy = gan_cpu_conv_destroy;
    table.conv_prepare = gan_cpu_conv_prepare;
    table.conv_forward = gan_cpu_conv_forward;
    table.conv_backward_data = gan_cpu_conv_backward_data;
    table.conv_backward_weights = gan_cpu_conv_backward_weights;
    table.conv_part_floats = gan_cpu_conv_part_floats;
    table.conv_weight_gradient = gan_cpu_conv_weight_gradient;
    table.bias_add = gan_cpu_bias_add;
    table.bias_gradient = gan_cpu_bias_gradient;
    table.act_forward = gan_cpu_act_forward;
    table.act_backward = gan_cpu_act_backward;
    table.bn_sums = gan_cpu_bn_sums;
    table.bn_forward = gan_cpu_bn_forward;
    table.bn_backward_sums = gan_cpu_bn_backward_sums;
    table.bn_backward = gan_cpu_bn_backward;
    table.tree_sum = gan_cpu_tree_sum;
    table.tree_sum_double = gan_cpu_tree_sum_double;
    table.adam = gan_cpu_adam;
    table.transpose = gan_cpu_transpose;
}

gan_status gan_cpu_open(gan_backend **out, const gan_backend_options *options)
{
    const int threads = options->threads;
    gan_status status = GAN_OK;
    *out = NULL;
    gan_cpu *cpu = calloc(1, sizeof *cpu);
    if (!cpu)
        return gan_error(GAN_FAILED, "cpu backend: out of memory");
    fill_table();
    cpu->base.ops = &table;
    cpu->base.threads = threads;
    cpu->scratch = calloc((size_t)threads, sizeof *cpu->scratch);
    if (!cpu->scratch)
        GAN_TRY_OUT(status, gan_error(GAN_FAILED, "cpu backend: out of memory"));
    GAN_TRY_OUT(status, gan_dnnl_open(&cpu->dnnl, threads));
    *out = &cpu->base;
    return GAN_OK;
out:
    close_backend(&cpu->base);
    return status;
}
