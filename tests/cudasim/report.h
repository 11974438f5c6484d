/* report.h: settings, the seeded dice, injected failures, and how a mistake ends: one report with all that
 * repeats it, then abort(). */
#ifndef CUDASIM_REPORT_H
#define CUDASIM_REPORT_H

#include <cstdint>
#include <functional>
#include <string>
#include <vector>
#include "cuda_runtime_api.h"

enum class Policy { Eager, Lazy, Random, Starve, Halfway };

struct Settings {
    uint64_t seed;
    Policy policy;
    int devices;
    int capability; /* 90: compute capability 9.0 */
};
const Settings &settings();

uint64_t dice(uint64_t below); /* 0 <= result < below */

[[noreturn]] void misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What runs at the moment, for reports: set by who runs it, empty in host code. */
extern std::function<std::string()> running_now;
std::string describe_running();

/* Every API function begins with this: success, the injected failure of `call`, or the sticky error of a
 * kernel that failed. */
cudaError_t enter(const char *call, cudaError_t injected = cudaErrorUnknown);
bool injected(const char *call);     /* counts a call that is not an API function's: "launch", "kernel" */
bool capture_is_open();              /* graph.cpp: a call is then counted as "captured." and its name, too */
void spoil_capture();                /* graph.cpp: a call in it fails on purpose */
bool called_by_user();               /* the thread that made the first call */
cudaError_t fail(cudaError_t error); /* remembers it for cudaGetLastError */
void kernel_failed();                /* from here on every call fails */
bool device_lost();

/* Instead of `delete`: no new object gets the address, so that a stale handle is known as one. */
template <typename T> void bury(T *object)
{
    static std::vector<T *> graves;
    graves.push_back(object);
}

#define CUDASIM_ENTER(...)                                                                                   \
    do {                                                                                                     \
        const cudaError_t entered = enter(__VA_ARGS__);                                                      \
        if (entered != cudaSuccess)                                                                          \
            return entered;                                                                                  \
    } while (0)

#endif
