/* rows_memory.c: memory and shards: no numbers to compare, only promises to check. */
#include "ops.h"

#include <stdio.h>
#include <string.h>

static void check_alloc(gan_backend *be)
{
    static const size_t sizes[] = {1, 63, 64, 65, 4096, 100003};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        static unsigned char host[100003], zero[100003];
        void *memory = NULL;
        memset(host, 1, sizeof host);
        OPS_OK(be->ops->alloc(be, &memory, sizes[i]));
        assert_int_equal((uintptr_t)memory % 64, 0);
        OPS_OK(be->ops->download(be, host, memory, sizes[i]));
        assert_memory_equal(host, zero, sizes[i]);
        be->ops->free(be, memory);
    }
}

static void check_free(gan_backend *be)
{
    be->ops->free(be, NULL);
    for (int i = 0; i < 1000; i++) {
        void *memory = NULL;
        OPS_OK(be->ops->alloc(be, &memory, 1 << 16));
        be->ops->free(be, memory);
    }
}

/* Odd offsets and sizes, there and back; what is beside them stays. */
static void check_transfer(gan_backend *be)
{
    unsigned char sent[301], back[301];
    unsigned char *memory = NULL;
    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (unsigned char)(i * 7 + 1);
    OPS_OK(be->ops->alloc(be, (void **)&memory, sizeof sent));
    OPS_OK(be->ops->upload(be, memory, sent, sizeof sent));
    OPS_OK(be->ops->upload(be, memory + 13, sent + 200, 57));
    OPS_OK(be->ops->upload(be, memory, sent, 0));
    OPS_OK(be->ops->download(be, back, memory, sizeof back));
    memmove(sent + 13, sent + 200, 57);
    assert_memory_equal(back, sent, sizeof sent);
    memset(back, 0, sizeof back);
    OPS_OK(be->ops->download(be, back + 5, memory + 17, 101));
    assert_memory_equal(back + 5, sent + 17, 101);
    assert_int_equal(back[4] + back[5 + 101], 0);
    be->ops->free(be, memory);
}

static void check_room(gan_backend *be)
{
    enum { BYTES = 1 << 20 };
    size_t before, after;
    void *memory = NULL;
    OPS_OK(be->ops->room(be, &before));
    OPS_OK(be->ops->alloc(be, &memory, BYTES));
    OPS_OK(be->ops->room(be, &after));
    be->ops->free(be, memory);
    assert_true(be->ops->host_memory ? before == 0 : before >= BYTES);
    assert_true(after <= before);
}

static void check_host_alloc(gan_backend *be)
{
    void *memory = NULL;
    OPS_OK(be->ops->host_alloc(be, &memory, 4097));
    memset(memory, 1, 4097);
    be->ops->host_free(be, memory);
    be->ops->host_free(be, NULL);
}

/* Two places take turns, and the memory that is sent is filled again as soon as it may be. */
static void check_send(gan_backend *be)
{
    enum { BYTES = 4096, SENDS = 9 };
    unsigned char *sent, *to[2];
    float *kept;
    OPS_OK(be->ops->send_wait(be));
    OPS_OK(be->ops->host_alloc(be, (void **)&sent, BYTES));
    OPS_OK(be->ops->alloc(be, (void **)&to[0], BYTES));
    OPS_OK(be->ops->alloc(be, (void **)&to[1], BYTES));
    OPS_OK(be->ops->alloc(be, (void **)&kept, (size_t)SENDS * BYTES * sizeof *kept));
    const gan_pictures_args args = {.n = 1, .h = 1, .w = BYTES, .c = 1, .unit = true};
    uint64_t *picks;
    OPS_OK(be->ops->alloc(be, (void **)&picks, sizeof *picks));
    for (int i = 0; i < SENDS; i++) {
        OPS_OK(be->ops->send_wait(be));
        memset(sent, i + 1, BYTES);
        OPS_OK(be->ops->send(be, to[i % 2], sent, BYTES));
        OPS_OK(be->ops->pictures(be, kept + (size_t)i * BYTES, to[i % 2], picks, &args));
    }
    static float values[SENDS * BYTES];
    OPS_OK(be->ops->download(be, values, kept, sizeof values));
    for (int i = 0; i < SENDS * BYTES; i++)
        assert_true(values[i] == (float)(i / BYTES + 1) / 255.0f);
    be->ops->host_free(be, sent);
    be->ops->free(be, to[0]);
    be->ops->free(be, to[1]);
    be->ops->free(be, kept);
    be->ops->free(be, picks);
}

/* More than one piece; what was uploaded before is seen as soon as it is there. */
static void check_peek(gan_backend *be)
{
    enum { BYTES = (4 << 20) + 4097 };
    static unsigned char sent[BYTES], back[BYTES];
    void *memory = NULL;
    for (size_t i = 0; i < BYTES; i++)
        sent[i] = (unsigned char)(i * 7 + i / 251);
    OPS_OK(be->ops->peek_open(be));
    OPS_OK(be->ops->alloc(be, &memory, BYTES));
    OPS_OK(be->ops->upload(be, memory, sent, BYTES));
    OPS_OK(be->ops->sync(be));
    OPS_OK(be->ops->peek(be, back, memory, BYTES));
    assert_memory_equal(sent, back, BYTES);
    OPS_OK(be->ops->peek(be, back, memory, 0));
    be->ops->free(be, memory);
}

static void check_copy(gan_backend *be)
{
    unsigned char sent[500], back[500];
    unsigned char *from = NULL, *to = NULL;
    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (unsigned char)(i * 11 + 3);
    OPS_OK(be->ops->alloc(be, (void **)&from, sizeof sent));
    OPS_OK(be->ops->alloc(be, (void **)&to, sizeof sent));
    OPS_OK(be->ops->upload(be, from, sent, sizeof sent));
    OPS_OK(be->ops->copy(be, to, from, sizeof sent));
    OPS_OK(be->ops->copy(be, to + 7, from + 301, 99));
    OPS_OK(be->ops->copy(be, to, from + 1, 0));
    OPS_OK(be->ops->download(be, back, to, sizeof back));
    memmove(sent + 7, sent + 301, 99);
    assert_memory_equal(back, sent, sizeof sent);
    be->ops->free(be, from);
    be->ops->free(be, to);
}

/* What a slot brings is what was there when it was started, whatever came after; slots do not meet. */
static void check_reads(gan_backend *be)
{
    static const size_t sizes[GAN_READ_SLOTS] = {GAN_READ_BYTES, 1, 77, GAN_READ_BYTES};
    unsigned char sent[GAN_READ_BYTES], back[GAN_READ_BYTES + 1], *memory = NULL;
    OPS_OK(be->ops->alloc(be, (void **)&memory, sizeof sent));
    for (int slot = 0; slot < GAN_READ_SLOTS; slot++) {
        memset(sent, 10 + slot, sizeof sent);
        OPS_OK(be->ops->upload(be, memory, sent, sizeof sent));
        OPS_OK(be->ops->read_start(be, slot, memory, sizes[slot]));
    }
    memset(sent, 99, sizeof sent);
    OPS_OK(be->ops->upload(be, memory, sent, sizeof sent));
    for (int slot = GAN_READ_SLOTS - 1; slot >= 0; slot--)
        for (int again = 0; again < 2; again++) {
            memset(back, 0, sizeof back);
            OPS_OK(be->ops->read_wait(be, slot, back));
            for (size_t i = 0; i < sizeof back; i++)
                assert_int_equal(back[i], i < sizes[slot] ? 10 + slot : 0);
        }
    OPS_OK(be->ops->read_start(be, 2, memory + 100, 50));
    OPS_OK(be->ops->read_wait(be, 2, back));
    assert_int_equal(back[49], 99);
    be->ops->free(be, memory);
}

static void check_sync(gan_backend *be)
{
    OPS_OK(be->ops->sync(be));
    OPS_OK(be->ops->sync(be));
}

enum { MANY = 17 };

typedef struct shard_log {
    int calls[MANY]; /* each shard writes its own place only */
    int failing;     /* -1: none */
} shard_log;

static gan_status log_shard(void *context, int shard)
{
    shard_log *at = context;
    at->calls[shard]++;
    if (shard == at->failing)
        return gan_error(GAN_BAD_INPUT, "shard %d is the one", shard);
    return GAN_OK;
}

static gan_status fail_from(void *context, int shard)
{
    const int *first = context;
    return shard < *first ? GAN_OK : gan_error(GAN_FAILED, "shard %d failed", shard);
}

static void check_for_shards(gan_backend *be)
{
    for (int n = 0; n <= MANY; n++) {
        shard_log log = {.failing = -1};
        OPS_OK(be->ops->for_shards(be, n, log_shard, &log));
        for (int shard = 0; shard < MANY; shard++)
            assert_int_equal(log.calls[shard], shard < n ? 1 : 0);
    }
    for (int failing = 0; failing < MANY; failing++) {
        char want[64];
        shard_log log = {.failing = failing};
        gan_error(GAN_FAILED, "an older message");
        assert_int_equal(be->ops->for_shards(be, MANY, log_shard, &log), GAN_BAD_INPUT);
        snprintf(want, sizeof want, "shard %d is the one", failing);
        assert_string_equal(gan_error_message(), want);
        snprintf(want, sizeof want, "shard %d failed", failing);
        assert_int_equal(be->ops->for_shards(be, MANY, fail_from, &failing), GAN_FAILED);
        assert_string_equal(gan_error_message(), want);
    }
}

static void check_close(gan_backend *be)
{
    gan_backend *other = ops_open(be->ops->name, be->threads);
    gan_backend_close(other);
    gan_backend_close(NULL);
    void *memory = NULL; /* the first one still works */
    OPS_OK(be->ops->alloc(be, &memory, 64));
    be->ops->free(be, memory);
}

static const ops_row rows[] = {
    {OPS_OP(alloc), .check = check_alloc},
    {OPS_OP(free), .check = check_free},
    {OPS_OP(upload), .check = check_transfer},
    {OPS_OP(download), .check = check_transfer},
    {OPS_OP(copy), .check = check_copy},
    {OPS_OP(read_start), .check = check_reads},
    {OPS_OP(read_wait), .check = check_reads},
    {OPS_OP(sync), .check = check_sync},
    {OPS_OP(room), .check = check_room},
    {OPS_OP(host_alloc), .check = check_host_alloc},
    {OPS_OP(host_free), .check = check_host_alloc},
    {OPS_OP(send), .check = check_send},
    {OPS_OP(send_wait), .check = check_send},
    {OPS_OP(peek_open), .check = check_peek},
    {OPS_OP(peek), .check = check_peek},
    {OPS_OP(for_shards), .check = check_for_shards},
    {OPS_OP(close), .check = check_close},
};

const ops_group ops_rows_memory = {rows, sizeof(rows) / sizeof(rows[0])};
