/* nccl_comm.cpp: communicators: how they begin, fail and end. */
#include "nccl_comm.h"

#include <cstdlib>
#include <cstring>
#include <set>
#include <unistd.h>
#include "report.h"

/* What a rank shows at the beginning: two of one device or with different ids are refused. */
struct Passport {
    ncclUniqueId id;
    int rank, size, device;
    char host[64];
};

static std::set<const ncclComm *> comms;

static void check_alive(const char *call, const ncclComm *comm)
{
    if (!comms.count(comm))
        misuse("%s with a communicator that is destroyed or was never made", call);
}

void check_comm(const char *call, const ncclComm *comm)
{
    check_alive(call, comm);
    if (comm->aborted || comm->finalized)
        misuse("%s on a communicator after its end", call);
    if (comm->state == ncclInProgress)
        misuse("%s while the communicator is in progress: ncclCommGetAsyncError first", call);
}

static ncclResult_t entered(const char *call, ncclResult_t failure)
{
    return enter(call) == cudaSuccess ? ncclSuccess : failure;
}

extern "C" ncclResult_t ncclGetVersion(int *version)
{
    *version = NCCL_VERSION_CODE;
    return entered("ncclGetVersion", ncclInternalError);
}

extern "C" ncclResult_t ncclGetUniqueId(ncclUniqueId *id)
{
    memset(id, 0, sizeof *id);
    snprintf(id->internal, sizeof id->internal, "%ld-%llu", static_cast<long>(getpid()),
             static_cast<unsigned long long>(dice(1u << 30)));
    return entered("ncclGetUniqueId", ncclSystemError);
}

static void refuse(ncclComm *comm, ncclResult_t result, const std::string &why)
{
    comm->state = result;
    comm->error = why;
}

static void compare_passports(ncclComm *comm)
{
    std::vector<Passport> all(static_cast<size_t>(comm->size));
    memcpy(all.data(), comm->passports.data(), comm->passports.size());
    for (const Passport &a : all) {
        if (memcmp(&a.id, &all[0].id, sizeof a.id) != 0)
            misuse("ncclCommInitRankConfig: ranks %d and %d bring different ids", all[0].rank, a.rank);
        for (const Passport &b : all)
            if (a.rank < b.rank && a.device == b.device && strcmp(a.host, b.host) == 0)
                refuse(comm, ncclInvalidUsage,
                       "Duplicate GPU detected : rank " + std::to_string(b.rank) + " and rank " +
                           std::to_string(a.rank) + " both on CUDA device " + std::to_string(a.device));
    }
}

/* One look at what is in progress. */
static void go_on(ncclComm *comm)
{
    if (comm->state != ncclInProgress)
        return;
    if (comm->stuck) {
        usleep(100);
        return;
    }
    if (comm->opening != MPI_REQUEST_NULL) {
        int done = 0;
        PMPI_Test(&comm->opening, &done, MPI_STATUS_IGNORE);
        if (done)
            compare_passports(comm);
        else
            usleep(100);
        return;
    }
    if (comm->delay-- > 0)
        return;
    comm->state = ncclSuccess;
    for (const Call &call : comm->withheld)
        call.stream->withheld = nullptr;
    queue_calls(comm, comm->withheld);
    comm->withheld.clear();
}

extern "C" ncclResult_t ncclCommInitRankConfig(ncclComm_t *out, int size, ncclUniqueId id, int rank,
                                               ncclConfig_t *config)
{
    const ncclResult_t failure = entered("ncclCommInitRankConfig", ncclSystemError);
    if (failure != ncclSuccess)
        return failure;
    int world_size, world_rank;
    PMPI_Comm_size(MPI_COMM_WORLD, &world_size);
    PMPI_Comm_rank(MPI_COMM_WORLD, &world_rank);
    if (size != world_size || rank != world_rank)
        misuse("ncclCommInitRankConfig: rank %d of %d, which is rank %d of %d in MPI", rank, size, world_rank,
               world_size);
    if (config->magic != 0xcafebeef)
        misuse("ncclCommInitRankConfig: the configuration was not made with NCCL_CONFIG_INITIALIZER");
    ncclComm *comm = new ncclComm();
    comm->rank = rank;
    comm->size = size;
    comm->device = current_device();
    comm->blocking = config->blocking != 0;
    comm->state = ncclInProgress;
    comm->delay = static_cast<int>(dice(3));
    Passport mine = {id, rank, size, board_of(comm->device), {}};
    const char *host = getenv("CUDASIM_HOST");
    snprintf(mine.host, sizeof mine.host, "%s", host ? host : "");
    comm->passports.resize(sizeof mine * static_cast<size_t>(size));
    memcpy(&comm->passports[sizeof mine * static_cast<size_t>(rank)], &mine, sizeof mine);
    PMPI_Comm_dup(MPI_COMM_WORLD, &comm->world);
    const bool absent = injected("ncclInitHang");
    comm->stuck = injected("ncclInitStuck") || absent;
    if (!absent)
        PMPI_Iallgather(MPI_IN_PLACE, 0, MPI_BYTE, comm->passports.data(), sizeof mine, MPI_BYTE, comm->world,
                        &comm->opening);
    comms.insert(comm);
    *out = comm;
    while (comm->blocking && comm->state == ncclInProgress)
        go_on(comm);
    return comm->state;
}

extern "C" ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t *state)
{
    check_alive("ncclCommGetAsyncError", comm);
    const ncclResult_t failure = entered("ncclCommGetAsyncError", ncclInternalError);
    go_on(comm);
    *state = comm->state;
    return failure;
}

extern "C" ncclResult_t ncclCommFinalize(ncclComm_t comm)
{
    check_comm("ncclCommFinalize", comm);
    comm->finalized = true;
    comm->stuck = injected("ncclFinalizeHang");
    if (comm->stuck)
        return comm->state = ncclInProgress;
    return entered("ncclCommFinalize", ncclSystemError);
}

static void end(ncclComm *comm)
{
    comms.erase(comm);
    bury(comm);
}

extern "C" ncclResult_t ncclCommDestroy(ncclComm_t comm)
{
    check_alive("ncclCommDestroy", comm);
    if (comm->unfinished)
        misuse("ncclCommDestroy while %d of its collectives are on their way", comm->unfinished);
    PMPI_Comm_free(&comm->world);
    comm->destroyed = true;
    end(comm);
    return ncclSuccess;
}

/* Everything of it that is queued ends at once, with rubbish as its result. */
extern "C" ncclResult_t ncclCommAbort(ncclComm_t comm)
{
    check_alive("ncclCommAbort", comm);
    comm->aborted = true;
    for (const Call &call : comm->withheld)
        call.stream->withheld = nullptr;
    end(comm);
    return ncclSuccess;
}

extern "C" const char *ncclGetErrorString(ncclResult_t result)
{
    static const char *const texts[] = {"no error",
                                        "unhandled cuda error",
                                        "unhandled system error",
                                        "internal error",
                                        "invalid argument",
                                        "invalid usage",
                                        "remote process exited or there was a network error",
                                        "NCCL operation in progress"};
    return texts[result];
}

extern "C" const char *ncclGetLastError(ncclComm_t comm)
{
    return comm ? comm->error.c_str() : "";
}

/* While the host waits for messages of its own, the device goes on: without this, a rank that waits in MPI
 * would keep the collectives of others from ending, which no GPU does. */
#define WHILE_WAITING(name, parameters, ...)                                                                 \
    extern "C" int name parameters                                                                           \
    {                                                                                                        \
        progress();                                                                                          \
        return P##name(__VA_ARGS__);                                                                         \
    }

WHILE_WAITING(MPI_Testall, (int n, MPI_Request requests[], int *done, MPI_Status statuses[]), n, requests,
              done, statuses)
WHILE_WAITING(MPI_Testany, (int n, MPI_Request requests[], int *index, int *done, MPI_Status *status), n,
              requests, index, done, status)
WHILE_WAITING(MPI_Test, (MPI_Request * request, int *done, MPI_Status *status), request, done, status)
