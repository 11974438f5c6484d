/* graph.cpp: captures and graphs. A graph is the captured work with its arguments as they were, and the order
 * that streams and events gave it; each launch runs it in another order that this one allows. */
#include <algorithm>
#include <set>
#include "report.h"
#include "stream.h"

struct Node {
    WorkPointer work;
    std::vector<int> after; /* the nodes that it follows */
    int lane;               /* the capturing streams, numbered */
};

struct CUgraph_st {
    std::vector<Node> nodes;
    int lanes;
};

struct CUgraphExec_st {
    CUgraph_st graph;
    std::vector<int> timelines; /* of the lanes */
    uint64_t launched, finished;
    CUstream_st *last; /* where the newest launch is queued */
    Clock clock;       /* after the launches that are finished */
};

struct Capture {
    int number;
    cudaStreamCaptureMode mode;
    CUstream_st *origin;
    CUgraph_st *graph;
    std::vector<CUstream_st *> streams; /* in the order of the lanes */
    bool spoilt;                        /* a call in it has failed on purpose */
};

static Capture *active; /* one at a time */
static int captures_made;
static std::set<const CUgraph_st *> graphs;
static std::set<const CUgraphExec_st *> execs;

void refuse_in_capture(const char *call)
{
    if (active && active->mode != cudaStreamCaptureModeRelaxed)
        misuse("%s while stream %d is capturing", call, active->origin->number);
}

bool capture_is_open()
{
    return active != nullptr;
}

void spoil_capture()
{
    if (active)
        active->spoilt = true;
}

int capture_number(const Capture *capture)
{
    return capture ? capture->number : 0;
}

static void add_all(std::vector<int> &to, const std::vector<int> &from)
{
    for (int node : from)
        if (std::find(to.begin(), to.end(), node) == to.end())
            to.push_back(node);
}

void capture_work(CUstream_st *stream, WorkPointer work)
{
    Capture &capture = *stream->capture;
    const auto at = std::find(capture.streams.begin(), capture.streams.end(), stream);
    const int lane = static_cast<int>(at - capture.streams.begin());
    std::vector<int> after = stream->frontier;
    for (size_t i = 0; work->serial && i < capture.graph->nodes.size(); i++)
        if (capture.graph->nodes[i].work->serial == work->serial)
            add_all(after, {static_cast<int>(i)});
    capture.graph->nodes.push_back({std::move(work), after, lane});
    stream->frontier = {static_cast<int>(capture.graph->nodes.size()) - 1};
}

void capture_wait(CUstream_st *stream, const CUevent_st *event)
{
    if (!event->capture)
        misuse("a capturing stream waits for an event that was recorded outside of the capture");
    if (!active || event->capture != active->number)
        misuse("stream %d waits for an event of a capture that is over", stream->number);
    if (!stream->capture) {
        stream->capture = active;
        stream->frontier.clear();
        active->streams.push_back(stream);
    }
    add_all(stream->frontier, event->frontier);
}

extern "C" cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode)
{
    CUDASIM_ENTER("cudaStreamBeginCapture");
    check_stream("cudaStreamBeginCapture", stream);
    if (active)
        misuse("cudaStreamBeginCapture while another capture is going on");
    CUgraph_st *graph = new CUgraph_st{{}, 0};
    graphs.insert(graph);
    stream->capture = active = new Capture{++captures_made, mode, stream, graph, {stream}, false};
    stream->frontier.clear();
    return cudaSuccess;
}

/* Everything must lead to the origin's last node: what does not is a fork that was never joined. After a call
 * that failed nobody need join it: CUDA says so, and the capture is over. */
static cudaError_t check_joined(const Capture &capture)
{
    std::vector<int> reached = capture.origin->frontier;
    for (size_t i = 0; i < reached.size(); i++)
        add_all(reached, capture.graph->nodes[static_cast<size_t>(reached[i])].after);
    for (size_t i = 0; i < capture.graph->nodes.size(); i++)
        if (std::find(reached.begin(), reached.end(), static_cast<int>(i)) == reached.end()) {
            if (capture.spoilt)
                return cudaErrorStreamCaptureUnjoined;
            misuse("cudaStreamEndCapture: nothing joins %s to stream %d",
                   capture.graph->nodes[i].work->name.c_str(), capture.origin->number);
        }
    return cudaSuccess;
}

extern "C" cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *out)
{
    cudaError_t entered = enter("cudaStreamEndCapture");
    check_stream("cudaStreamEndCapture", stream);
    refuse_withheld("cudaStreamEndCapture", stream);
    if (!active || active->origin != stream)
        misuse("cudaStreamEndCapture on stream %d, where no capture began", stream->number);
    const cudaError_t joined = check_joined(*active);
    if (entered == cudaSuccess && joined != cudaSuccess)
        entered = fail(joined);
    active->graph->lanes = static_cast<int>(active->streams.size());
    for (CUstream_st *one : active->streams) {
        one->capture = nullptr;
        one->frontier.clear();
    }
    *out = entered == cudaSuccess ? active->graph : nullptr;
    if (entered != cudaSuccess) { /* the capture is over all the same */
        graphs.erase(active->graph);
        bury(active->graph);
    }
    delete active;
    active = nullptr;
    return entered;
}

extern "C" cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus *status)
{
    CUDASIM_ENTER("cudaStreamIsCapturing");
    check_stream("cudaStreamIsCapturing", stream);
    *status = stream->capture ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
    return cudaSuccess;
}

static void check_graph(const char *call, const CUgraph_st *graph)
{
    if (!graphs.count(graph))
        misuse("%s with a graph that is destroyed or was never made", call);
}

static void check_exec(const char *call, const CUgraphExec_st *exec)
{
    if (!execs.count(exec))
        misuse("%s with an executable graph that is destroyed or was never made", call);
}

extern "C" cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t *out, cudaGraph_t graph,
                                                     unsigned long long)
{
    CUDASIM_ENTER("cudaGraphInstantiateWithFlags", cudaErrorMemoryAllocation);
    check_graph("cudaGraphInstantiateWithFlags", graph);
    *out = new CUgraphExec_st{*graph, {}, 0, 0, nullptr, {}};
    for (int i = 0; i < graph->lanes; i++)
        (*out)->timelines.push_back(new_timeline());
    execs.insert(*out);
    return cudaSuccess;
}

struct LaunchOp : Op {
    CUgraphExec_st *exec;
    uint64_t number;       /* of the launches of this exec */
    CUstream_st *previous; /* where the launch before this one is queued */
    std::vector<Execution> executions;
    std::vector<Clock> clocks;
    std::vector<bool> finished;
    size_t left;

    LaunchOp(CUgraphExec_st *launched, CUstream_st *stream)
        : exec(launched), number(++launched->launched), previous(launched->last),
          clocks(launched->graph.nodes.size()), finished(clocks.size()), left(clocks.size())
    {
        exec->last = stream;
        for (const Node &node : exec->graph.nodes) {
            executions.emplace_back(node.work);
            if (node.work->serial &&
                std::find(serials.begin(), serials.end(), node.work->serial) == serials.end())
                serials.push_back(node.work->serial);
        }
    }

    CUstream_st *blocker() override
    {
        return exec->finished + 1 == number ? nullptr : previous;
    }

    bool ready(size_t node) const
    {
        for (int before : exec->graph.nodes[node].after)
            if (!finished[static_cast<size_t>(before)])
                return false;
        return !finished[node];
    }

    void run(size_t at, const Clock &begin)
    {
        const Node &node = exec->graph.nodes[at];
        Clock &clock = clocks[at] = begin;
        for (int before : node.after)
            clock_join(clock, clocks[static_cast<size_t>(before)]);
        const int timeline = exec->timelines[static_cast<size_t>(node.lane)];
        const uint64_t tick = number * exec->graph.nodes.size() + at;
        clock[timeline] = tick;
        if (executions[at].step(timeline, tick, clock)) {
            finished[at] = true;
            left--;
        }
    }

    bool step(CUstream_st *stream) override
    {
        clock_join(stream->clock, host_knows);
        clock_join(stream->clock, exec->clock);
        std::vector<size_t> choice;
        for (size_t i = 0; i < finished.size(); i++)
            if (ready(i))
                choice.push_back(i);
        if (!choice.empty())
            run(choice[dice(choice.size())], stream->clock);
        if (left > 0)
            return false;
        for (const Clock &clock : clocks)
            clock_join(stream->clock, clock);
        exec->clock = stream->clock;
        exec->finished++;
        return true;
    }
};

extern "C" cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream)
{
    CUDASIM_ENTER("cudaGraphLaunch");
    check_exec("cudaGraphLaunch", exec);
    check_stream("cudaGraphLaunch", stream);
    if (stream->capture)
        misuse("cudaGraphLaunch on a capturing stream");
    queue_op(stream, std::make_unique<LaunchOp>(exec, stream));
    return cudaSuccess;
}

extern "C" cudaError_t cudaGraphUpload(cudaGraphExec_t exec, cudaStream_t stream)
{
    CUDASIM_ENTER("cudaGraphUpload");
    check_exec("cudaGraphUpload", exec);
    check_stream("cudaGraphUpload", stream);
    return cudaSuccess;
}

extern "C" cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
    CUDASIM_ENTER("cudaGraphExecDestroy");
    check_exec("cudaGraphExecDestroy", exec);
    if (exec->finished != exec->launched)
        misuse("cudaGraphExecDestroy while a launch of it is queued");
    execs.erase(exec);
    bury(exec);
    return cudaSuccess;
}

extern "C" cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    CUDASIM_ENTER("cudaGraphDestroy");
    check_graph("cudaGraphDestroy", graph);
    graphs.erase(graph);
    bury(graph);
    return cudaSuccess;
}

size_t live_graphs()
{
    return graphs.size() + execs.size();
}
