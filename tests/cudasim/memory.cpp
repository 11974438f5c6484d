#include "memory.h"

#include <cstdint>
#include <cstring>
#include <map>
#include <signal.h>
#include <sys/mman.h>
#include "cudasim.h"
#include "fiber.h"
#include "race.h"
#include "report.h"
#include "stream.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
static const bool asan = true;
#else
#define ASAN_POISON_MEMORY_REGION(at, bytes)   ((void)(at), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
static const bool asan = false;
#endif

static const size_t page = 4096, redzone = 256, arena_bytes = size_t{64} << 30;
static size_t device_bytes = size_t{16} << 30;
static const size_t quarantine_bytes = size_t{256} << 20;

/* Grows in chunks, which are NaN, and poison for AddressSanitizer, until they are given out. */
struct Arena {
    size_t chunk;
    char *base, *top, *end;
    std::map<const char *, Allocation> allocations;
};
static const size_t huge_page = size_t{2}
                                << 20; /* a few of them open and close faster than many small ones */
static Arena device_arena = {huge_page, nullptr, nullptr, nullptr, {}};
static Arena pinned_arena = {page, nullptr, nullptr, nullptr, {}};
static size_t device_used;
static std::list<Allocation> quarantine;
static size_t quarantined;
static int opened;
static std::list<HostUse> host_uses;

static size_t round_up(size_t bytes, size_t to)
{
    return (bytes + to - 1) / to * to;
}

static bool inside(const Arena &arena, const void *address)
{
    const char *at = static_cast<const char *>(address);
    return arena.base && at >= arena.base && at < arena.base + arena_bytes;
}

static void on_fault(int, siginfo_t *info, void *)
{
    const void *at = info->si_addr;
    signal(SIGSEGV, SIG_DFL);
    if (fiber_guards(at))
        misuse("stack overflow of a device thread");
    if (inside(device_arena, at) || inside(pinned_arena, at))
        misuse("%s touches %s", running_now ? "device code" : "host code", describe_address(at).c_str());
}

static void reserve(Arena &arena)
{
    if (arena.base)
        return;
    void *memory = mmap(nullptr, arena_bytes + (size_t{1} << 33), PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        misuse("cannot reserve the addresses of device memory");
    /* No address has a small number in its lower half, as an int beside padding has. */
    const uintptr_t from = round_up(reinterpret_cast<uintptr_t>(memory), size_t{1} << 32) + (size_t{1} << 24);
    arena.base = arena.top = arena.end = reinterpret_cast<char *>(from);
    madvise(arena.base, arena_bytes, MADV_HUGEPAGE);
    static char stack[64 << 10];
    stack_t alternative = {};
    alternative.ss_sp = stack;
    alternative.ss_size = sizeof stack;
    sigaltstack(&alternative, nullptr);
    struct sigaction action = {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSEGV, &action, nullptr);
}

static void protect(char *from, char *to, int protection)
{
    if (to > from && mprotect(from, static_cast<size_t>(to - from), protection) != 0)
        misuse("mprotect of %zu bytes fails", static_cast<size_t>(to - from));
}

static void protect_device(int protection)
{
    protect(device_arena.base, device_arena.end, protection);
}

DeviceMemoryOpen::DeviceMemoryOpen()
{
    if (opened++ == 0)
        protect_device(PROT_READ | PROT_WRITE);
}

DeviceMemoryOpen::~DeviceMemoryOpen()
{
    if (--opened == 0)
        protect_device(PROT_NONE);
}

static void grow(Arena &arena, const char *to)
{
    char *from = arena.end;
    arena.end = arena.base + round_up(static_cast<size_t>(to - arena.base), arena.chunk);
    if (arena.end <= from) {
        arena.end = from;
        return;
    }
    protect(from, arena.end, PROT_READ | PROT_WRITE);
    memset(from, 0xff, static_cast<size_t>(arena.end - from));
    ASAN_POISON_MEMORY_REGION(from, static_cast<size_t>(arena.end - from));
}

/* Takes bytes from the arena's top, with a redzone at either side. */
static char *take(Arena &arena, size_t bytes, size_t align, int device)
{
    const size_t used = round_up(static_cast<size_t>(arena.top - arena.base), align);
    char *at = arena.base + round_up(used + redzone, align);
    arena.top = at + bytes + redzone;
    grow(arena, arena.top);
    ASAN_UNPOISON_MEMORY_REGION(at, bytes);
    arena.allocations[at] = {at, bytes, device, true, false};
    return at;
}

const Allocation *allocation_near(const void *address)
{
    const char *at = static_cast<const char *>(address);
    const Arena *arena = inside(device_arena, at) ? &device_arena : &pinned_arena;
    if (!inside(*arena, at) || arena->allocations.empty())
        return nullptr;
    auto next = arena->allocations.upper_bound(at);
    if (next != arena->allocations.begin())
        --next;
    return &next->second;
}

bool is_device_address(const void *address)
{
    return inside(device_arena, address);
}

bool is_pinned(const void *address, size_t bytes)
{
    const char *at = static_cast<const char *>(address);
    const Allocation *near = inside(pinned_arena, at) ? allocation_near(at) : nullptr;
    return near && near->live && at >= near->at && at + bytes <= near->at + near->bytes;
}

std::string describe_address(const void *address)
{
    const char *at = static_cast<const char *>(address);
    const Allocation *near = allocation_near(at);
    if (!near)
        return "memory that is neither device memory nor pinned";
    std::string text = near->live ? "" : "freed ";
    text += near->device < 0 ? "pinned memory" : "device memory";
    text += " (byte " + std::to_string(at - near->at) + " of " + std::to_string(near->bytes) + ")";
    for (const HostUse &use : host_uses)
        if (at >= use.at && at < use.at + use.bytes)
            return text + (use.host_may_read ? " that a queued copy still reads"
                                             : " that a queued copy still writes");
    return text;
}

std::string fault_of(const void *address, size_t bytes, int device)
{
    const char *at = static_cast<const char *>(address);
    const Allocation *near = allocation_near(at);
    if (!near || (near->device < 0 && !near->mapped))
        return near ? "pinned memory of the host" : "memory of the host";
    if (!near->live)
        return describe_address(at);
    if (at < near->at || at + bytes > near->at + near->bytes)
        return describe_address(at < near->at ? at : at + bytes - 1) + ", out of bounds";
    if (!near->mapped && near->device != device)
        return "memory of device " + std::to_string(near->device);
    return "";
}

static bool is_poison(const char *at, size_t bytes)
{
    static const std::string poison(redzone, '\xff');
    return memcmp(at, poison.data(), bytes) == 0;
}

static bool in_use_by_copy(const Allocation &one)
{
    for (const HostUse &use : host_uses)
        if (use.at >= one.at && use.at < one.at + one.bytes)
            return true;
    return false;
}

void check_redzones(const std::string &who)
{
    if (asan)
        return;
    for (const Arena *arena : {&device_arena, &pinned_arena})
        for (const auto &[at, one] : arena->allocations)
            if (one.live && !in_use_by_copy(one) &&
                (!is_poison(at - redzone, redzone) || !is_poison(at + one.bytes, redzone)))
                misuse("%s wrote beside an allocation of %zu bytes", who.c_str(), one.bytes);
    for (const Allocation &one : quarantine)
        if (!is_poison(one.at, one.bytes < redzone ? one.bytes : redzone))
            misuse("%s wrote into freed memory (an allocation of %zu bytes)", who.c_str(), one.bytes);
}

/* Only pages of which the use covers all bytes of the allocation can be closed. */
static void close_pages(const HostUse &use)
{
    const Allocation *in = allocation_near(use.at);
    for (char *at = in->at; at < in->at + in->bytes; at += page) {
        const char *end = at + page < in->at + in->bytes ? at + page : in->at + in->bytes;
        if (use.at <= at && use.at + use.bytes >= end)
            protect(at, at + page, use.host_may_read ? PROT_READ : PROT_NONE);
    }
}

HostUseToken host_use_begin(const HostUse &use)
{
    host_uses.push_back(use);
    HostUseToken token = --host_uses.end();
    close_pages(use);
    return token;
}

void host_use_end(HostUseToken token)
{
    const Allocation *in = allocation_near(token->at);
    host_uses.erase(token);
    protect(in->at, in->at + round_up(in->bytes, page), PROT_READ | PROT_WRITE);
    for (const bool readable : {true, false})
        for (const HostUse &use : host_uses)
            if (use.host_may_read == readable && allocation_near(use.at) == in)
                close_pages(use);
}

static void release(Allocation &one)
{
    memset(one.at, 0xff, one.bytes);
    ASAN_POISON_MEMORY_REGION(one.at, one.bytes);
    one.live = false;
    quarantined += one.bytes;
    quarantine.push_back(one);
    while (quarantined > quarantine_bytes) {
        Allocation &oldest = quarantine.front();
        char *from = device_arena.base + round_up(static_cast<size_t>(oldest.at - device_arena.base), page);
        const size_t bytes = static_cast<size_t>(oldest.at + oldest.bytes - from) / page * page;
        if (oldest.at + oldest.bytes > from)
            madvise(from, bytes, MADV_DONTNEED);
        quarantined -= oldest.bytes;
        quarantine.pop_front();
    }
}

extern "C" cudaError_t cudaMalloc(void **out, size_t bytes)
{
    CUDASIM_ENTER("cudaMalloc", cudaErrorMemoryAllocation);
    refuse_in_capture("cudaMalloc");
    reserve(device_arena);
    if (device_used + bytes > device_bytes)
        return fail(cudaErrorMemoryAllocation);
    DeviceMemoryOpen open;
    device_used += bytes;
    *out = bytes ? take(device_arena, bytes, redzone, current_device()) : nullptr;
    return cudaSuccess;
}

extern "C" cudaError_t cudaFree(void *at)
{
    CUDASIM_ENTER("cudaFree");
    refuse_in_capture("cudaFree");
    if (!at)
        return cudaSuccess;
    const auto found = device_arena.allocations.find(static_cast<char *>(at));
    if (found == device_arena.allocations.end() || !found->second.live)
        misuse("cudaFree of %s", describe_address(at).c_str());
    DeviceMemoryOpen open;
    device_used -= found->second.bytes;
    race_forget(at, found->second.bytes);
    release(found->second);
    return cudaSuccess;
}

extern "C" cudaError_t cudaMallocHost(void **out, size_t bytes)
{
    CUDASIM_ENTER("cudaMallocHost", cudaErrorMemoryAllocation);
    refuse_in_capture("cudaMallocHost");
    reserve(pinned_arena);
    *out = bytes ? take(pinned_arena, bytes, page, -1) : nullptr;
    return cudaSuccess;
}

/* Of its flags the one that this project uses. */
extern "C" cudaError_t cudaHostAlloc(void **out, size_t bytes, unsigned flags)
{
    CUDASIM_ENTER("cudaHostAlloc", cudaErrorMemoryAllocation);
    refuse_in_capture("cudaHostAlloc");
    if (flags != cudaHostAllocMapped || bytes == 0)
        misuse("cudaHostAlloc of %zu bytes with flags %u", bytes, flags);
    reserve(pinned_arena);
    *out = take(pinned_arena, bytes, page, -1);
    pinned_arena.allocations[static_cast<char *>(*out)].mapped = true;
    return cudaSuccess;
}

extern "C" cudaError_t cudaHostGetDevicePointer(void **out, void *at, unsigned flags)
{
    CUDASIM_ENTER("cudaHostGetDevicePointer");
    const Allocation *near = allocation_near(at);
    if (flags != 0 || !near || !near->live || !near->mapped)
        misuse("cudaHostGetDevicePointer of %s", describe_address(at).c_str());
    *out = at;
    return cudaSuccess;
}

extern "C" cudaError_t cudaFreeHost(void *at)
{
    CUDASIM_ENTER("cudaFreeHost");
    refuse_in_capture("cudaFreeHost");
    if (!at)
        return cudaSuccess;
    const auto found = pinned_arena.allocations.find(static_cast<char *>(at));
    if (found == pinned_arena.allocations.end() || !found->second.live)
        misuse("cudaFreeHost of %s", describe_address(at).c_str());
    Allocation &one = found->second;
    for (const HostUse &use : host_uses)
        if (allocation_near(use.at) == &one)
            misuse("cudaFreeHost of %s", describe_address(use.at).c_str());
    one.live = false;
    protect(one.at, one.at + round_up(one.bytes, page), PROT_NONE);
    return cudaSuccess;
}

extern "C" cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total)
{
    CUDASIM_ENTER("cudaMemGetInfo");
    *free_bytes = device_used < device_bytes ? device_bytes - device_used : 0;
    *total = device_bytes;
    return cudaSuccess;
}

extern "C" void cudasim_memory(size_t bytes)
{
    device_bytes = bytes;
}

size_t live_allocations()
{
    size_t live = 0;
    for (const Arena *arena : {&device_arena, &pinned_arena})
        for (const auto &entry : arena->allocations)
            live += entry.second.live;
    return live;
}
