/* stream.h: streams as queues, of which one operation at a time runs, in an order that CUDA allows. */
#ifndef CUDASIM_STREAM_H
#define CUDASIM_STREAM_H

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>
#include "cuda_runtime_api.h"
#include "memory.h"
#include "race.h"

/* What a kernel, copy or library call does, with its arguments inside: a graph runs it many times. */
struct Work {
    std::string name;
    std::function<void()> run;
    std::vector<HostUse> host;
    /* Instead of `run`, for what takes several steps: begins,
     * and gives what is then asked until it says true. */
    std::function<std::function<bool()>()> begin;
    const void *serial = nullptr; /* works that share one run one after the other, as they were queued */
};
typedef std::shared_ptr<const Work> WorkPointer;

/* Work on its way. */
class Execution
{
  public:
    explicit Execution(WorkPointer todo);
    bool step(int timeline, uint64_t tick, const Clock &knows); /* true: finished */

  private:
    WorkPointer work;
    std::vector<HostUseToken> tokens;
    std::function<bool()> more;
    bool has_begun = false;
};

/* One entry of a queue. */
struct Op {
    uint64_t ticket = 0;
    Clock host_knows; /* when it was queued */
    std::vector<const void *> serials;
    bool begun = false; /* a part of it is done */
    virtual ~Op() = default;
    virtual CUstream_st *blocker() /* the stream that must go on first; NULL: can run */
    {
        return nullptr;
    }
    virtual bool step(CUstream_st *stream) = 0; /* a part of it; true when it is finished */
};

struct Capture;

struct CUstream_st {
    int number, device, timeline;
    std::deque<std::unique_ptr<Op>> queue;
    uint64_t queued;           /* ever */
    Clock clock;               /* after what has run */
    Capture *capture;          /* NULL: not capturing */
    std::vector<int> frontier; /* of the capture: the nodes that the next one depends on */
    const char *withheld;      /* the call whose work is not queued yet, though it has returned */
};

/* A cudaEventRecord. */
struct Record {
    CUstream_st *stream;
    bool done;
    Clock clock;
};

struct CUevent_st {
    std::shared_ptr<Record> record;
    int capture; /* number of the capture it was recorded in, 0: none */
    std::vector<int> frontier;
};

int current_device();
int board_of(int device); /* the device itself: 2 where CUDA_VISIBLE_DEVICES=2 shows it as device 0 */

void check_stream(const char *call, CUstream_st *stream); /* alive, of the current device */
void queue_work(CUstream_st *stream, Work work);          /* or a node, while capturing */
void queue_op(CUstream_st *stream, std::unique_ptr<Op> op);
cudaError_t wait_for(CUstream_st *stream, const std::function<bool()> &done, const Clock *learns);
cudaError_t poll(CUstream_st *stream, const std::function<bool()> &done, const Clock *learns);
void refuse_withheld(const char *call, const CUstream_st *stream);
void progress(); /* the device goes on by itself, while the host waits for something else */
size_t live_streams();
size_t live_events();

/* Captures (graph.cpp). */
void refuse_in_capture(const char *call);
int capture_number(const Capture *capture);
void capture_work(CUstream_st *stream, WorkPointer work);
void capture_wait(CUstream_st *stream, const CUevent_st *event);
size_t live_graphs();
size_t live_blas_handles();
size_t live_cudnn_objects();

#endif
