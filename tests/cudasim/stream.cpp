#include "stream.h"

#include <algorithm>
#include <map>
#include "cudasim.h"
#include "report.h"

static std::vector<CUstream_st *> streams;
static int streams_made;
static Clock host_clock; /* what the host has waited for */

struct Turn {
    const Op *op;
    CUstream_st *stream;
};
static std::map<const void *, std::deque<Turn>> turns; /* of the works that share a `serial` */

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

static CUstream_st *blocker_of(const CUstream_st *stream)
{
    Op &op = *stream->queue.front();
    for (const void *serial : op.serials)
        if (turns[serial].front().op != &op)
            return turns[serial].front().stream;
    return op.blocker();
}

static bool runnable(const CUstream_st *stream)
{
    return !stream->queue.empty() && !blocker_of(stream);
}

/* Says whether the operation is finished. */
static bool step(CUstream_st *stream)
{
    Op &op = *stream->queue.front();
    op.begun = true;
    if (!op.step(stream))
        return false;
    for (const void *serial : op.serials)
        turns[serial].pop_front();
    stream->queue.pop_front();
    return true;
}

static CUstream_st *starved()
{
    return settings().policy == Policy::Starve ? streams[settings().seed % streams.size()] : nullptr;
}

/* Halfway: what has begun waits for whoever needs its end. */
static bool put_off(const CUstream_st *stream)
{
    return settings().policy == Policy::Halfway && stream->queue.front()->begun;
}

/* pressed: for a host that waits for something else than a stream, which may need any of them. */
static CUstream_st *any_runnable(const CUstream_st *except, bool pressed = false)
{
    std::vector<CUstream_st *> choice;
    for (CUstream_st *stream : streams)
        if (stream != except && runnable(stream) && (pressed || !put_off(stream)))
            choice.push_back(stream);
    return choice.empty() ? nullptr : choice[dice(choice.size())];
}

/* The stream that has to go on for the sake of `stream`. */
static CUstream_st *needed(CUstream_st *stream)
{
    size_t hops = 0;
    while (CUstream_st *blocker = blocker_of(stream)) {
        if (hops++ > streams.size())
            misuse("deadlock: stream %d and stream %d wait for each other", stream->number, blocker->number);
        stream = blocker;
    }
    return stream;
}

/* Who is next while the host waits for `target`. */
static CUstream_st *next(CUstream_st *target)
{
    CUstream_st *stream = nullptr;
    if (settings().policy == Policy::Random || settings().policy == Policy::Halfway)
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
    int unfinished = 0; /* in a row: what waits for another rank must not keep the host */
    for (; steps > 0 && unfinished < 200; steps--) {
        CUstream_st *stream = any_runnable(starved());
        if (!stream)
            return;
        unfinished = step(stream) ? 0 : unfinished + 1;
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
        for (uint64_t steps = 1 + dice(16); steps > 0 && !done(); steps--) /* a host that looks takes time */
            step(next(stream));
    }
    return done() ? learn(learns) : fail(cudaErrorNotReady);
}

void queue_op(CUstream_st *stream, std::unique_ptr<Op> op)
{
    op->ticket = ++stream->queued;
    op->host_knows = host_clock;
    for (const void *serial : op->serials)
        turns[serial].push_back({op.get(), stream});
    stream->queue.push_back(std::move(op));
    run_unasked();
}

void progress()
{
    CUstream_st *stream = called_by_user() ? any_runnable(nullptr, true) : nullptr;
    if (!stream)
        return;
    DeviceMemoryOpen open;
    step(stream);
}

Execution::Execution(WorkPointer todo) : work(std::move(todo))
{
    for (const HostUse &use : work->host)
        tokens.push_back(host_use_begin(use));
}

bool Execution::step(int timeline, uint64_t tick, const Clock &knows)
{
    for (const HostUseToken &token : tokens)
        host_use_end(token);
    tokens.clear();
    if (device_lost())
        return true;
    const Work &now = *work;
    bool finished = true;
    running_now = [&now] { return "in " + now.name; };
    race_begin(now.name, timeline, tick, knows);
    if (has_begun)
        finished = more();
    else if (now.begin)
        finished = !(more = now.begin());
    else
        now.run();
    race_end();
    running_now = nullptr;
    has_begun = true;
    if (finished)
        check_redzones(now.name);
    return finished;
}

struct WorkOp : Op {
    Execution execution;
    explicit WorkOp(WorkPointer work) : execution(std::move(work))
    {
    }
    bool step(CUstream_st *stream) override
    {
        clock_join(stream->clock, host_knows);
        stream->clock[stream->timeline] = ticket;
        return execution.step(stream->timeline, ticket, stream->clock);
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
    auto op = std::make_unique<WorkOp>(shared);
    if (shared->serial)
        op->serials.push_back(shared->serial);
    queue_op(stream, std::move(op));
}

void refuse_withheld(const char *call, const CUstream_st *stream)
{
    if (stream->withheld)
        misuse("%s on stream %d, where %s is not queued yet: ncclCommGetAsyncError first", call,
               stream->number, stream->withheld);
}

static cudaError_t create(cudaStream_t *out, unsigned flags)
{
    if (flags != cudaStreamNonBlocking)
        misuse("a stream without cudaStreamNonBlocking waits for the default stream");
    streams.push_back(
        new CUstream_st{++streams_made, current_device(), new_timeline(), {}, 0, {}, nullptr, {}, nullptr});
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
    refuse_withheld("cudaStreamSynchronize", stream);
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

size_t live_streams()
{
    return streams.size();
}

extern "C" unsigned long cudasim_alive(void)
{
    return live_allocations() + live_streams() + live_events() + live_graphs() + live_blas_handles() +
           live_cudnn_objects();
}
