/* event.cpp: events. A record is a place in a stream; who waits,
 * waits for the record that there is at that time. */
#include <set>
#include "report.h"
#include "stream.h"

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
    refuse_withheld("cudaEventRecord", stream);
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

size_t live_events()
{
    return events.size();
}
