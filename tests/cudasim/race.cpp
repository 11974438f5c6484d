#include "race.h"

#include <cstring>
#include <memory>
#include <unordered_map>
#include <vector>
#include "grid.h"
#include "memory.h"
#include "report.h"

void clock_join(Clock &clock, const Clock &other)
{
    for (const auto &[timeline, tick] : other) {
        uint64_t &mine = clock[timeline];
        if (mine < tick)
            mine = tick;
    }
}

int new_timeline()
{
    static int made;
    return ++made;
}

/* --- what is remembered --- */
struct Operation {
    std::string name;
    int timeline;
    uint64_t tick;
    Clock knows;
};

/* One access by one thread, or by an operation as a whole. Operation 0: none. */
struct Access {
    uint32_t operation;
    uint32_t block;
    uint16_t thread, barriers, warp_syncs;
};
static const uint16_t whole = 0xffff;

static const int readers =
    3; /* the write that must be caught meets one of several readers, seldom just the fourth */
struct Cell {
    Access write, read[readers];
};

/* A cell is four bytes. Where parts of one are used, each byte has its own, in `bytes`. */
static const size_t page_cells = 1024;
struct Page {
    Cell cells[page_cells];
    bool split[page_cells];
};
static std::unordered_map<uintptr_t, std::unique_ptr<Page>> pages;
static std::unordered_map<uintptr_t, Cell> bytes;
static uintptr_t last_number;
static Page *last_page;

static bool enabled;
static std::vector<Operation> operations(1);
static bool in_operation;

static Page &page_of(uintptr_t at)
{
    const uintptr_t number = at / 4 / page_cells;
    if (!last_page || number != last_number) {
        std::unique_ptr<Page> &page = pages[number];
        if (!page)
            page = std::make_unique<Page>();
        last_number = number;
        last_page = page.get();
    }
    return *last_page;
}

/* --- order --- */
static bool operation_ordered(uint32_t before, uint32_t now)
{
    static uint32_t last_before, last_now; /* the same two are asked for again and again */
    static bool last_answer;
    if (before != last_before || now != last_now) {
        const Operation &first = operations[before];
        const auto known = operations[now].knows.find(first.timeline);
        last_answer = known != operations[now].knows.end() && known->second >= first.tick;
        last_before = before;
        last_now = now;
    }
    return last_answer;
}

static bool ordered(const Access &before, const Access &now)
{
    if (before.operation == 0)
        return true;
    if (before.operation != now.operation)
        return operation_ordered(before.operation, now.operation);
    if (before.block != now.block)
        return false;
    return before.thread == now.thread || before.barriers != now.barriers ||
           (before.thread / 32 == now.thread / 32 && before.warp_syncs != now.warp_syncs);
}

static std::string describe(const Access &access)
{
    std::string text = operations[access.operation].name;
    if (access.thread != whole)
        text += " (block " + std::to_string(access.block) + ", thread " + std::to_string(access.thread) + ")";
    return text;
}

[[noreturn]] static void report(uintptr_t at, const char *first, const Access &before, const char *second,
                                const Access &now)
{
    const void *address = reinterpret_cast<const void *>(at);
    const std::string place =
        is_device_address(address) ? describe_address(address) : describe_shared(address);
    misuse("race on %s: nothing orders the %s by %s and the %s by %s", place.c_str(), first,
           describe(before).c_str(), second, describe(now).c_str());
}

static void remember_read(Cell &cell, const Access &now)
{
    for (Access &old : cell.read)
        if (ordered(old, now)) { /* what is ordered after this one is also after the old one */
            old = now;
            return;
        }
    cell.read[dice(readers)] = now;
}

static void access_cell(Cell &cell, uintptr_t at, bool write, const Access &now)
{
    if (!ordered(cell.write, now))
        report(at, "write", cell.write, write ? "write" : "read", now);
    if (!write) {
        remember_read(cell, now);
        return;
    }
    for (const Access &read : cell.read)
        if (!ordered(read, now))
            report(at, "read", read, "write", now);
    cell = Cell();
    cell.write = now;
}

static void access(uintptr_t at, size_t count, bool write, const Access &now)
{
    for (const uintptr_t end = at + count; at < end;) {
        Page &page = page_of(at);
        const size_t index = at / 4 % page_cells;
        const bool all = at % 4 == 0 && end - at >= 4;
        Cell &cell = page.cells[index];
        if (!all && !page.split[index]) {
            page.split[index] = true;
            for (uintptr_t i = 0; i < 4; i++)
                bytes[at / 4 * 4 + i] = cell;
        }
        if (!page.split[index]) {
            access_cell(cell, at, write, now);
            at += 4;
        } else {
            access_cell(bytes[at], at, write, now);
            at++;
        }
    }
}

/* --- operations --- */
void race_begin(const std::string &name, int timeline, uint64_t tick, const Clock &knows)
{
    if (!enabled)
        return;
    operations.push_back({name, timeline, tick, knows});
    in_operation = true;
}

void race_end()
{
    in_operation = false;
}

void race_range(const void *at, size_t count, bool write)
{
    if (!in_operation)
        return;
    const Access now = {static_cast<uint32_t>(operations.size() - 1), 0, whole, 0, 0};
    access(reinterpret_cast<uintptr_t>(at), count, write, now);
}

void race_forget(const void *at, size_t count)
{
    if (!enabled)
        return;
    const uintptr_t from = reinterpret_cast<uintptr_t>(at) / 4, to = from + count / 4;
    for (uintptr_t i = from; i < to;) {
        const bool whole_page = i % page_cells == 0 && to - i >= page_cells;
        if (whole_page) {
            pages.erase(i / page_cells);
            last_page = nullptr;
        } else {
            Page &page = page_of(i * 4);
            page.cells[i % page_cells] = Cell();
            page.split[i % page_cells] = false;
        }
        i += whole_page ? page_cells : 1;
    }
}

/* --- hooks: what the compiler puts before every access of instrumented code --- */
static void hook(const void *address, size_t count, bool write)
{
    const Thread *thread = running_thread();
    if (!thread)
        return;
    if (is_device_address(address)) {
        const std::string fault = fault_of(address, count, thread_device());
        if (!fault.empty())
            misuse("a thread %s %zu bytes at %s", write ? "writes" : "reads", count, fault.c_str());
    } else if (!check_own_shared(*thread->in, address, count)) {
        return;
    }
    const Access now = {static_cast<uint32_t>(operations.size() - 1),
                        static_cast<uint32_t>(thread->in->number), static_cast<uint16_t>(thread->number),
                        static_cast<uint16_t>(thread->barriers), static_cast<uint16_t>(thread->warp_syncs)};
    access(reinterpret_cast<uintptr_t>(address), count, write, now);
}

#define HOOKS(size)                                                                                          \
    void __tsan_read##size(void *at);                                                                        \
    void __tsan_read##size(void *at)                                                                         \
    {                                                                                                        \
        hook(at, size, false);                                                                               \
    }                                                                                                        \
    void __tsan_write##size(void *at);                                                                       \
    void __tsan_write##size(void *at)                                                                        \
    {                                                                                                        \
        hook(at, size, true);                                                                                \
    }                                                                                                        \
    void __tsan_unaligned_read##size(void *at);                                                              \
    void __tsan_unaligned_read##size(void *at)                                                               \
    {                                                                                                        \
        hook(at, size, false);                                                                               \
    }                                                                                                        \
    void __tsan_unaligned_write##size(void *at);                                                             \
    void __tsan_unaligned_write##size(void *at)                                                              \
    {                                                                                                        \
        hook(at, size, true);                                                                                \
    }

extern "C" {
HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)

void __tsan_read_range(void *at, size_t count)
{
    hook(at, count, false);
}
void __tsan_write_range(void *at, size_t count)
{
    hook(at, count, true);
}
void __tsan_vptr_update(void **, void *)
{
}
void __tsan_func_entry(void *)
{
}
void __tsan_func_exit()
{
}
/* Reference counts of std::shared_ptr, in host code. */
unsigned __tsan_atomic32_fetch_add(volatile void *at, unsigned value, int)
{
    return __atomic_fetch_add(static_cast<volatile unsigned *>(at), value, __ATOMIC_SEQ_CST);
}
/* Called before main() wherever something is instrumented. */
void __tsan_init()
{
    enabled = true;
}
}
