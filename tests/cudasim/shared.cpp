/* shared.cpp: a block's shared memory: slices with redzones, full of NaN at first. */
#include <cstring>
#include "grid.h"
#include "race.h"
#include "report.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, bytes)   ((void)(at), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#endif

static const size_t redzone = 256, static_limit = 48 << 10, arena_bytes = 1 << 20;

void begin_shared(Block &block)
{
    block.shared.resize(arena_bytes);
    if (block.shared_used) {
        ASAN_UNPOISON_MEMORY_REGION(block.shared.data(), arena_bytes);
        race_forget(block.shared.data(), block.shared_used);
    }
    block.shared_used = 0;
    block.slices.clear();
}

static void *slice(cudasim_place place, const char *name, size_t bytes, size_t align)
{
    if (!cudasim_this_thread)
        misuse("shared array %s outside of a kernel", name);
    Block &block = *running_thread()->in;
    for (const Slice &one : block.slices)
        if (one.place.line == place.line && strcmp(one.place.file, place.file) == 0 &&
            (place.line == 0 || strcmp(one.name, name) == 0))
            return one.at;
    const uintptr_t base = reinterpret_cast<uintptr_t>(block.shared.data());
    const size_t at = (base + block.shared_used + redzone + align - 1) / align * align - base;
    if (at + bytes + redzone > arena_bytes)
        misuse("shared array %s of %zu bytes", name, bytes);
    char *slice_at = block.shared.data() + at;
    char *from = block.shared.data() + block.shared_used;
    memset(from, 0xff, at + bytes + redzone - block.shared_used);
    ASAN_POISON_MEMORY_REGION(from, static_cast<size_t>(slice_at - from));
    ASAN_POISON_MEMORY_REGION(slice_at + bytes, redzone);
    block.shared_used = at + bytes + redzone;
    block.slices.push_back({place, name, slice_at, bytes});
    return slice_at;
}

void *cudasim_shared(cudasim_place place, const char *name, size_t bytes, size_t align)
{
    void *at = slice(place, name, bytes, align < 16 ? 16 : align);
    size_t total = 0;
    for (const Slice &one : running_thread()->in->slices)
        total += one.place.line ? one.bytes : 0;
    if (total > static_limit)
        misuse("shared arrays of %zu bytes: at most %zu without dynamic shared memory", total, static_limit);
    return at;
}

void *cudasim_dynamic_shared(const char *name, size_t align)
{
    return slice({"", 0}, name, dynamic_shared_bytes(), align < 16 ? 16 : align);
}

void check_shared(const Block &block)
{
#if !defined(__SANITIZE_ADDRESS__)
    for (const Slice &one : block.slices)
        for (size_t i = 0; i < redzone; i++)
            if (one.at[one.bytes + i] != '\xff' || one.at[-1 - static_cast<std::ptrdiff_t>(i)] != '\xff')
                misuse("a thread wrote beside shared array %s (%zu bytes) of block %llu", one.name, one.bytes,
                       static_cast<unsigned long long>(block.number));
#else
    (void)block;
#endif
}

bool check_own_shared(const Block &block, const void *address, size_t bytes)
{
    const char *at = static_cast<const char *>(address);
    if (at < block.shared.data() || at >= block.shared.data() + arena_bytes)
        return false;
    for (const Slice &one : block.slices)
        if (at >= one.at && at + bytes <= one.at + one.bytes)
            return true;
    misuse("a thread touches %zu bytes at %s, out of bounds", bytes, describe_shared(address).c_str());
}

std::string describe_shared(const void *address)
{
    const char *at = static_cast<const char *>(address);
    std::string text = "shared memory";
    for (const Slice &one : running_thread()->in->slices)
        if (at >= one.at - redzone)
            text = "shared array " + std::string(one.name) + " (byte " + std::to_string(at - one.at) +
                   " of " + std::to_string(one.bytes) + ")";
    return text;
}
