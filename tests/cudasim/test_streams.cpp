/* test_streams.cpp: order between streams, events, devices. */
#include "checks.h"

static const int count = 32;

static __global__ void add(int *y, const int *x, int value)
{
    y[threadIdx.x] = x[threadIdx.x] + value;
}

static cudaEvent_t new_event()
{
    cudaEvent_t event;
    expect(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    return event;
}

struct rig {
    cudaStream_t a = new_stream(), b = new_stream();
    int *x = new_device<int>(count), *y = new_device<int>(count);
    rig()
    {
        expect(cudaMemsetAsync(x, 0, count * sizeof(int), a));
        expect(cudaMemsetAsync(y, 0, count * sizeof(int), a));
        expect(cudaStreamSynchronize(a));
    }
};

enum Order { ordered, no_event, recorded_too_early, waits_for_old_record };

/* y = (x + 1) + 1, the second sum on another stream. */
template <int order> static bool run_two_streams()
{
    rig r;
    cudaEvent_t event = new_event();
    if (order == recorded_too_early)
        expect(cudaEventRecord(event, r.a));
    if (order == waits_for_old_record)
        expect(cudaStreamWaitEvent(r.b, event, 0));
    GAN_LAUNCH(add, 1, count, 0, r.a, r.x, r.x, 1);
    if (order == ordered || order == waits_for_old_record)
        expect(cudaEventRecord(event, r.a));
    if (order == ordered || order == recorded_too_early)
        expect(cudaStreamWaitEvent(r.b, event, 0));
    GAN_LAUNCH(add, 1, count, 0, r.b, r.y, r.x, 1);
    return fetch(r.y, count, r.b)[5] == 2;
}

static void test_events(void **)
{
    must_pass(run_two_streams<ordered>);
    must_be_noticed(run_two_streams<no_event>, nullptr);
    must_be_noticed(run_two_streams<recorded_too_early>, nullptr);
    must_be_noticed(run_two_streams<waits_for_old_record>, nullptr);
}

/* A wait holds for the record that is there when it is called, whatever is recorded later. */
static bool run_record_again()
{
    rig r;
    cudaEvent_t event = new_event();
    GAN_LAUNCH(add, 1, count, 0, r.a, r.x, r.x, 1);
    expect(cudaEventRecord(event, r.a));
    expect(cudaStreamWaitEvent(r.b, event, 0));
    expect(cudaEventRecord(event, r.b));
    GAN_LAUNCH(add, 1, count, 0, r.b, r.y, r.x, 1);
    expect(cudaStreamWaitEvent(r.a, event, 0));
    expect(cudaEventSynchronize(event));
    return fetch(r.y, count, r.b)[0] == 2;
}

static bool run_poll()
{
    rig r;
    cudaEvent_t event = new_event();
    GAN_LAUNCH(add, 1, count, 0, r.a, r.x, r.x, 1);
    expect(cudaEventRecord(event, r.a));
    int polls = 0;
    while (cudaEventQuery(event) == cudaErrorNotReady && polls < 1000)
        polls++;
    while (cudaStreamQuery(r.b) == cudaErrorNotReady && polls < 1000)
        polls++;
    return polls < 1000 && fetch(r.x, 1, r.a)[0] == 1;
}

/* Not an error, but found as the last one all the same, unless it is fetched. */
static bool run_not_ready_stays()
{
    rig r;
    bool seen = false;
    for (int i = 0; i < 50; i++)
        GAN_LAUNCH(add, 1, count, 0, r.a, r.x, r.x, 1);
    while (cudaStreamQuery(r.a) == cudaErrorNotReady)
        seen = true;
    return cudaGetLastError() == (seen ? cudaErrorNotReady : cudaSuccess) &&
           cudaGetLastError() == cudaSuccess;
}

static void test_records_and_polls(void **)
{
    must_pass(run_not_ready_stays);
    must_pass(run_record_again);
    must_pass(run_poll);
}

static bool run_default_stream()
{
    rig r;
    GAN_LAUNCH(add, 1, count, 0, nullptr, r.y, r.x, 1);
    return true;
}

static bool run_destroyed_stream()
{
    rig r;
    expect(cudaStreamDestroy(r.a));
    GAN_LAUNCH(add, 1, count, 0, r.a, r.y, r.x, 1);
    return true;
}

static bool run_destroyed_event()
{
    rig r;
    cudaEvent_t event = new_event();
    expect(cudaEventDestroy(event));
    expect(cudaEventRecord(event, r.a));
    return true;
}

static bool run_blocking_stream()
{
    cudaStream_t stream;
    expect(cudaStreamCreateWithFlags(&stream, 0));
    return true;
}

static void test_handles(void **)
{
    must_be_reported(run_default_stream, "add on the default stream");
    must_be_reported(run_destroyed_stream, "add on a stream that is destroyed");
    must_be_reported(run_destroyed_event, "cudaEventRecord with an event that is destroyed");
    must_be_reported(run_blocking_stream, "cudaStreamNonBlocking");
}

static bool run_other_device()
{
    int *x = new_device<int>(count);
    expect(cudaSetDevice(1));
    cudaStream_t stream = new_stream();
    int *y = new_device<int>(count);
    GAN_LAUNCH(add, 1, count, 0, stream, y, x, 1);
    return true;
}

static bool run_stream_of_other_device()
{
    rig r;
    expect(cudaSetDevice(1));
    GAN_LAUNCH(add, 1, count, 0, r.a, r.y, r.x, 1);
    return true;
}

static bool run_count_devices()
{
    int devices = 0;
    expect(cudaGetDeviceCount(&devices));
    return devices == 2 && cudaSetDevice(2) == cudaErrorInvalidDevice &&
           cudaGetLastError() == cudaErrorInvalidDevice && cudaGetLastError() == cudaSuccess;
}

static void test_devices(void **)
{
    must_pass(run_count_devices);
    must_be_reported(run_other_device, "argument 2 points to memory of device 0");
    must_be_reported(run_stream_of_other_device, "a stream of device 0 while device 1 is current");
}

static bool run_failures()
{
    rig r;
    void *memory = nullptr;
    cudasim_fail("cudaMalloc:2,launch:1");
    expect(cudaMalloc(&memory, 8));
    if (cudaMalloc(&memory, 8) != cudaErrorMemoryAllocation ||
        cudaGetLastError() != cudaErrorMemoryAllocation)
        return false;
    expect(cudaMalloc(&memory, 8));
    GAN_LAUNCH(add, 1, count, 0, r.a, r.y, r.x, 1);
    return cudasim_calls("cudaMalloc") == 3 && cudaGetLastError() == cudaErrorLaunchOutOfResources &&
           fetch(r.y, 1, r.a)[0] == 0;
}

/* A kernel that faults takes the device with it. */
static bool run_kernel_failure()
{
    rig r;
    cudasim_fail("kernel:2");
    for (int i = 0; i < 3; i++)
        GAN_LAUNCH(add, 1, count, 0, r.a, r.x, r.x, 1);
    void *memory;
    return cudaStreamSynchronize(r.a) == cudaErrorIllegalAddress &&
           cudaMalloc(&memory, 8) == cudaErrorIllegalAddress &&
           cudaGetLastError() == cudaErrorIllegalAddress && cudaGetLastError() == cudaErrorIllegalAddress;
}

static void test_injected_failures(void **)
{
    must_pass(run_failures);
    must_pass(run_kernel_failure);
}

int main()
{
    setenv("CUDASIM_DEVICES", "2", 1);
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_records_and_polls),
        cmocka_unit_test(test_handles),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_injected_failures),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
