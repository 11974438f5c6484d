/* cuda.c: the cuda backend's table, its constructor, and its errors. */
#include "cuda.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "backend/table.h"

#define WORKSPACE_BYTES ((size_t)32 << 20) /* what cuBLAS wants on Hopper */

gan_status gan_cuda_check(gan_backend *be, const char *what, cudaError_t error)
{
    if (error == cudaSuccess)
        return GAN_OK;
    cudaGetLastError(); /* told here: it must not be found again after the next launch */
    ((gan_cuda *)be)->capture_failed = true;
    return gan_error(GAN_FAILED, "cuda backend: at %s: %s on %s", what, cudaGetErrorString(error), be->place);
}

gan_status gan_cublas_check(gan_backend *be, const char *what, cublasStatus_t status)
{
    if (status == CUBLAS_STATUS_SUCCESS)
        return GAN_OK;
    cudaGetLastError(); /* what cuBLAS came upon in CUDA, likewise */
    ((gan_cuda *)be)->capture_failed = true;
    return gan_error(GAN_FAILED, "cuda backend: at %s: cuBLAS says %s on %s", what,
                     cublasGetStatusString(status), be->place);
}

gan_status gan_cuda_refuse_capture(gan_backend *be, const char *what)
{
    gan_cuda *cuda = (gan_cuda *)be;
    if (!cuda->is_capturing)
        return GAN_OK;
    cuda->capture_failed = true;
    return gan_error(GAN_FAILED, "cuda backend: %s within a capture on %s", what, be->place);
}

gan_status gan_cuda_launched(gan_backend *be, const char *what)
{
    return gan_cuda_check(be, what, cudaGetLastError());
}

/* Frees as far as it was opened. */
static void close_backend(gan_backend *be)
{
    gan_cuda *cuda = (gan_cuda *)be;
    if (be->stream)
        cudaStreamSynchronize(gan_cuda_stream(be));
    gan_cuda_sender_close(be);
    gan_cuda_peeker_close(be);
    gan_cuda_close_slots(cuda);
    cudaFree(cuda->launch);
    cudaFree(cuda->columns);
    cudaFree(cuda->factors);
    cudaFree(cuda->partials);
    if (cuda->cublas)
        cublasDestroy(cuda->cublas);
    cudaFree(cuda->cublas_workspace);
    if (be->stream)
        cudaStreamDestroy(gan_cuda_stream(be));
    free(cuda);
}

static const gan_backend_ops table = {
    .name = "cuda",
    .host_memory = false,
    .keeps_outputs = true,
    .alloc = gan_cuda_alloc,
    .free = gan_cuda_free,
    .upload = gan_cuda_upload,
    .download = gan_cuda_download,
    .copy = gan_cuda_copy,
    .read_start = gan_cuda_read_start,
    .read_wait = gan_cuda_read_wait,
    .sync = gan_cuda_sync,
    .room = gan_cuda_room,
    .host_alloc = gan_cuda_host_alloc,
    .host_free = gan_cuda_host_free,
    .send = gan_cuda_send,
    .send_wait = gan_cuda_send_wait,
    .peek_open = gan_cuda_peek_open,
    .peek = gan_cuda_peek,
    .for_shards = gan_cuda_for_shards,
    .close = close_backend,
    .conv_create = gan_cuda_conv_create,
    .conv_destroy = gan_cuda_conv_destroy,
    .conv_prepare = gan_cuda_conv_prepare,
    .conv_forward = gan_cuda_conv_forward,
    .conv_backward_data = gan_cuda_conv_backward_data,
    .conv_backward_weights = gan_cuda_conv_backward_weights,
    .conv_part_floats = gan_cuda_conv_part_floats,
    .conv_weight_gradient = gan_cuda_conv_weight_gradient,
    .bias_add = gan_cuda_bias_add,
    .bias_gradient = gan_cuda_bias_gradient,
    .act_forward = gan_cuda_act_forward,
    .act_backward = gan_cuda_act_backward,
    .bn_sums = gan_cuda_bn_sums,
    .bn_forward = gan_cuda_bn_forward,
    .bn_backward_sums = gan_cuda_bn_backward_sums,
    .bn_backward = gan_cuda_bn_backward,
    .bn_gradients = gan_cuda_bn_gradients,
    .label_forward = gan_cuda_label_forward,
    .label_backward = gan_cuda_label_backward,
    .transpose = gan_cuda_transpose,
    .pictures = gan_cuda_pictures,
    .loss = gan_cuda_loss,
    .noise = gan_cuda_noise,
    .init = gan_cuda_init,
    .tree_sum = gan_cuda_tree_sum,
    .tree_sum_double = gan_cuda_tree_sum_double,
    .bn_statistics = gan_cuda_bn_statistics,
    .bn_inference = gan_cuda_bn_inference,
    .adam = gan_cuda_adam,
    .capture_begin = gan_cuda_capture_begin,
    .capture_end = gan_cuda_capture_end,
    .graph_launch = gan_cuda_graph_launch,
    .graph_destroy = gan_cuda_graph_destroy,
};

static gan_status find_device(gan_cuda *cuda)
{
    gan_backend *be = &cuda->base;
    gan_backend_devices devices;
    char host[64] = "";
    struct cudaDeviceProp properties;
    gethostname(host, sizeof host - 1);
    gan_cuda_look(&devices);
    if (devices.n == 0)
        return gan_error(GAN_BAD_INPUT,
                         "backend cuda: no usable GPU on host %s: %s; %s, or use --backend cpu", host,
                         devices.why, devices.todo);
    if (be->device < 0 || be->device >= devices.n)
        return gan_error(GAN_BAD_INPUT, "backend cuda: no device %d on host %s, which shows %d, from 0 on",
                         be->device, host, devices.n);
    snprintf(be->place, sizeof be->place, "device %d of host %s", be->device, host);
    GAN_TRY(gan_cuda_check(be, "cudaSetDevice", cudaSetDevice(be->device)));
    GAN_TRY(gan_cuda_check(be, "cudaGetDeviceProperties", cudaGetDeviceProperties(&properties, be->device)));
    snprintf(be->place, sizeof be->place, "device %d (%.40s) of host %s", be->device, properties.name, host);
    return gan_cuda_check(be, "cudaDeviceGetPCIBusId",
                          cudaDeviceGetPCIBusId(be->bus, sizeof be->bus, be->device));
}

/* cublasSetStream gives the handle its own pool of memory again, so the workspace comes after it: with one
 * workspace and one stream, equal calls give equal bits. */
static gan_status open_cublas(gan_cuda *cuda)
{
    gan_backend *be = &cuda->base;
    GAN_TRY(gan_cublas_check(be, "cublasCreate", cublasCreate(&cuda->cublas)));
    GAN_TRY(gan_cublas_check(be, "cublasSetStream", cublasSetStream(cuda->cublas, gan_cuda_stream(be))));
    GAN_TRY(gan_cuda_alloc(be, &cuda->cublas_workspace, WORKSPACE_BYTES));
    return gan_cublas_check(be, "cublasSetWorkspace",
                            cublasSetWorkspace(cuda->cublas, cuda->cublas_workspace, WORKSPACE_BYTES));
}

static gan_status open_parts(gan_cuda *cuda)
{
    gan_backend *be = &cuda->base;
    cudaStream_t stream = NULL;
    void *memory;
    GAN_TRY(find_device(cuda));
    GAN_TRY(gan_cuda_check(be, "cudaStreamCreateWithFlags",
                           cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking)));
    be->stream = stream;
    GAN_TRY(gan_cuda_alloc(be, &memory, GAN_CUDA_PARTIALS * sizeof(double)));
    cuda->partials = memory;
    GAN_TRY(gan_cuda_alloc(be, &memory, sizeof *cuda->launch));
    cuda->launch = memory;
    GAN_TRY(gan_cuda_open_slots(cuda));
    GAN_TRY(gan_cuda_try(be)); /* before cuBLAS, which says less of a device that it has no code for */
    return open_cublas(cuda);
}

gan_status gan_cuda_open(gan_backend **out, const gan_backend_options *options)
{
    *out = NULL;
    gan_cuda *cuda = calloc(1, sizeof *cuda);
    if (!cuda)
        return gan_error(GAN_FAILED, "cuda backend: out of memory");
    cuda->base.ops = &table;
    cuda->base.device = options->device;
    cuda->precision = options->precision == GAN_PRECISION_AUTO ? GAN_PRECISION_TF32 : options->precision;
    cuda->base.threads = 1; /* shards follow one another on the one stream, each on the whole GPU */
    gan_status status = open_parts(cuda);
    if (status != GAN_OK) {
        close_backend(&cuda->base);
        return status;
    }
    *out = &cuda->base;
    return GAN_OK;
}
