/* test_graphs.cpp: captures and graphs. */
#include "checks.h"

static const int count = 32;

static __global__ void add(int *y, const int *x, int value)
{
    y[threadIdx.x] = x[threadIdx.x] + value;
}

static __global__ void add_from(int *y, const int *x, const int *value)
{
    y[threadIdx.x] = x[threadIdx.x] + *value;
}

static cudaEvent_t new_event()
{
    cudaEvent_t event;
    expect(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    return event;
}

struct rig {
    cudaStream_t a = new_stream(), b = new_stream();
    cudaEvent_t fork = new_event(), join = new_event();
    int *x = new_device<int>(count), *y = new_device<int>(count), *z = new_device<int>(count);
    rig()
    {
        for (int *one : {x, y, z})
            expect(cudaMemsetAsync(one, 0, count * sizeof(int), a));
        expect(cudaStreamSynchronize(a));
    }
    void begin()
    {
        expect(cudaStreamBeginCapture(a, cudaStreamCaptureModeThreadLocal));
    }
    cudaGraphExec_t end()
    {
        cudaGraph_t graph;
        cudaGraphExec_t exec;
        expect(cudaStreamEndCapture(a, &graph));
        expect(cudaGraphInstantiateWithFlags(&exec, graph, 0));
        expect(cudaGraphDestroy(graph));
        return exec;
    }
};

enum Joins { both, no_join, no_fork, no_event_inside };

/* x += 1; then y += x on one stream beside z += x on another; then
 * x = y + 0 where both are done. Three times. */
template <int joins> static bool run_fork()
{
    rig r;
    r.begin();
    GAN_LAUNCH(add, 1, count, 0, r.a, r.x, r.x, 1);
    if (joins != no_fork) {
        expect(cudaEventRecord(r.fork, r.a));
        expect(cudaStreamWaitEvent(r.b, r.fork, 0));
    }
    GAN_LAUNCH(add_from, 1, count, 0, r.a, r.y, r.y, r.x);
    GAN_LAUNCH(add_from, 1, count, 0, r.b, r.z, r.z, r.x);
    if (joins == both || joins == no_event_inside) {
        expect(cudaEventRecord(r.join, r.b));
        if (joins == no_event_inside)
            GAN_LAUNCH(add_from, 1, count, 0, r.a, r.y, r.y, r.z);
        expect(cudaStreamWaitEvent(r.a, r.join, 0));
    }
    if (joins == both)
        GAN_LAUNCH(add_from, 1, count, 0, r.a, r.y, r.y, r.z);
    cudaGraphExec_t exec = r.end();
    for (int i = 0; i < 3; i++)
        expect(cudaGraphLaunch(exec, r.a));
    const bool right = fetch(r.z, 1, r.a)[0] == 6 && fetch(r.y, 1, r.a)[0] == 16;
    expect(cudaGraphExecDestroy(exec));
    return right;
}

static void test_fork_and_join(void **)
{
    must_pass(run_fork<both>);
    must_be_reported(run_fork<no_join>, "nothing joins kernel add_from on stream 2 to stream 1");
    must_be_noticed(run_fork<no_event_inside>, nullptr);
}

/* What is outside of the capture runs at once and only once. */
static void test_stream_that_was_not_forked(void **)
{
    must_be_noticed(run_fork<no_fork>, nullptr);
}

/* The step's number goes by value, or lies in device memory. */
template <bool in_memory> static bool run_scalar()
{
    rig r;
    int *step = r.z;
    r.begin();
    GAN_LAUNCH(add, 1, 1, 0, r.a, step, step, 1);
    if (in_memory)
        GAN_LAUNCH(add_from, 1, count, 0, r.a, r.y, r.y, step);
    else
        GAN_LAUNCH(add, 1, count, 0, r.a, r.y, r.y, 1);
    cudaGraphExec_t exec = r.end();
    for (int i = 0; i < 4; i++)
        expect(cudaGraphLaunch(exec, i % 2 ? r.b : r.a));
    expect(cudaStreamSynchronize(r.b));
    return fetch(r.y, 1, r.a)[0] == 1 + 2 + 3 + 4;
}

static void test_frozen_scalar(void **)
{
    must_pass(run_scalar<true>);
    must_be_noticed(run_scalar<false>, nullptr);
}

template <typename Call> static bool in_capture(Call call)
{
    rig r;
    r.begin();
    call(r);
    return true;
}
static bool run_malloc_in_capture()
{
    return in_capture([](rig &) { new_device<int>(1); });
}
static bool run_sync_in_capture()
{
    return in_capture([](rig &r) { expect(cudaStreamSynchronize(r.a)); });
}
static bool run_query_in_capture()
{
    return in_capture([](rig &r) { expect(cudaEventQuery(r.join)); });
}
static bool run_foreign_event_in_capture()
{
    rig r;
    expect(cudaEventRecord(r.fork, r.b));
    r.begin();
    expect(cudaStreamWaitEvent(r.a, r.fork, 0));
    return true;
}
static bool run_pageable_in_capture()
{
    int value = 1;
    return in_capture([&value](rig &r) {
        expect(cudaMemcpyAsync(r.x, &value, sizeof value, cudaMemcpyHostToDevice, r.a));
    });
}
static bool run_captured_event_outside()
{
    rig r;
    r.begin();
    GAN_LAUNCH(add, 1, count, 0, r.a, r.x, r.x, 1);
    expect(cudaEventRecord(r.join, r.a));
    r.end();
    expect(cudaStreamWaitEvent(r.b, r.join, 0));
    return true;
}
static bool run_end_elsewhere()
{
    rig r;
    cudaGraph_t graph;
    r.begin();
    expect(cudaStreamEndCapture(r.b, &graph));
    return true;
}
static bool run_destroyed_exec()
{
    rig r;
    r.begin();
    GAN_LAUNCH(add, 1, count, 0, r.a, r.x, r.x, 1);
    cudaGraphExec_t exec = r.end();
    expect(cudaGraphExecDestroy(exec));
    expect(cudaGraphLaunch(exec, r.a));
    return true;
}

static void test_misuse(void **)
{
    must_be_reported(run_malloc_in_capture, "cudaMalloc while stream 1 is capturing");
    must_be_reported(run_sync_in_capture, "cudaStreamSynchronize on a capturing stream");
    must_be_reported(run_query_in_capture, "cudaEventQuery while stream 1 is capturing");
    must_be_reported(run_foreign_event_in_capture, "an event that was recorded outside of the capture");
    must_be_reported(run_pageable_in_capture, "a copy of memory that is not pinned is captured");
    must_be_reported(run_captured_event_outside, "an event of a capture that is over");
    must_be_reported(run_end_elsewhere, "where no capture began");
    must_be_reported(run_destroyed_exec, "an executable graph that is destroyed");
}

/* A capture that ends in failure is over, and nothing of it was done. */
static bool run_failed_end()
{
    rig r;
    cudaGraph_t graph;
    const unsigned long alive = cudasim_alive();
    r.begin();
    GAN_LAUNCH(add, 1, count, 0, r.a, r.x, r.x, 1);
    cudasim_fail("cudaStreamEndCapture:1");
    if (cudaStreamEndCapture(r.a, &graph) == cudaSuccess || graph || cudasim_alive() != alive)
        return false;
    cudasim_fail("");
    GAN_LAUNCH(add, 1, count, 0, r.a, r.x, r.x, 2);
    return fetch(r.x, 1, r.a)[0] == 2;
}

static void test_failed_end(void **)
{
    must_pass(run_failed_end);
}

/* A captured copy from a pinned slot: the slot may be filled again when the launch is known to be done. */
template <bool wait> static bool run_slot()
{
    rig r;
    int *slot = new_pinned<int>(1);
    r.begin();
    expect(cudaMemcpyAsync(r.z, slot, sizeof *slot, cudaMemcpyHostToDevice, r.a));
    GAN_LAUNCH(add_from, 1, count, 0, r.a, r.y, r.y, r.z);
    cudaGraphExec_t exec = r.end();
    for (int i = 1; i <= 3; i++) {
        *slot = i;
        expect(cudaGraphLaunch(exec, r.a));
        if (wait)
            expect(cudaStreamSynchronize(r.a));
    }
    return fetch(r.y, 1, r.a)[0] == 6;
}

static void test_pinned_slot(void **)
{
    must_pass(run_slot<true>);
    must_be_noticed(run_slot<false>, "that a queued copy still reads");
}

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_fork_and_join), cmocka_unit_test(test_stream_that_was_not_forked),
        cmocka_unit_test(test_frozen_scalar), cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_pinned_slot),   cmocka_unit_test(test_failed_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
