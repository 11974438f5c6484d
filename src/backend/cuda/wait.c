/* wait.c: how the host waits for the device: it looks, and asks `poll` between, since a device can wait for
 * another rank for ever. */
#include "cuda.h"

#include <time.h>

#define PAUSE_NANOSECONDS 20000 /* a few of them in the shortest of steps */

gan_status gan_cuda_wait_for(gan_backend *be, cudaStream_t stream, cudaEvent_t event, cudaError_t *error)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NANOSECONDS};
    for (;;) {
        *error = event ? cudaEventQuery(event) : cudaStreamQuery(stream);
        if (*error != cudaErrorNotReady)
            return GAN_OK;
        cudaGetLastError(); /* not a failure: it must not be found after the next launch */
        if (be->poll)
            GAN_TRY(be->poll(be->poll_context));
        nanosleep(&pause, NULL);
    }
}

gan_status gan_cuda_wait(gan_backend *be, const char *what, cudaEvent_t event)
{
    cudaError_t error;
    GAN_TRY(gan_cuda_wait_for(be, gan_cuda_stream(be), event, &error));
    return gan_cuda_check(be, what, error);
}
