/* graph.c: captures of what goes to the stream, and graphs made of them: a whole step for the price of one
 * launch. A graph has its pointers and values frozen; what changes from launch to launch is in one place of
 * the device's memory, which every launch fills first, on the same stream. */
#include "cuda.h"

#include <stdlib.h>

struct gan_graph {
    cudaGraphExec_t exec;
    int adams;
};

gan_status gan_cuda_capture_begin(gan_backend *be)
{
    gan_cuda *cuda = (gan_cuda *)be;
    GAN_TRY(gan_cuda_refuse_capture(be, "capture_begin"));
    /* Of this thread's calls: the loader's need not care. */
    GAN_TRY(gan_cuda_check(be, "capture_begin",
                           cudaStreamBeginCapture(gan_cuda_stream(be), cudaStreamCaptureModeThreadLocal)));
    cuda->is_capturing = true;
    cuda->capture_failed = false;
    cuda->adams = 0;
    return GAN_OK;
}

/* CUDA leaves the capture also where it finds a mistake in it; a stream that did not cannot be asked.
 * A capture that is given up has such mistakes because a call in it has failed,
 * and the words of that are to stay. */
static gan_status capture_is_void(gan_backend *be, cudaError_t error, bool is_given_up)
{
    const cudaError_t state = cudaStreamQuery(gan_cuda_stream(be));
    const bool is_usable = state == cudaSuccess || state == cudaErrorNotReady;
    cudaGetLastError(); /* told here: it must not be found again after the next launch */
    if (is_given_up && is_usable)
        return GAN_OK;
    return gan_error(GAN_FAILED, "cuda backend: at capture_end: %s on %s%s", cudaGetErrorString(error),
                     be->place, is_usable ? "" : "; this backend cannot be used any more");
}

static gan_status instantiate(gan_backend *be, gan_graph *graph, cudaGraph_t captured)
{
    GAN_TRY(gan_cuda_check(
        be, "capture_end",
        cudaGraphInstantiateWithFlags(&graph->exec, captured, cudaGraphInstantiateFlagUseNodePriority)));
    return gan_cuda_check(be, "capture_end", cudaGraphUpload(graph->exec, gan_cuda_stream(be)));
}

static gan_status make_graph(gan_backend *be, gan_graph **out, cudaGraph_t captured)
{
    gan_graph *graph = calloc(1, sizeof *graph);
    if (!graph)
        return gan_error(GAN_FAILED, "cuda backend: out of memory");
    graph->adams = ((gan_cuda *)be)->adams;
    ((gan_cuda *)be)->graphs++;
    gan_status status = instantiate(be, graph, captured);
    if (status == GAN_OK)
        *out = graph;
    else
        gan_cuda_graph_destroy(be, graph);
    return status;
}

gan_status gan_cuda_capture_end(gan_backend *be, gan_graph **out)
{
    gan_cuda *cuda = (gan_cuda *)be;
    cudaGraph_t captured = NULL;
    gan_status status = GAN_OK;
    if (out)
        *out = NULL;
    if (!cuda->is_capturing)
        return gan_error(GAN_FAILED, "cuda backend: capture_end without capture_begin on %s", be->place);
    cuda->is_capturing = false;
    cudaError_t error = cudaStreamEndCapture(gan_cuda_stream(be), &captured);
    if (error != cudaSuccess)
        return capture_is_void(be, error, out == NULL);
    if (out && cuda->capture_failed)
        status = gan_error(GAN_FAILED, "cuda backend: a captured call has failed: no graph on %s", be->place);
    else if (out)
        status = make_graph(be, out, captured);
    cudaGraphDestroy(captured);
    return status;
}

gan_status gan_cuda_graph_launch(gan_backend *be, gan_graph *graph, uint32_t step, const gan_adam_args *args,
                                 int n)
{
    gan_cuda_launch launch = {.step = step};
    GAN_TRY(gan_cuda_refuse_capture(be, "graph_launch"));
    if (n != graph->adams)
        return gan_error(GAN_FAILED,
                         "cuda backend: graph_launch with %d updates of Adam, but %d are captured", n,
                         graph->adams);
    for (int i = 0; i < n; i++)
        launch.adam[i] = args[i];
    GAN_TRY(gan_cuda_upload(be, ((gan_cuda *)be)->launch, &launch, sizeof launch));
    return gan_cuda_check(be, "graph_launch", cudaGraphLaunch(graph->exec, gan_cuda_stream(be)));
}

/* A launch of it may still be under way. Where the wait for that is ended, so is the process soon. */
void gan_cuda_graph_destroy(gan_backend *be, gan_graph *graph)
{
    cudaError_t error;
    if (!graph)
        return;
    if (graph->exec && gan_cuda_wait_for(be, gan_cuda_stream(be), NULL, &error) == GAN_OK)
        cudaGraphExecDestroy(graph->exec);
    ((gan_cuda *)be)->graphs--;
    free(graph);
}

const uint32_t *gan_cuda_launch_step(gan_backend *be)
{
    gan_cuda *cuda = (gan_cuda *)be;
    return cuda->is_capturing ? &cuda->launch->step : NULL;
}

gan_status gan_cuda_launch_adam(gan_backend *be, const gan_adam_args **out)
{
    gan_cuda *cuda = (gan_cuda *)be;
    *out = NULL;
    if (!cuda->is_capturing)
        return GAN_OK;
    if (cuda->adams == GAN_CUDA_ADAMS) {
        cuda->capture_failed = true;
        return gan_error(GAN_FAILED, "cuda backend: a graph has room for %d updates of Adam and no more",
                         GAN_CUDA_ADAMS);
    }
    *out = &cuda->launch->adam[cuda->adams++];
    return GAN_OK;
}
