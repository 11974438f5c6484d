/* Sums over the ranks, bit for bit against the tree written down here by itself: float and double, all sizes,
 * two in flight, waited for in either order. */
#include "expect.h"

#include <stdlib.h>
#include <string.h>

/* The value that rank r brings at place i: of many magnitudes,
 * so that another order of adding gives other bits. */
static double brought(uint64_t salt, int rank, size_t i)
{
    uint64_t x = salt * 0x9e3779b97f4a7c15u + (uint64_t)rank * 0xbf58476d1ce4e5b9u + i * 0x94d049bb133111ebu;
    x = (x ^ x >> 31) * 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    double scale[] = {1, 1e3, 1e-3, 1e6};
    return ((double)(x >> 11) / 9007199254740992.0 - 0.5) * scale[x & 3];
}

/* 0+1, 2+3, then pairs of pairs, an odd one carried up. */
static float tree_float(uint64_t salt, int size, size_t i)
{
    float value[64] = {0};
    for (int r = 0; r < size; r++)
        value[r] = (float)brought(salt, r, i);
    for (int n = size; n > 1; n = (n + 1) / 2)
        for (int k = 0; k < n; k += 2)
            value[k / 2] = k + 1 < n ? value[k] + value[k + 1] : value[k];
    return value[0];
}

static double tree_double(uint64_t salt, int size, size_t i)
{
    double value[64] = {0};
    for (int r = 0; r < size; r++)
        value[r] = brought(salt, r, i);
    for (int n = size; n > 1; n = (n + 1) / 2)
        for (int k = 0; k < n; k += 2)
            value[k / 2] = k + 1 < n ? value[k] + value[k + 1] : value[k];
    return value[0];
}

static float *bring(uint64_t salt, int rank, size_t n)
{
    float *buffer = malloc((n + 1) * sizeof *buffer);
    EXPECT(buffer != NULL);
    for (size_t i = 0; i < n; i++)
        buffer[i] = (float)brought(salt, rank, i);
    buffer[n] = 42; /* must stay */
    return buffer;
}

static void check(const float *buffer, uint64_t salt, int size, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float expected = tree_float(salt, size, i);
        EXPECT(memcmp(&buffer[i], &expected, sizeof expected) == 0);
    }
    EXPECT(buffer[n] == 42);
}

static void sum_one(gan_comm *comm, size_t n)
{
    float *buffer = bring(n, gan_comm_rank(comm), n);
    gan_exchange *exchange;
    EXPECT(gan_comm_sum_start(comm, &exchange, buffer, n) == GAN_OK);
    EXPECT(gan_comm_sum_wait(comm, exchange) == GAN_OK);
    check(buffer, n, gan_comm_size(comm), n);
    free(buffer);
}

/* The ranks wait in different orders, and sum doubles in between. */
static void sum_two(gan_comm *comm, size_t n, bool odd_ranks_turn)
{
    int rank = gan_comm_rank(comm), size = gan_comm_size(comm);
    float *a = bring(1, rank, n), *b = bring(2, rank, n / 2 + 1);
    double between = brought(3, rank, 0);
    gan_exchange *first, *second;
    EXPECT(gan_comm_sum_start(comm, &first, a, n) == GAN_OK);
    EXPECT(gan_comm_sum_start(comm, &second, b, n / 2 + 1) == GAN_OK);
    EXPECT(gan_comm_sum_double(comm, &between, 1) == GAN_OK);
    EXPECT(between == tree_double(3, size, 0));
    bool turned = odd_ranks_turn && rank % 2 == 1;
    EXPECT(gan_comm_sum_wait(comm, turned ? second : first) == GAN_OK);
    EXPECT(gan_comm_sum_wait(comm, turned ? first : second) == GAN_OK);
    check(a, 1, size, n);
    check(b, 2, size, n / 2 + 1);
    free(a);
    free(b);
}

/* As many as may be, waited for from the last to the first. */
static void sum_many(gan_comm *comm, size_t n)
{
    float *buffers[GAN_EXCHANGES];
    gan_exchange *exchanges[GAN_EXCHANGES], *more;
    for (int i = 0; i < GAN_EXCHANGES; i++) {
        buffers[i] = bring((uint64_t)i, gan_comm_rank(comm), n);
        EXPECT(gan_comm_sum_start(comm, &exchanges[i], buffers[i], n) == GAN_OK);
    }
    EXPECT(gan_comm_sum_start(comm, &more, buffers[0], 1) == GAN_FAILED);
    for (int i = GAN_EXCHANGES - 1; i >= 0; i--) {
        EXPECT(gan_comm_sum_wait(comm, exchanges[i]) == GAN_OK);
        check(buffers[i], (uint64_t)i, gan_comm_size(comm), n);
        free(buffers[i]);
    }
}

static void sum_doubles(gan_comm *comm, size_t n)
{
    double *buffer = malloc((n + 1) * sizeof *buffer);
    EXPECT(buffer != NULL);
    for (size_t i = 0; i < n; i++)
        buffer[i] = brought(n, gan_comm_rank(comm), i);
    buffer[n] = 42;
    EXPECT(gan_comm_sum_double(comm, buffer, n) == GAN_OK);
    for (size_t i = 0; i < n; i++) {
        double expected = tree_double(n, gan_comm_size(comm), i);
        EXPECT(memcmp(&buffer[i], &expected, sizeof expected) == 0);
    }
    EXPECT(buffer[n] == 42);
    free(buffer);
}

/* The data must be able to tell one order of adding from another, or the checks above show nothing. */
static void order_shows(int size)
{
    int different = 0;
    for (size_t i = 0; i < 1000; i++) {
        float chain = 0;
        for (int r = size - 1; r >= 0; r--)
            chain += (float)brought(1000, r, i);
        different += chain != tree_float(1000, size, i);
    }
    EXPECT(size < 3 || different > 50);
}

int main(int argc, char **argv)
{
    gan_comm *comm = expect_open(&argc, &argv);
    static const size_t sizes[] = {0, 1, 2, 3, 7, 1000, 100003};
    order_shows(gan_comm_size(comm));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        sum_one(comm, sizes[i]);
        sum_doubles(comm, sizes[i]);
        sum_two(comm, sizes[i], false);
        sum_two(comm, sizes[i], true);
        sum_many(comm, sizes[i]);
    }
    sum_one(comm, 6500001); /* more pieces than lanes */
    sum_two(comm, 2500001, true);
    for (int i = 0; i < 3000; i++) /* more exchanges than tags */
        sum_one(comm, 5);
    return expect_close(comm);
}
