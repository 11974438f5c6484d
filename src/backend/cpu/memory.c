/* memory.c: the backend's memory. Large buffers are asked for in huge pages: weights and gradients are
 * streamed in many strands, and with 4 KiB pages the processor spends its time looking up addresses. Where
 * the system has none, nothing changes. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "cpu.h"
#include "gan_dist/base.h"

#define HUGE_PAGE ((size_t)2 << 20)
#define LARGE     (2 * HUGE_PAGE) /* below, rounding up to whole pages would waste too much */

void *gan_cpu_memory(size_t bytes)
{
    if (bytes < LARGE)
        return gan_alloc(bytes);
    if (bytes > SIZE_MAX - HUGE_PAGE)
        return NULL;
    const size_t rounded = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    void *memory = aligned_alloc(HUGE_PAGE, rounded);
    if (!memory)
        return NULL;
#ifdef MADV_HUGEPAGE
    madvise(memory, rounded, MADV_HUGEPAGE); /* advice: a refusal costs speed only */
#endif
    memset(memory, 0, bytes);
    return memory;
}

gan_status gan_cpu_alloc(gan_backend *be, void **out, size_t bytes)
{
    (void)be;
    *out = gan_cpu_memory(bytes);
    return *out ? GAN_OK
                : gan_error(GAN_FAILED,
                            "cpu backend: no memory for %zu MiB; use more ranks or a smaller batch",
                            bytes >> 20);
}
