/* memory.h: device and pinned memory. Addresses are never used again. Device memory cannot be touched while
 * host code runs; pinned memory cannot be touched while a queued copy uses it. Fresh and freed memory is full
 * of NaN. */
#ifndef CUDASIM_MEMORY_H
#define CUDASIM_MEMORY_H

#include <cstddef>
#include <list>
#include <string>

struct Allocation {
    char *at;
    size_t bytes;
    int device; /* -1: pinned host memory */
    bool live;
    bool mapped; /* pinned, and device code may use it */
};

/* The allocation at or last before an address of the stand-in's memory; NULL for other memory. */
const Allocation *allocation_near(const void *address);
bool is_device_address(const void *address);
bool is_pinned(const void *address, size_t bytes);

/* What is wrong with device code of `device` using these bytes: "" for nothing. */
std::string fault_of(const void *address, size_t bytes, int device);
std::string describe_address(const void *address);

/* While it exists, device memory can be touched. */
struct DeviceMemoryOpen {
    DeviceMemoryOpen();
    ~DeviceMemoryOpen();
};

/* Reports a write beside an allocation. `who`: what ran last. */
void check_redzones(const std::string &who);

/* Host memory that a queued copy reads (host_may_read) or writes. */
struct HostUse {
    const char *at;
    size_t bytes;
    bool host_may_read;
};
typedef std::list<HostUse>::iterator HostUseToken;
HostUseToken host_use_begin(const HostUse &use);
void host_use_end(HostUseToken token);

size_t live_allocations();

#endif
