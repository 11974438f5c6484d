/* Whose gradients an update fills, and that any number of ranks fills them with the same bits. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tiny.h"

#define RANKS 8

/* Marks a network's whole gradient arena with floats that no computation gives. */
static void mark(const tiny *t, gan_net *net, size_t n)
{
    uint32_t *pattern = malloc(n * sizeof *pattern);
    assert_non_null(pattern);
    for (size_t i = 0; i < n; i++)
        pattern[i] = 0x7fc0de00u + (uint32_t)i % 251;
    assert_int_equal(
        t->backend->ops->upload(t->backend, gan_net_gradients(net), pattern, n * sizeof *pattern), GAN_OK);
    free(pattern);
}

static bool is_marked(float value, size_t i)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits == 0x7fc0de00u + (uint32_t)i % 251;
}

static void assert_untouched(const tiny *t, const gan_net *net, size_t n)
{
    float *g = tiny_fetch(t, gan_net_gradients(net), n);
    for (size_t i = 0; i < n; i++)
        assert_true(is_marked(g[i], i));
    free(g);
}

/* Every parameter's place and the sums of the update are overwritten. */
static void assert_filled(const tiny *t, const gan_net *net, size_t first_sum, size_t last_sum)
{
    size_t floats = gan_net_arena_floats(net);
    float *g = tiny_fetch(t, gan_net_gradients(net), floats + GAN_NET_EXTRAS);
    for (size_t p = 0; p < gan_net_param_count(net); p++) {
        const gan_param *param = gan_net_param(net, p);
        for (size_t i = param->offset; param->trainable && i < param->offset + param->count; i++)
            assert_true(g[i] - g[i] == 0);
    }
    for (size_t i = floats + first_sum; i <= floats + last_sum; i++)
        assert_true(g[i] - g[i] == 0);
    free(g);
}

static void an_update_leaves_the_other_network_alone(void **state)
{
    (void)state;
    static const char *const backends[] = {"ref", "cpu"};
    static tiny t;
    gan_config config;
    for (int k = 0; k < 4; k++) {
        tiny_config(&config, "z D G", k / 2 ? GAN_BN_SHARD : GAN_BN_GLOBAL);
        tiny_open(&t, &config, backends[k % 2], 1, 0, 1, NULL, NULL);
        size_t n_g = gan_net_arena_floats(t.g) + GAN_NET_EXTRAS;
        size_t n_d = gan_net_arena_floats(t.d) + GAN_NET_EXTRAS;
        tiny_next(&t, 0);
        tiny_op(&t, GAN_OP_NOISE);
        mark(&t, t.g, n_g);
        mark(&t, t.d, n_d);
        tiny_op(&t, GAN_OP_D);
        assert_untouched(&t, t.g, n_g);
        assert_filled(&t, t.d, GAN_EXTRA_LOSS_REAL, GAN_EXTRA_D_FAKE);
        mark(&t, t.d, n_d);
        tiny_op(&t, GAN_OP_G);
        assert_untouched(&t, t.d, n_d);
        assert_filled(&t, t.g, GAN_EXTRA_LOSS_G, GAN_EXTRA_D_FAKE_G);
        tiny_close(&t);
    }
}

/* Both gradients from one pass are those of an update of each with the same weights. */
static void both_at_once_gives_the_gradients_of_each(void **state)
{
    (void)state;
    static tiny apart, both;
    gan_config config;
    tiny_config(&config, "z (D G)", GAN_BN_GLOBAL);
    tiny_open(&apart, &config, "ref", 1, 0, 1, NULL, NULL);
    tiny_open(&both, &config, "ref", 1, 0, 1, NULL, NULL);
    tiny_next(&apart, 0);
    tiny_next(&both, 0);
    tiny_op(&apart, GAN_OP_NOISE);
    tiny_op(&both, GAN_OP_NOISE);
    tiny_op(&apart, GAN_OP_D);
    tiny_op(&apart, GAN_OP_G);
    tiny_op(&both, GAN_OP_BOTH);
    assert_memory_equal(gan_net_gradients(apart.g), gan_net_gradients(both.g),
                        (gan_net_arena_floats(both.g) + GAN_EXTRA_STOP) * sizeof(float));
    assert_memory_equal(gan_net_gradients(apart.d), gan_net_gradients(both.d),
                        (gan_net_arena_floats(both.d) + GAN_EXTRA_STOP) * sizeof(float));
    tiny_close(&apart);
    tiny_close(&both);
}

/* ((0+1)+(2+3))+((4+5)+(6+7)), spelt out. */
static void assert_is_tree_sum(const gan_net *whole, const gan_net *const ranks[RANKS])
{
    const float *p[RANKS], *sum = gan_net_gradients(whole);
    size_t n = gan_net_arena_floats(whole) + GAN_EXTRA_STOP;
    for (int r = 0; r < RANKS; r++)
        p[r] = gan_net_gradients(ranks[r]);
    for (size_t i = 0; i < n; i++) {
        float low = (p[0][i] + p[1][i]) + (p[2][i] + p[3][i]);
        float high = (p[4][i] + p[5][i]) + (p[6][i] + p[7][i]);
        float expected = low + high;
        assert_memory_equal(&sum[i], &expected, sizeof expected);
    }
}

static void check_eight_ranks(tiny *whole, tiny ranks[RANKS])
{
    const gan_net *g[RANKS], *d[RANKS];
    for (int r = 0; r < RANKS; r++) {
        assert_int_equal(ranks[r].shards.n_local, 1);
        g[r] = ranks[r].g;
        d[r] = ranks[r].d;
    }
    assert_int_equal(whole->shards.n_local, RANKS);
    assert_is_tree_sum(whole->d, d);
    assert_is_tree_sum(whole->g, g);
}

static void eight_ranks_add_up_to_one_with_bn_in_each_shard(void **state)
{
    (void)state;
    static const char *const backends[] = {"ref", "cpu"};
    static tiny whole, ranks[RANKS];
    gan_config config;
    tiny_config(&config, "z D G", GAN_BN_SHARD);
    for (int b = 0; b < 2; b++) {
        tiny_open(&whole, &config, backends[b], 1, 0, 1, NULL, NULL);
        for (int r = 0; r <= RANKS; r++) {
            tiny *t = r < RANKS ? &ranks[r] : &whole;
            if (r < RANKS)
                tiny_open(t, &config, backends[b], 1, r, RANKS, NULL, NULL);
            tiny_next(t, 3);
            tiny_op(t, GAN_OP_NOISE);
            tiny_op(t, GAN_OP_D);
            tiny_op(t, GAN_OP_G);
        }
        check_eight_ranks(&whole, ranks);
        /* The running statistics are those of the first shard: the rank that has it keeps them, no other. */
        assert_memory_equal(gan_net_statistics(whole.d), gan_net_statistics(ranks[0].d),
                            gan_net_statistics_floats(whole.d) * sizeof(float));
        for (int r = 0; r < RANKS; r++) {
            for (size_t i = 0; r > 0 && i < gan_net_statistics_floats(whole.d); i++)
                assert_true(gan_net_statistics(ranks[r].d)[i] == 0 || gan_net_statistics(ranks[r].d)[i] == 1);
            tiny_close(&ranks[r]);
        }
        tiny_close(&whole);
    }
}

/* Ranks as threads: batch norm's sums meet here, in the tree over the ranks. */
static struct meeting {
    pthread_barrier_t barrier;
    double *sums[RANKS];
    double total[4096];
    int messages;
} meeting;

typedef struct rank_thread {
    tiny *t;
    int rank;
} rank_thread;

static gan_status meet(void *context, double *sums, size_t n)
{
    const rank_thread *self = context;
    meeting.sums[self->rank] = sums;
    pthread_barrier_wait(&meeting.barrier);
    if (self->rank == 0) {
        double *const *s = meeting.sums;
        for (size_t i = 0; i < n && n <= 4096; i++)
            meeting.total[i] =
                ((s[0][i] + s[1][i]) + (s[2][i] + s[3][i])) + ((s[4][i] + s[5][i]) + (s[6][i] + s[7][i]));
        meeting.messages++;
    }
    pthread_barrier_wait(&meeting.barrier);
    memcpy(sums, meeting.total, n * sizeof *sums);
    pthread_barrier_wait(&meeting.barrier);
    return n <= 4096 ? GAN_OK : GAN_FAILED;
}

static void *run_rank(void *context)
{
    rank_thread *self = context;
    tiny_op(self->t, GAN_OP_NOISE);
    tiny_op(self->t, GAN_OP_D);
    tiny_op(self->t, GAN_OP_G);
    return NULL;
}

static void eight_ranks_add_up_to_one_with_bn_over_all(void **state)
{
    (void)state;
    static tiny whole, ranks[RANKS];
    rank_thread selves[RANKS];
    pthread_t threads[RANKS];
    gan_config config;
    tiny_config(&config, "z D G", GAN_BN_GLOBAL);
    tiny_open(&whole, &config, "ref", 1, 0, 1, NULL, NULL);
    tiny_next(&whole, 3);
    run_rank(&(rank_thread){&whole, 0});
    assert_int_equal(pthread_barrier_init(&meeting.barrier, NULL, RANKS), 0);
    meeting.messages = 0;
    for (int r = 0; r < RANKS; r++) {
        selves[r] = (rank_thread){&ranks[r], r};
        tiny_open(&ranks[r], &config, "ref", 1, r, RANKS, meet, &selves[r]);
        tiny_next(&ranks[r], 3);
    }
    for (int r = 0; r < RANKS; r++)
        assert_int_equal(pthread_create(&threads[r], NULL, run_rank, &selves[r]), 0);
    for (int r = 0; r < RANKS; r++)
        assert_int_equal(pthread_join(threads[r], NULL), 0);
    check_eight_ranks(&whole, ranks);
    /* Two batch norms in each network. Update of D: G, D, D forward, D's both passes backward in one message;
     * of G: D forward, back through D and G. */
    assert_int_equal(meeting.messages, 2 * (3 + 1) + 2 * (1 + 2));
    for (int r = 0; r < RANKS; r++) {
        assert_memory_equal(gan_net_statistics(whole.g), gan_net_statistics(ranks[r].g),
                            gan_net_statistics_floats(whole.g) * sizeof(float));
        assert_memory_equal(gan_net_statistics(whole.d), gan_net_statistics(ranks[r].d),
                            gan_net_statistics_floats(whole.d) * sizeof(float));
        tiny_close(&ranks[r]);
    }
    pthread_barrier_destroy(&meeting.barrier);
    tiny_close(&whole);
}

/* Along the gradient itself a loss changes, over a short way, by the way times the gradient's square. */
static void check_descent(tiny *t, gan_op op, gan_net *net, int first_loss, int last_loss)
{
    size_t n = gan_net_arena_floats(net);
    tiny_op(t, op);
    float *g = tiny_fetch(t, gan_net_gradients(net), n), *w = gan_net_parameters(net);
    double square = 0, loss[2] = {0, 0};
    for (size_t i = 0; i < n; i++)
        square += (double)g[i] * g[i];
    const double way = 1e-3 / sqrt(square);
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < n; i++)
            w[i] += (float)((side ? -2 : 1) * way / 2 * g[i]);
        gan_net_changed(net);
        gan_step_changed(t->step, net);
        tiny_op(t, op);
        for (int slot = first_loss; slot <= last_loss; slot += 2)
            loss[side] += gan_net_gradients(net)[n + (size_t)slot] / TINY_BATCH;
    }
    assert_true(square > 1e-6);
    assert_true(fabs((loss[0] - loss[1]) / (way * square) - 1) < 0.005);
    free(g);
}

/* The whole chain of an update: G's gradient comes through D, D's from both passes. */
static void gradients_are_those_of_the_losses(void **state)
{
    (void)state;
    static tiny t;
    gan_config config;
    tiny_config(&config, "z D G", GAN_BN_GLOBAL);
    tiny_open(&t, &config, "ref", 1, 0, 1, NULL, NULL);
    tiny_next(&t, 0);
    tiny_op(&t, GAN_OP_NOISE);
    check_descent(&t, GAN_OP_D, t.d, GAN_EXTRA_LOSS_REAL, GAN_EXTRA_LOSS_FAKE);
    check_descent(&t, GAN_OP_G, t.g, GAN_EXTRA_LOSS_G, GAN_EXTRA_LOSS_G);
    tiny_close(&t);
}

/* Mean of softplus(sign * logit) over the batch of one of D's passes, and D's mean opinion of it. */
static void assert_sums(tiny *t, const gan_net *net, int slot, int pass, double sign)
{
    const float *extras = gan_net_gradients(net) + gan_net_arena_floats(net);
    double losses = 0, opinions = 0;
    for (int i = 0; i < TINY_BATCH; i++) {
        int shard = i / t->shards.pictures, at = i % t->shards.pictures;
        double s = gan_pass_output(gan_net_pass(t->d, pass), shard)[at];
        losses += log1p(exp(sign * s));
        opinions += 1 / (1 + exp(-s));
    }
    assert_true(fabs(extras[slot] - losses) < 1e-4);
    assert_true(fabs(extras[slot + 1] - opinions) < 1e-4);
}

/* Real pictures count as real for D, fakes as fake for D and as real for G. */
static void each_pass_plays_its_role(void **state)
{
    (void)state;
    static tiny t;
    gan_config config;
    tiny_config(&config, "z D G", GAN_BN_GLOBAL);
    tiny_open(&t, &config, "ref", 1, 0, 1, NULL, NULL);
    tiny_next(&t, 0);
    tiny_op(&t, GAN_OP_NOISE);
    tiny_op(&t, GAN_OP_D);
    assert_sums(&t, t.d, GAN_EXTRA_LOSS_REAL, 0, -1);
    assert_sums(&t, t.d, GAN_EXTRA_LOSS_FAKE, 1, 1);
    tiny_op(&t, GAN_OP_G);
    assert_sums(&t, t.g, GAN_EXTRA_LOSS_G, 1, -1);
    tiny_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_update_leaves_the_other_network_alone),
        cmocka_unit_test(both_at_once_gives_the_gradients_of_each),
        cmocka_unit_test(eight_ranks_add_up_to_one_with_bn_in_each_shard),
        cmocka_unit_test(eight_ranks_add_up_to_one_with_bn_over_all),
        cmocka_unit_test(gradients_are_those_of_the_losses),
        cmocka_unit_test(each_pass_plays_its_role),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
