/* nccl_calls.cpp: collectives and messages. Those of a communicator run in the order in which they were
 * called, whatever their streams. All ranks compare what they were called with before any data moves. */
#include <algorithm>
#include <cstring>
#include <unistd.h>
#include "nccl_comm.h"
#include "report.h"

static int group_depth;
static ncclComm *group_comm;
static std::vector<Call> group;

static const char *call_name(Kind kind)
{
    static const char *const names[] = {"ncclAllReduce", "ncclBroadcast", "ncclAllGather", "ncclSend",
                                        "ncclRecv"};
    return names[static_cast<int>(kind)];
}

static size_t type_bytes(int type)
{
    static const size_t bytes[] = {1, 1, 4, 4, 8, 8, 0, 4, 8};
    if (type < 0 || type > ncclFloat64 || bytes[type] == 0)
        misuse("data type %d, which the stand-in does not know", type);
    return bytes[type];
}

/* One call, or the messages of one group to one stream, on its way. */
struct Flight {
    ncclComm *comm;
    std::vector<Call> calls;
    std::vector<Header> headers;         /* of all ranks, or of each message */
    std::vector<std::vector<char>> data; /* of each call: to send, or received */
    std::vector<MPI_Request> requests;
    bool compared;

    bool step();
    void exchange_headers();
    void compare_ranks();
    void compare_peers();
    void start_collective();
    void start_messages();
    void land(const Call &call, const std::vector<char> &from);
};

static size_t bytes_of(const Call &call)
{
    return call.what.count * type_bytes(call.what.type);
}

static bool is_message(const Call &call)
{
    return call.what.kind == Kind::Send || call.what.kind == Kind::Recv;
}

static size_t bytes_to(const Call &call, int ranks)
{
    return bytes_of(call) * (call.what.kind == Kind::AllGather ? static_cast<size_t>(ranks) : 1);
}

static void check_buffers(const Call &call, const ncclComm *comm)
{
    const std::string from = call.from ? fault_of(call.from, bytes_of(call), comm->device) : "";
    const std::string to = call.to ? fault_of(call.to, bytes_to(call, comm->size), comm->device) : "";
    if (!from.empty() || !to.empty())
        misuse("%s of %llu elements: its %s buffer is in %s", call_name(call.what.kind),
               static_cast<unsigned long long>(call.what.count), from.empty() ? "receive" : "send",
               (from.empty() ? to : from).c_str());
}

static std::string describe(const Header &h)
{
    return std::string(call_name(h.kind)) + " number " + std::to_string(h.number) + " of " +
           std::to_string(h.count) + " elements of type " + std::to_string(h.type) + ", op " +
           std::to_string(h.op) + ", root " + std::to_string(h.root);
}

void Flight::exchange_headers()
{
    if (!is_message(calls[0])) {
        Header &mine = calls[0].what;
        mine.number = ++comm->collectives;
        headers.resize(static_cast<size_t>(comm->size));
        headers[static_cast<size_t>(comm->rank)] = mine;
        requests.resize(1);
        PMPI_Iallgather(MPI_IN_PLACE, 0, MPI_BYTE, headers.data(), sizeof mine, MPI_BYTE, comm->world,
                        &requests[0]);
        return;
    }
    headers.resize(calls.size());
    requests.resize(calls.size());
    for (size_t i = 0; i < calls.size(); i++) {
        headers[i] = calls[i].what;
        if (calls[i].what.kind == Kind::Send)
            PMPI_Isend(&headers[i], sizeof(Header), MPI_BYTE, calls[i].peer, 0, comm->world, &requests[i]);
        else
            PMPI_Irecv(&headers[i], sizeof(Header), MPI_BYTE, calls[i].peer, 0, comm->world, &requests[i]);
    }
}

void Flight::compare_ranks()
{
    for (int rank = 0; rank < comm->size; rank++)
        if (memcmp(&headers[static_cast<size_t>(rank)], &headers[0], sizeof headers[0]) != 0)
            misuse("mismatched collective: rank 0 calls %s; rank %d calls %s", describe(headers[0]).c_str(),
                   rank, describe(headers[static_cast<size_t>(rank)]).c_str());
}

void Flight::compare_peers()
{
    for (size_t i = 0; i < calls.size(); i++)
        if (headers[i].count != calls[i].what.count || headers[i].type != calls[i].what.type)
            misuse("ncclRecv of %llu elements of type %d, but rank %d sends %llu of type %d",
                   static_cast<unsigned long long>(calls[i].what.count), calls[i].what.type, calls[i].peer,
                   static_cast<unsigned long long>(headers[i].count), headers[i].type);
}

/* What will be received is unusable until it is there: from the beginning, whenever the other ranks come, or,
 * where it lies over what is sent, from when that is taken. */
static void spoil_received(const Call &call, const ncclComm *comm)
{
    const char *from = static_cast<const char *>(call.from);
    char *to = static_cast<char *>(call.to);
    const size_t bytes = bytes_to(call, comm->size);
    if (!from || from + bytes_of(call) <= to || to + bytes <= from)
        memset(to, 0xff, bytes);
}

/* Takes what is sent. */
void Flight::start_collective()
{
    const Call &call = calls[0];
    const size_t bytes = bytes_of(call);
    const int count = static_cast<int>(bytes);
    data[0].resize(bytes * static_cast<size_t>(comm->size));
    if (call.from) {
        race_range(call.from, bytes, false);
        memcpy(&data[0][bytes * static_cast<size_t>(comm->rank)], call.from, bytes);
    }
    race_range(call.to, bytes_to(call, comm->size), true);
    memset(call.to, 0xff, bytes_to(call, comm->size));
    PMPI_Iallgather(MPI_IN_PLACE, 0, MPI_BYTE, data[0].data(), count, MPI_BYTE, comm->world, &requests[0]);
}

void Flight::start_messages()
{
    for (size_t i = 0; i < calls.size(); i++) {
        const Call &call = calls[i];
        data[i].resize(bytes_of(call));
        const int bytes = static_cast<int>(data[i].size());
        if (call.what.kind == Kind::Send) {
            race_range(call.from, data[i].size(), false);
            memcpy(data[i].data(), call.from, data[i].size());
            PMPI_Isend(data[i].data(), bytes, MPI_BYTE, call.peer, 1, comm->world, &requests[i]);
        } else {
            race_range(call.to, data[i].size(), true);
            memset(call.to, 0xff, data[i].size());
            PMPI_Irecv(data[i].data(), bytes, MPI_BYTE, call.peer, 1, comm->world, &requests[i]);
        }
    }
}

void Flight::land(const Call &call, const std::vector<char> &from)
{
    const size_t bytes = bytes_of(call);
    char *to = static_cast<char *>(call.to);
    if (call.what.kind == Kind::Send)
        return;
    race_range(to, bytes_to(call, comm->size), true);
    if (call.what.kind == Kind::AllReduce)
        finish_reduction(to, from, call.what, comm->size);
    else if (call.what.kind == Kind::Broadcast)
        memcpy(to, &from[bytes * static_cast<size_t>(call.what.root)], bytes);
    else
        memcpy(to, from.data(), from.size());
}

bool Flight::step()
{
    int done = 0;
    if (comm->aborted)
        return true;
    PMPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, MPI_STATUSES_IGNORE);
    if (!done) {
        usleep(20);
        return false;
    }
    if (!compared) {
        compared = true;
        is_message(calls[0]) ? compare_peers() : compare_ranks();
        is_message(calls[0]) ? start_messages() : start_collective();
        return false;
    }
    for (size_t i = 0; i < calls.size(); i++)
        land(calls[i], data[i]);
    comm->unfinished--;
    return true;
}

/* Begins, and gives what is then asked until it says true. */
static std::function<bool()> take_off(ncclComm *comm, const std::vector<Call> &calls)
{
    if (comm->destroyed)
        misuse("%s runs after ncclCommDestroy", call_name(calls[0].what.kind));
    for (const Call &call : calls)
        check_buffers(call, comm);
    const bool hangs = injected("ncclHang");
    if (injected("ncclAsyncError")) {
        comm->state = ncclRemoteError;
        comm->error = "the peer has gone";
    }
    if (hangs || comm->aborted || comm->state == ncclRemoteError)
        return [comm] { return comm->aborted; };
    comm->unfinished++;
    auto flight = std::make_shared<Flight>();
    flight->comm = comm;
    flight->calls = calls;
    flight->data.resize(calls.size());
    flight->compared = false;
    if (!is_message(calls[0]))
        spoil_received(calls[0], comm);
    flight->exchange_headers();
    return [flight] { return flight->step(); };
}

static void queue_flight(ncclComm *comm, const std::vector<Call> &calls)
{
    Work work;
    work.name = call_name(calls[0].what.kind);
    work.serial = comm;
    work.begin = [comm, calls] { return take_off(comm, calls); };
    queue_work(calls[0].stream, std::move(work));
}

/* Messages of a group to one stream belong together; a collective stands for itself. */
void queue_calls(ncclComm *comm, const std::vector<Call> &calls)
{
    std::vector<Call> rest = calls;
    while (!rest.empty()) {
        const Call first = rest[0];
        std::vector<Call> together, later;
        for (const Call &call : rest) {
            const bool joins =
                is_message(first) ? is_message(call) && call.stream == first.stream : together.empty();
            (joins ? together : later).push_back(call);
        }
        queue_flight(comm, together);
        rest = later;
    }
}

static ncclResult_t submit(ncclComm *comm, const std::vector<Call> &calls)
{
    if (comm->blocking || dice(2)) {
        queue_calls(comm, calls);
        return ncclSuccess;
    }
    comm->state = ncclInProgress;
    comm->delay = static_cast<int>(dice(3));
    comm->withheld = calls;
    for (const Call &call : calls)
        call.stream->withheld = call_name(call.what.kind);
    return ncclInProgress;
}

static ncclResult_t call(ncclComm *comm, const Call &one)
{
    const char *name = call_name(one.what.kind);
    if (enter(name) != cudaSuccess)
        return ncclInternalError;
    check_comm(name, comm);
    if (comm->state != ncclSuccess)
        return comm->state;
    check_stream(name, one.stream);
    if (one.what.count < 1)
        misuse("%s of no elements", name);
    check_buffers(one, comm);
    if (one.peer < 0 || one.peer >= comm->size || one.what.root < 0 || one.what.root >= comm->size)
        misuse("%s: there is no rank %d", name, one.peer ? one.peer : one.what.root);
    if (group_depth == 0)
        return submit(comm, {one});
    if (group_comm && group_comm != comm)
        misuse("%s: a group of two communicators, which the stand-in does not know", name);
    group_comm = comm;
    group.push_back(one);
    return ncclSuccess;
}

extern "C" ncclResult_t ncclGroupStart(void)
{
    group_depth++;
    return enter("ncclGroupStart") == cudaSuccess ? ncclSuccess : ncclInternalError;
}

extern "C" ncclResult_t ncclGroupEnd(void)
{
    if (group_depth < 1)
        misuse("ncclGroupEnd without ncclGroupStart");
    const bool fails = enter("ncclGroupEnd") != cudaSuccess;
    if (--group_depth > 0 || group.empty())
        return fails ? ncclInternalError : ncclSuccess;
    const std::vector<Call> calls = group;
    ncclComm *comm = group_comm;
    group.clear();
    group_comm = nullptr;
    return fails ? ncclInternalError : submit(comm, calls);
}

extern "C" ncclResult_t ncclAllReduce(const void *from, void *to, size_t count, ncclDataType_t type,
                                      ncclRedOp_t op, ncclComm_t comm, cudaStream_t stream)
{
    return call(comm, {{0, count, Kind::AllReduce, type, op, 0}, from, to, 0, stream});
}

extern "C" ncclResult_t ncclBroadcast(const void *from, void *to, size_t count, ncclDataType_t type, int root,
                                      ncclComm_t comm, cudaStream_t stream)
{
    return call(
        comm,
        {{0, count, Kind::Broadcast, type, 0, root}, comm->rank == root ? from : nullptr, to, 0, stream});
}

extern "C" ncclResult_t ncclAllGather(const void *from, void *to, size_t count, ncclDataType_t type,
                                      ncclComm_t comm, cudaStream_t stream)
{
    return call(comm, {{0, count, Kind::AllGather, type, 0, 0}, from, to, 0, stream});
}

extern "C" ncclResult_t ncclSend(const void *from, size_t count, ncclDataType_t type, int peer,
                                 ncclComm_t comm, cudaStream_t stream)
{
    return call(comm, {{0, count, Kind::Send, type, 0, 0}, from, nullptr, peer, stream});
}

extern "C" ncclResult_t ncclRecv(void *to, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                                 cudaStream_t stream)
{
    return call(comm, {{0, count, Kind::Recv, type, 0, 0}, nullptr, to, peer, stream});
}
