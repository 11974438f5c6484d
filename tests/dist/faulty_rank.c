/* Preloaded into the program: on rank 1 a bit of each long message of floats arrives wrong, as from a faulty
 * memory: a high one, which no later rounding takes back. Waiting for a message at once is safe with two
 * ranks, of which the other does not. */
#include <mpi.h>
#include <stdint.h>
#include <string.h>

int MPI_Irecv(void *buffer, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm,
              MPI_Request *request)
{
    int rank, code = PMPI_Irecv(buffer, count, type, from, tag, comm, request);
    PMPI_Comm_rank(comm, &rank);
    if (code != MPI_SUCCESS || rank != 1 || type != MPI_FLOAT || count < 64)
        return code;
    code = PMPI_Wait(request, MPI_STATUS_IGNORE);
    uint32_t bits;
    memcpy(&bits, buffer, sizeof bits);
    bits ^= 1u << 22;
    memcpy(buffer, &bits, sizeof bits);
    return code;
}
