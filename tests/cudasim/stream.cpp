#include "stream.h"

#include <algorithm>
#include <set>
#include "cudasim.h"
#include "report.h"

static std::vector<CUstream_st *> streams;
static int streams_made;
static Clock host_clock; /* what the host has waited for */

void check_stream(const char *call, CUstream_st *stream)
{
    if (!stream)
        misuse("%s on the default stream: name a stream", call);
    if (std::find(streams.begin(), streams.end(), stream) == streams.end())
        misuse("%s on a stream that is destroyed or was never made", call);
    if (stream->device != current_device())
        misuse("%s on a stream of device %d while device %d is current", call, stream->device,
               current_device());
}

static bool runnable(const CUstream_st *stream)
{
    return !stream->queue.empty() && !stream->queue.front()->blocker();
}

static void step(CUstream_st *stream)
{
    if (!stream->queue.front()->step(stream))
        return;
    stream->done = stream->queue.front()->ticket;
    stream->queue.pop_front();
}

static CUstream_st *starved()
{
    return settings().policy == Policy::Starve ? streams[settings().seed % streams.size()] : nullptr;
}

static CUstream_st *any_runnable(const CUstream_st *except)
{
    std::vector<CUstream_st *> choice;
    for (CUstream_st *stream : streams)
        if (stream != except && runnable(stream))
            choice.push_back(stream);
    return choice.empty() ? nullptr : choice[dice(choice.size())];
}

/* The stream that has to go on for the sake of `stream`. */
static CUstream_st *needed(CUstream_st *stream)
{
    while (CUstream_st *blocker = stream->queue.front()->blocker())
        stream = blocker;
    return stream;
}

/* Who is next while the host waits for `target`. */
static CUstream_st *next(CUstream_st *target)
{
    CUstream_st *stream = nullptr;
    if (settings().policy == Policy::Random)
        stream = any_runnable(nullptr);
    else if (settings().policy == Policy::Starve)
        stream = any_runnable(starved());
    return stream ? stream : needed(target);
}

/* What the device gets done between two calls of the host. */
static void run_unasked()
{
    const Policy policy = settings().policy;
    uint64_t steps = policy == Policy::Lazy ? 0 : policy == Policy::Random ? dice(2) * dice(8) : ~uint64_t{0};
    if (steps == 0)
        return;
    DeviceMemoryOpen open;
    for (; steps > 0; steps--) {
        CUstream_st *stream = any_runnable(starved());
        if (!stream)
            return;
        step(stream);
    }
}

static cudaError_t learn(const Clock *learns)
{
    if (learns)
        clock_join(host_clock, *learns);
    return device_lost() ? cudaErrorIllegalAddress : cudaSuccess;
}

cudaError_t wait_for(CUstream_st *stream, const std::function<bool()> &done, const Clock *learns)
{
    if (!done()) {
        DeviceMemoryOpen open;
        while (!done())
            step(next(stream));
    }
    return learn(learns);
}

cudaError_t poll(CUstream_st *stream, const std::function<bool()> &done, const Clock *learns)
{
    if (!done() && (settings().policy != Policy::Random || dice(2))) {
        DeviceMemoryOpen open;
        step(next(stream));
    }
    return done() ? learn(learns) : cudaErrorNotReady;
}

void queue_op(CUstream_st *stream, std::unique_ptr<Op> op)
{
    op->ticket = ++stream->queued;
    op->host_knows = host_clock;
    stream->queue.push_back(std::move(op));
    run_unasked();
}

void run_work(const Work &work, int timeline, uint64_t tick, const Clock &knows)
{
    if (device_lost())
        return;
    running_now = [&work] { return "in " + work.name; };
    race_begin(work.name, timeline, tick, knows);
    work.run();
    race_end();
    running_now = nullptr;
    check_redzones(work.name);
}

struct WorkOp : Op {
    WorkPointer work;
    std::vector<HostUseToken> tokens;
    bool step(CUstream_st *stream) override
    {
        clock_join(stream->clock, host_knows);
        stream->clock[stream->timeline] = ticket;
        for (const HostUseToken &token : tokens)
            host_use_end(token);
        run_work(*work, stream->timeline, ticket, stream->clock);
        return true;
    }
};

void queue_work(CUstream_st *stream, Work work)
{
    work.name += " on stream " + std::to_string(stream->number);
    auto shared = std::make_shared<const Work>(std::move(work));
    if (stream->capture) {
        capture_work(stream, shared);
        return;
    }
    auto op = std::make_unique<WorkOp>();
    op->work = shared;
    for (const HostUse &use : shared->host)
        op->tokens.push_back(host_use_begin(use));
    queue_op(stream, std::move(op));
}

static cudaError_t create(cudaStream_t *out, unsigned flags)
{
    if (flags != cudaStreamNonBlocking)
        misuse("a stream without cudaStreamNonBlocking waits for the default stream");
    streams.push_back(
        new CUstream_st{++streams_made, current_device(), new_timeline(), {}, 0, 0, {}, nullptr, {}});
    *out = streams.back();
    return cudaSuccess;
}

extern "C" cudaError_t cudaStreamCreateWithPriority(cudaStream_t *out, unsigned flags, int)
{
    CUDASIM_ENTER("cudaStreamCreateWithPriority");
    return create(out, flags);
}

extern "C" cudaError_t cudaStreamCreateWithFlags(cudaStream_t *out, unsigned flags)
{
    CUDASIM_ENTER("cudaStreamCreateWithFlags");
    return create(out, flags);
}

extern "C" cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    CUDASIM_ENTER("cudaStreamDestroy");
    check_stream("cudaStreamDestroy", stream);
    if (stream->capture)
        misuse("cudaStreamDestroy of a capturing stream");
    wait_for(
        stream, [stream] { return stream->queue.empty(); }, nullptr);
    streams.erase(std::find(streams.begin(), streams.end(), stream));
    bury(stream);
    return cudaSuccess;
}

static void refuse_capturing(const char *call, const CUstream_st *stream)
{
    if (stream->capture)
        misuse("%s on a capturing stream", call);
}

extern "C" cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    CUDASIM_ENTER("cudaStreamSynchronize");
    check_stream("cudaStreamSynchronize", stream);
    refuse_capturing("cudaStreamSynchronize", stream);
    refuse_in_capture("cudaStreamSynchronize");
    return wait_for(
        stream, [stream] { return stream->queue.empty(); }, &stream->clock);
}

extern "C" cudaError_t cudaStreamQuery(cudaStream_t stream)
{
    CUDASIM_ENTER("cudaStreamQuery");
    check_stream("cudaStreamQuery", stream);
    refuse_capturing("cudaStreamQuery", stream);
    refuse_in_capture("cudaStreamQuery");
    return poll(
        stream, [stream] { return stream->queue.empty(); }, &stream->clock);
}

static std::set<const CUevent_st *> events;

static void check_event(const char *call, const CUevent_st *event)
{
    if (!events.count(event))
        misuse("%s with an event that is destroyed or was never made", call);
}

extern "C" cudaError_t cudaEventCreateWithFlags(cudaEvent_t *out, unsigned)
{
    CUDASIM_ENTER("cudaEventCreateWithFlags");
    *out = new CUevent_st{nullptr, 0, {}};
    events.insert(*out);
    return cudaSuccess;
}

extern "C" cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    CUDASIM_ENTER("cudaEventDestroy");
    check_event("cudaEventDestroy", event);
    events.erase(event);
    bury(event);
    return cudaSuccess;
}

struct RecordOp : Op {
    std::shared_ptr<Record> record;
    bool step(CUstream_st *stream) override
    {
        clock_join(stream->clock, host_knows);
        record->clock = stream->clock;
        record->done = true;
        return true;
    }
};

extern "C" cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
    CUDASIM_ENTER("cudaEventRecord");
    check_event("cudaEventRecord", event);
    check_stream("cudaEventRecord", stream);
    event->capture = capture_number(stream->capture);
    if (stream->capture) {
        event->frontier = stream->frontier;
        return cudaSuccess;
    }
    auto op = std::make_unique<RecordOp>();
    event->record = op->record = std::make_shared<Record>(Record{stream, false, {}});
    queue_op(stream, std::move(op));
    return cudaSuccess;
}

struct WaitOp : Op {
    std::shared_ptr<Record> record;
    CUstream_st *blocker() override
    {
        return record->done ? nullptr : record->stream;
    }
    bool step(CUstream_st *stream) override
    {
        clock_join(stream->clock, record->clock);
        return true;
    }
};

/* Binds the record that exists now; an event that was never recorded orders nothing. */
extern "C" cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned)
{
    CUDASIM_ENTER("cudaStreamWaitEvent");
    check_event("cudaStreamWaitEvent", event);
    check_stream("cudaStreamWaitEvent", stream);
    if (stream->capture || event->capture) {
        capture_wait(stream, event);
        return cudaSuccess;
    }
    if (!event->record)
        return cudaSuccess;
    auto op = std::make_unique<WaitOp>();
    op->record = event->record;
    queue_op(stream, std::move(op));
    return cudaSuccess;
}

static std::shared_ptr<Record> record_of(const char *call, const CUevent_st *event)
{
    check_event(call, event);
    refuse_in_capture(call);
    if (event->capture)
        misuse("%s with an event that was recorded during a capture", call);
    return event->record;
}

extern "C" cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
    CUDASIM_ENTER("cudaEventSynchronize");
    const auto record = record_of("cudaEventSynchronize", event);
    if (!record)
        return cudaSuccess;
    return wait_for(
        record->stream, [&record] { return record->done; }, &record->clock);
}

extern "C" cudaError_t cudaEventQuery(cudaEvent_t event)
{
    CUDASIM_ENTER("cudaEventQuery");
    const auto record = record_of("cudaEventQuery", event);
    return record ? poll(
                        record->stream, [&record] { return record->done; }, &record->clock)
                  : cudaSuccess;
}

size_t live_streams_and_events()
{
    return streams.size() + events.size();
}

extern "C" unsigned long cudasim_alive(void)
{
    return live_allocations() + live_streams_and_events() + live_graphs() + live_blas_handles();
}
