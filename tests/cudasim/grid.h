/* grid.h: runs a kernel's threads as fibers, in a seeded order that only
 * barriers and warp operations bind. */
#ifndef CUDASIM_GRID_H
#define CUDASIM_GRID_H

#include "cudasim_device.h"
#include "fiber.h"

struct Block;

enum class State { Fresh, Ready, Barrier, Warp, Ended };

struct Thread : cudasim_thread {
    Block *in;
    Fiber *fiber;
    State state;
    int number;          /* in the block */
    cudasim_place place; /* of the barrier or warp operation it waits at */
    cudasim_warp_op op;
    unsigned mask;
    uint64_t value;
    int argument, width;
    uint32_t barriers, warp_syncs; /* passed, for the race checker */
};

struct Slice {
    cudasim_place place;
    const char *name;
    char *at;
    size_t bytes;
};

struct Block {
    std::vector<Thread> threads;
    int waiting, ended;
    uint64_t number; /* in the grid */
    std::vector<char> shared;
    size_t shared_used;
    std::vector<Slice> slices;
};

const Thread *running_thread(); /* NULL: none */
int thread_device();            /* where the running kernel runs */
size_t dynamic_shared_bytes();
void park(Thread *thread, State state); /* returns when the thread is made ready again */
void make_ready(Thread *thread);
std::string describe_stuck(const Block &block);

void begin_shared(Block &block);
void check_shared(const Block &block);
bool check_own_shared(const Block &block, const void *address, size_t bytes); /* false: no shared memory */
std::string describe_shared(const void *address);

void run_grid(const cudasim_launch &launch);

#endif
