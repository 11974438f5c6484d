#include "report.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <execinfo.h>
#include <map>
#include <thread>
#include "cudasim.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

std::function<std::string()> running_now;

static const char *const policy_names[] = {"eager", "lazy", "random", "starve", "halfway"};

static Settings current;
static uint64_t dice_state;
static std::map<std::string, unsigned long> calls;
static std::map<std::string, std::map<unsigned long, cudaError_t>> plan; /* success: the call's own error */
static cudaError_t planned = cudaSuccess;                                /* of the call that fails now */
static cudaError_t last_error = cudaSuccess;
static bool lost;

static Policy policy_of(const char *name)
{
    for (int i = 0; i < 5; i++)
        if (strcmp(name, policy_names[i]) == 0)
            return static_cast<Policy>(i);
    misuse("there is no policy \"%s\": eager, lazy, random, starve or halfway", name);
}

static void read_plan(const char *text)
{
    plan.clear();
    calls.clear();
    for (std::string rest = text; !rest.empty();) {
        const std::string one = rest.substr(0, rest.find(','));
        rest = rest.size() > one.size() ? rest.substr(one.size() + 1) : "";
        const size_t colon = one.find(':');
        const unsigned long count = colon == std::string::npos ? 0 : strtoul(&one[colon + 1], nullptr, 10);
        if (count == 0)
            misuse("CUDASIM_FAIL wants CALL:NUMBER,... or CALL:NUMBER=CODE,..., not \"%s\"", text);
        const size_t code = one.find('=');
        const int error = code == std::string::npos ? 0 : atoi(&one[code + 1]);
        plan[one.substr(0, colon)][count] = static_cast<cudaError_t>(error);
    }
}

#if defined(__SANITIZE_ADDRESS__)
static void say_where()
{
    fprintf(stderr, "cudasim: %s\n", describe_running().c_str());
}
#endif

static const char *environment(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

const Settings &settings()
{
    static bool read;
    if (!read) {
        read = true;
        current.seed = strtoull(environment("CUDASIM_SEED", "1"), nullptr, 10);
        dice_state = current.seed;
        current.devices = atoi(environment("CUDASIM_DEVICES", "1"));
        current.capability = atoi(environment("CUDASIM_CAPABILITY", "90"));
        current.policy = policy_of(environment("CUDASIM_POLICY", "random"));
        read_plan(environment("CUDASIM_FAIL", ""));
#if defined(__SANITIZE_ADDRESS__)
        __sanitizer_set_death_callback(say_where);
#endif
    }
    return current;
}

/* splitmix64 (Steele, Lea, Flood 2014). */
uint64_t dice(uint64_t below)
{
    uint64_t z = dice_state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % below;
}

std::string describe_running()
{
    const std::string place = running_now ? running_now() : "in host code";
    const std::string seed = std::to_string(current.seed);
    const char *policy = policy_names[static_cast<int>(current.policy)];
    return place + "; repeat with CUDASIM_SEED=" + seed + " CUDASIM_POLICY=" + policy;
}

void misuse(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fflush(stdout);
    fprintf(stderr, "cudasim: %s\ncudasim: %s\n", text, describe_running().c_str());
    void *frames[32];
    backtrace_symbols_fd(frames, backtrace(frames, 32), 2);
    abort();
}

static bool counts(const std::string &call)
{
    const unsigned long count = ++calls[call];
    const auto found = plan.find(call);
    if (found == plan.end() || found->second.count(count) == 0)
        return false;
    planned = found->second[count];
    return true;
}

bool injected(const char *call)
{
    settings();
    const bool in_capture = capture_is_open() && counts("captured." + std::string(call));
    const bool fails = counts(call) || in_capture;
    if (fails)
        spoil_capture();
    return fails;
}

bool called_by_user()
{
    static const std::thread::id user = std::this_thread::get_id();
    return std::this_thread::get_id() == user;
}

cudaError_t enter(const char *call, cudaError_t error)
{
    if (!called_by_user())
        misuse("%s is called by a second thread: one thread of a process owns the device", call);
    if (running_now)
        misuse("%s is called by device code", call);
    if (lost)
        return cudaErrorIllegalAddress;
    if (!injected(call))
        return cudaSuccess;
    return fail(planned == cudaSuccess ? error : planned);
}

cudaError_t fail(cudaError_t error)
{
    return last_error = error;
}

void kernel_failed()
{
    lost = true;
}

bool device_lost()
{
    return lost;
}

extern "C" cudaError_t cudaPeekAtLastError(void)
{
    return lost ? cudaErrorIllegalAddress : last_error;
}

extern "C" cudaError_t cudaGetLastError(void)
{
    const cudaError_t error = cudaPeekAtLastError();
    last_error = cudaSuccess;
    return error;
}

struct ErrorText {
    cudaError_t error;
    const char *name, *text;
};
static const ErrorText error_texts[] = {
    {cudaSuccess, "cudaSuccess", "no error"},
    {cudaErrorInvalidValue, "cudaErrorInvalidValue", "invalid argument"},
    {cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    {cudaErrorInitializationError, "cudaErrorInitializationError", "initialization error"},
    {cudaErrorInvalidDeviceFunction, "cudaErrorInvalidDeviceFunction", "invalid device function"},
    {cudaErrorNoDevice, "cudaErrorNoDevice", "no CUDA-capable device is detected"},
    {cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "invalid device ordinal"},
    {cudaErrorNoKernelImageForDevice, "cudaErrorNoKernelImageForDevice",
     "no kernel image is available for execution on the device"},
    {cudaErrorUnsupportedPtxVersion, "cudaErrorUnsupportedPtxVersion",
     "the provided PTX was compiled with an unsupported toolchain."},
    {cudaErrorNotReady, "cudaErrorNotReady", "device not ready"},
    {cudaErrorIllegalAddress, "cudaErrorIllegalAddress", "an illegal memory access was encountered"},
    {cudaErrorLaunchOutOfResources, "cudaErrorLaunchOutOfResources",
     "too many resources requested for launch"},
    {cudaErrorStreamCaptureUnjoined, "cudaErrorStreamCaptureUnjoined", "capturing stream has unjoined work"},
};

static const ErrorText &text_of(cudaError_t error)
{
    static const ErrorText unknown = {cudaErrorUnknown, "cudaErrorUnknown", "unknown error"};
    for (const ErrorText &row : error_texts)
        if (row.error == error)
            return row;
    return unknown;
}

extern "C" const char *cudaGetErrorName(cudaError_t error)
{
    return text_of(error).name;
}

extern "C" const char *cudaGetErrorString(cudaError_t error)
{
    return text_of(error).text;
}

extern "C" void cudasim_set(unsigned long long seed, const char *policy)
{
    settings();
    current.seed = dice_state = seed;
    current.policy = policy_of(policy);
}

extern "C" void cudasim_fail(const char *text)
{
    settings();
    read_plan(text);
    last_error = cudaSuccess;
    lost = false;
}

extern "C" unsigned long cudasim_calls(const char *call)
{
    return calls[call];
}
