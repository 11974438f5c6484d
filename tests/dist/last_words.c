/* last_words.c: preloaded into the program, it plants two faults. Rank 0 takes eight seconds to put a
 * status.json that says `failed` in its place, as on a slow disk. On rank 2 of MPI's calls the one that sends
 * floats fails, once there is a file `break` in the current folder. */
#include <mpi.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *);
    const char *rank = getenv("OMPI_COMM_WORLD_RANK"), *name = strrchr(to, '/');
    char text[4096] = "";
    FILE *file =
        rank && strcmp(rank, "0") == 0 && name && strcmp(name, "/status.json") == 0 ? fopen(from, "r") : NULL;
    *(void **)&real = dlsym(RTLD_NEXT, "rename");
    if (file) {
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
        if (strstr(text, "\"failed\""))
            sleep(8);
    }
    return real(from, to);
}

int MPI_Isend(const void *buffer, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm,
              MPI_Request *request)
{
    int rank;
    PMPI_Comm_rank(comm, &rank);
    if (rank == 2 && type == MPI_FLOAT && access("break", F_OK) == 0)
        return MPI_ERR_OTHER;
    return PMPI_Isend(buffer, count, type, to, tag, comm, request);
}
