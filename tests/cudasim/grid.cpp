#include "grid.h"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <numeric>
#include "report.h"
#include "stream.h"

const cudasim_thread *cudasim_this_thread;

/* How the next thread is chosen: at random, or the longest or the shortest waiting one. The last keeps one
 * thread as far ahead of the others as barriers allow. */
enum class Pick { Any, Oldest, Newest };

struct Grid {
    const cudasim_launch *launch;
    std::vector<uint64_t> order; /* of the blocks, the last is next */
    std::vector<Block *> resident;
    size_t room; /* for resident blocks */
    Pick pick;
    std::deque<Thread *> ready;
    Thread *next; /* chosen by a fiber that cannot run it */
};
static Grid grid;
static std::vector<Fiber *> idle_fibers;
static std::vector<Block *> idle_blocks;

const Thread *running_thread()
{
    return static_cast<const Thread *>(cudasim_this_thread);
}

int thread_device()
{
    return grid.launch->stream->device;
}

size_t dynamic_shared_bytes()
{
    return grid.launch->shared;
}

static uint3 position(uint64_t number, dim3 size)
{
    const unsigned x = static_cast<unsigned>(number % size.x), rest = static_cast<unsigned>(number / size.x);
    return {x, rest % size.y, rest / size.y};
}

static void admit()
{
    if (idle_blocks.empty())
        idle_blocks.push_back(new Block());
    Block *block = idle_blocks.back();
    idle_blocks.pop_back();
    block->number = grid.order.back();
    grid.order.pop_back();
    block->waiting = block->ended = 0;
    const dim3 size = grid.launch->block;
    block->threads.assign(size_t{size.x} * size.y * size.z, Thread());
    begin_shared(*block);
    for (size_t i = 0; i < block->threads.size(); i++) {
        Thread &thread = block->threads[i];
        thread.thread = position(i, size);
        thread.block = position(block->number, grid.launch->grid);
        thread.block_size = size;
        thread.grid_size = grid.launch->grid;
        thread.in = block;
        thread.number = static_cast<int>(i);
        grid.ready.push_back(&thread);
    }
    grid.resident.push_back(block);
}

static void retire(Block *block)
{
    check_shared(*block);
    grid.resident.erase(std::find(grid.resident.begin(), grid.resident.end(), block));
    idle_blocks.push_back(block);
}

static Thread *choose()
{
    while (grid.resident.size() < grid.room && !grid.order.empty())
        admit();
    if (grid.ready.empty()) {
        if (!grid.resident.empty())
            misuse("%s", describe_stuck(*grid.resident.front()).c_str());
        return nullptr;
    }
    const size_t count = grid.ready.size();
    const size_t at = grid.pick == Pick::Any ? dice(count) : grid.pick == Pick::Oldest ? 0 : count - 1;
    Thread *thread = grid.ready[at];
    if (grid.pick == Pick::Oldest) {
        grid.ready.pop_front();
    } else {
        grid.ready[at] = grid.ready.back();
        grid.ready.pop_back();
    }
    return thread;
}

/* One fiber runs thread after thread, until one of them has to wait: the fiber is then that thread's. */
static void fiber_loop(Fiber *self)
{
    for (;;) {
        Thread *thread = grid.next;
        while (thread && thread->state == State::Fresh) {
            thread->fiber = self;
            thread->state = State::Ready;
            cudasim_this_thread = thread;
            grid.launch->thread();
            cudasim_this_thread = nullptr;
            thread->state = State::Ended;
            if (++thread->in->ended == static_cast<int>(thread->in->threads.size()))
                retire(thread->in);
            thread = choose();
        }
        grid.next = thread;
        idle_fibers.push_back(self);
        fiber_leave(self);
    }
}

void make_ready(Thread *thread)
{
    thread->state = State::Ready;
    grid.ready.push_back(thread);
}

void park(Thread *thread, State state)
{
    thread->state = state;
    cudasim_this_thread = nullptr;
    grid.next = choose();
    if (grid.next != thread)
        fiber_leave(thread->fiber);
    cudasim_this_thread = thread;
}

static std::string where()
{
    std::string text = "in kernel " + std::string(grid.launch->name);
    if (const Thread *thread = running_thread()) {
        const uint3 b = thread->block, t = thread->thread;
        char place[128];
        snprintf(place, sizeof place, ", block (%u,%u,%u), thread (%u,%u,%u)", b.x, b.y, b.z, t.x, t.y, t.z);
        text += place;
    }
    return text;
}

void run_grid(const cudasim_launch &launch)
{
    const uint64_t blocks = uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z;
    grid.launch = &launch;
    grid.order.resize(blocks);
    std::iota(grid.order.begin(), grid.order.end(), 0);
    for (uint64_t i = blocks; i > 1; i--)
        std::swap(grid.order[i - 1], grid.order[dice(i)]);
    grid.room = 1 + dice(4);
    const uint64_t pick = dice(4);
    grid.pick = pick == 0 ? Pick::Oldest : pick == 1 ? Pick::Newest : Pick::Any;
    running_now = where;
    for (grid.next = choose(); grid.next;) {
        Thread *thread = grid.next;
        Fiber *fiber = thread->fiber;
        if (!fiber) {
            if (idle_fibers.empty())
                idle_fibers.push_back(fiber_create(fiber_loop));
            fiber = idle_fibers.back();
            idle_fibers.pop_back();
        }
        fiber_enter(fiber);
    }
}
