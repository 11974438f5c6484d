/* cudasim.h: what a test may ask of the stand-in beyond CUDA. One OS thread uses all of it. */
#ifndef CUDASIM_H
#define CUDASIM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Another seed and policy (eager, lazy, random, starve, halfway) from here on. All streams must be idle. */
void cudasim_set(unsigned long long seed, const char *policy);

/* Each device has so many bytes from here on. */
void cudasim_memory(size_t bytes);

/* "cudaMalloc:7,kernel:3": as CUDASIM_FAIL, counted from here on; "" for none. Clears a pending error. */
void cudasim_fail(const char *plan);

/* How often `call` has been made since the last cudasim_fail(). */
unsigned long cudasim_calls(const char *call);

/* Allocations, streams, events, graphs and handles that are still alive. */
unsigned long cudasim_alive(void);

#ifdef __cplusplus
}
#endif

#endif
