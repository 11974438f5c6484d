/* mpi_last_words.c: a rank that has to end the job tells rank 0 why, and leaves it the time to write that
 * into status.json and to end the job itself: MPI_Abort of another rank would kill it before it has. */
#include "comm_mpi.h"

#include <stdio.h>
#include <unistd.h>
#include "gan_dist/base.h"

#define LAST_WORDS_TAG 32002 /* above that of mpi_gossip.c */

static const char what[] = "telling rank 0 why the job ends";

typedef struct last_words {
    int status;
    char text[1024];
} last_words;

void gan_mpi_last_words(gan_mpi_comm *mpi, int status)
{
    static last_words words; /* the message may never go out */
    MPI_Request request;
    double end = gan_clock() + GAN_LAST_WORDS_SECONDS;
    int gone = 0;
    if (mpi->base.rank == 0 || !mpi->view.board)
        return;
    words.status = status;
    snprintf(words.text, sizeof words.text, "%s", gan_error_message());
    if (MPI_Isend(&words, (int)sizeof words, MPI_BYTE, 0, LAST_WORDS_TAG, mpi->world, &request) !=
        MPI_SUCCESS)
        return;
    while (gan_clock() < end && !gan_board_has_left(&mpi->view, 0, gan_clock())) {
        if (!gone && MPI_Test(&request, &gone, MPI_STATUS_IGNORE) != MPI_SUCCESS)
            return;
        usleep(10000);
    }
}

gan_status gan_mpi_hear_last_words(gan_mpi_comm *mpi)
{
    last_words words;
    MPI_Status status;
    int came = 0;
    GAN_TRY(gan_mpi_check(mpi, MPI_Iprobe(MPI_ANY_SOURCE, LAST_WORDS_TAG, mpi->world, &came, &status), what));
    if (!came)
        return GAN_OK;
    GAN_TRY(gan_mpi_check(mpi,
                          MPI_Recv(&words, (int)sizeof words, MPI_BYTE, status.MPI_SOURCE, LAST_WORDS_TAG,
                                   mpi->world, MPI_STATUS_IGNORE),
                          what));
    words.text[sizeof words.text - 1] = '\0';
    gan_watch_set_told(mpi->base.watch);
    return gan_error(words.status == GAN_BAD_INPUT ? GAN_BAD_INPUT : GAN_FAILED, "%s", words.text);
}
