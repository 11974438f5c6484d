/* Memory shared by the ranks of a host: zeroed, aligned, seen by all, refused when there is not enough. */
#include "expect.h"

#include <stdint.h>
#include <string.h>

static void everyone_sees(gan_comm *comm, size_t bytes)
{
    int rank = gan_comm_rank(comm), size = gan_comm_size(comm);
    unsigned char *memory;
    EXPECT(gan_comm_shared_alloc(comm, (void **)&memory, bytes) == GAN_OK);
    EXPECT(memory != NULL && (uintptr_t)memory % 64 == 0);
    for (size_t i = 0; i < bytes; i++)
        EXPECT(memory[i] == 0);
    EXPECT(gan_comm_shared_sync(comm) == GAN_OK);
    for (size_t i = (size_t)rank; i < bytes; i += (size_t)size)
        memory[i] = (unsigned char)(i * 31 + 7);
    EXPECT(gan_comm_shared_sync(comm) == GAN_OK);
    for (size_t i = 0; i < bytes; i++)
        EXPECT(memory[i] == (unsigned char)(i * 31 + 7));
    EXPECT(gan_comm_barrier(comm) == GAN_OK);
    gan_comm_shared_free(comm, memory);
}

static void too_much_is_refused(gan_comm *comm)
{
    void *memory = &memory;
    EXPECT(gan_comm_shared_alloc(comm, &memory, (size_t)1 << 50) == GAN_FAILED);
    EXPECT(memory == NULL);
    EXPECT(strstr(gan_error_message(), "1073741824.0 MiB") != NULL);
}

int main(int argc, char **argv)
{
    gan_comm *comm = expect_open(&argc, &argv);
    static const size_t sizes[] = {0, 1, 63, 64, 4096, 1234567};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        everyone_sees(comm, sizes[i]);
    too_much_is_refused(comm);
    void *a, *b; /* one freed by hand in the wrong order, one left to the close */
    EXPECT(gan_comm_shared_alloc(comm, &a, 1000) == GAN_OK);
    EXPECT(gan_comm_shared_alloc(comm, &b, 1000) == GAN_OK);
    EXPECT(a != b);
    gan_comm_shared_free(comm, a);
    gan_comm_shared_free(comm, NULL);
    return expect_close(comm);
}
