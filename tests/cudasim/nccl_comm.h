/* nccl_comm.h: a communicator, and the calls of a group on their way to its streams. */
#ifndef CUDASIM_NCCL_COMM_H
#define CUDASIM_NCCL_COMM_H

#define OMPI_SKIP_MPICXX 1
#include <mpi.h>
#include <string>
#include <vector>
#include "nccl.h"
#include "stream.h"

enum class Kind : int { AllReduce, Broadcast, AllGather, Send, Recv };

/* What all ranks must agree on, sent before the data. */
struct Header {
    uint64_t number; /* of the collectives of the communicator */
    uint64_t count;
    Kind kind;
    int type, op, root;
};

struct Call {
    Header what;
    const void *from;
    void *to;
    int peer;
    CUstream_st *stream;
};

struct ncclComm {
    int rank, size, device;
    bool blocking, aborted, finalized, destroyed;
    bool stuck;         /* what is in progress stays so, and asking for it is in vain */
    ncclResult_t state; /* as ncclCommGetAsyncError says */
    int delay;          /* questions until a call that is in progress is done */
    std::string error;
    uint64_t collectives;       /* that were queued */
    int unfinished;             /* that are on their way */
    std::vector<Call> withheld; /* called, and not yet queued */

    MPI_Comm world; /* a duplicate of MPI_COMM_WORLD, as soon as `opening` is over */
    MPI_Request opening;
    std::vector<char> passports; /* what each rank brought to the opening */
};

void check_comm(const char *call, const ncclComm *comm); /* alive and ready */
void queue_calls(ncclComm *comm, const std::vector<Call> &calls);
void finish_reduction(char *out, const std::vector<char> &parts, const Header &what, int ranks);

#endif
