/* wait.cpp: barriers and warp operations. Who has to meet is known exactly; who does not come is reported. */
#include <cstdio>
#include <cstring>
#include <map>
#include "grid.h"
#include "report.h"

static const int warp_size = 32;
static const char *const op_names[] = {"__syncwarp", "__ballot_sync", "__shfl_sync", "__shfl_down_sync",
                                       "__shfl_xor_sync"};

static Thread *here(const char *what)
{
    if (!cudasim_this_thread)
        misuse("%s outside of a kernel", what);
    return const_cast<Thread *>(running_thread());
}

static bool same(cudasim_place a, cudasim_place b)
{
    return a.line == b.line && strcmp(a.file, b.file) == 0;
}

static std::string describe_place(cudasim_place place)
{
    const char *slash = strrchr(place.file, '/');
    return std::string(slash ? slash + 1 : place.file) + ":" + std::to_string(place.line);
}

static std::string describe_wait(const Thread &thread)
{
    if (thread.state == State::Ended)
        return "have ended";
    if (thread.state == State::Barrier)
        return "wait in __syncthreads at " + describe_place(thread.place);
    if (thread.state != State::Warp)
        return "have not come so far";
    char mask[32];
    snprintf(mask, sizeof mask, " with mask %#x", thread.mask);
    return std::string("wait in ") + op_names[thread.op] + " at " + describe_place(thread.place) + mask;
}

/* "3 threads (first: 0) wait in ..., 29 threads (first: 3) have ended" */
static std::string describe_threads(const Block &block, int from, int to)
{
    std::map<std::string, std::pair<int, int>> groups;
    for (int i = from; i < to; i++) {
        auto added = groups.insert({describe_wait(block.threads[static_cast<size_t>(i)]), {0, i}});
        added.first->second.first++;
    }
    std::string text;
    for (const auto &[wait, count] : groups)
        text += (text.empty() ? "" : ", ") + std::to_string(count.first) +
                " threads (first: " + std::to_string(count.second) + ") " + wait;
    return text;
}

static int threads_of(const Block &block)
{
    return static_cast<int>(block.threads.size());
}

std::string describe_stuck(const Block &block)
{
    return "divergent barrier or wrong mask in block " + std::to_string(block.number) + ": " +
           describe_threads(block, 0, threads_of(block));
}

void cudasim_barrier(cudasim_place place)
{
    Thread *thread = here("__syncthreads");
    Block &block = *thread->in;
    thread->place = place;
    thread->barriers++;
    if (++block.waiting < threads_of(block)) {
        park(thread, State::Barrier);
        return;
    }
    thread->state = State::Barrier;
    for (const Thread &other : block.threads)
        if (!same(other.place, place))
            misuse("divergent barrier: %s", describe_threads(block, 0, threads_of(block)).c_str());
    block.waiting = 0;
    for (Thread &other : block.threads)
        if (&other != thread)
            make_ready(&other);
    make_ready(thread);
    park(thread, State::Ready);
}

static uint64_t result_for(const Thread &thread, const Thread *warp, unsigned votes)
{
    const int lane = thread.number % warp_size, first = lane / thread.width * thread.width;
    int from = lane;
    if (thread.op == CUDASIM_SYNC)
        return 0;
    if (thread.op == CUDASIM_BALLOT)
        return votes;
    if (thread.op == CUDASIM_INDEX)
        from = first + (thread.argument & (thread.width - 1));
    else if (thread.op == CUDASIM_DOWN)
        from = lane + thread.argument < first + thread.width ? lane + thread.argument : lane;
    else if ((lane ^ thread.argument) < first + thread.width)
        from = lane ^ thread.argument;
    if (from < 0 || from >= warp_size || !(thread.mask >> from & 1))
        misuse("%s at %s: lane %d reads lane %d, which mask %#x does not name", op_names[thread.op],
               describe_place(thread.place).c_str(), lane, from, thread.mask);
    return warp[from].value;
}

/* Whether all lanes of the mask have come to the same operation; some at another one will never come. */
static bool all_there(const Thread &thread, const Thread *warp, int lanes)
{
    for (int lane = 0; lane < warp_size; lane++) {
        if (!(thread.mask >> lane & 1))
            continue;
        if (lane >= lanes)
            misuse("%s at %s: mask %#x names lane %d of a warp of %d", op_names[thread.op],
                   describe_place(thread.place).c_str(), thread.mask, lane, lanes);
        const Thread &other = warp[lane];
        if (other.state != State::Warp)
            return false;
        if (other.op != thread.op || other.mask != thread.mask || !same(other.place, thread.place))
            misuse("wrong mask: %s", describe_threads(*thread.in, thread.number - thread.number % warp_size,
                                                      thread.number - thread.number % warp_size + lanes)
                                         .c_str());
    }
    return true;
}

static void complete(const Thread &last, Thread *warp)
{
    uint64_t results[warp_size] = {};
    unsigned votes = 0;
    for (int lane = 0; lane < warp_size; lane++)
        if (last.mask >> lane & 1 && warp[lane].value)
            votes |= 1u << lane;
    for (int lane = 0; lane < warp_size; lane++)
        if (last.mask >> lane & 1)
            results[lane] = result_for(warp[lane], warp, votes);
    for (int lane = 0; lane < warp_size; lane++)
        if (last.mask >> lane & 1) {
            warp[lane].value = results[lane];
            make_ready(&warp[lane]);
        }
}

uint64_t cudasim_warp(cudasim_warp_op op, cudasim_place place, unsigned mask, uint64_t value, int argument,
                      int width)
{
    Thread *thread = here(op_names[op]);
    Block &block = *thread->in;
    const int lane = thread->number % warp_size;
    Thread *warp = &block.threads[static_cast<size_t>(thread->number - lane)];
    const int rest = threads_of(block) - (thread->number - lane), lanes = rest < warp_size ? rest : warp_size;
    if (!(mask >> lane & 1))
        misuse("%s at %s: lane %d is not in its own mask %#x", op_names[op], describe_place(place).c_str(),
               lane, mask);
    if (width < 1 || width > warp_size || (width & (width - 1)) != 0)
        misuse("%s at %s: width %d is no power of two up to 32", op_names[op], describe_place(place).c_str(),
               width);
    thread->op = op;
    thread->place = place;
    thread->mask = mask;
    thread->value = value;
    thread->argument = argument;
    thread->width = width;
    thread->state = State::Warp;
    if (op == CUDASIM_SYNC && mask == 0xffffffffu >> (warp_size - lanes))
        thread->warp_syncs++;
    if (!all_there(*thread, warp, lanes)) {
        park(thread, State::Warp);
        return thread->value;
    }
    complete(*thread, warp);
    park(thread, State::Ready);
    return thread->value;
}
