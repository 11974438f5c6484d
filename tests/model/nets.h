/* nets.h: small networks for tests: built on the reference backend, filled with random weights and inputs. */
#ifndef GAN_TESTS_MODEL_NETS_H
#define GAN_TESTS_MODEL_NETS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "gan_dist/net.h"
#include "model/model.h"

#define NET_PICTURES   3 /* in a shard */
#define NET_CLASSES    3
#define NET_SHARDS_MAX 4
#define NET_PASSES_MAX 2

typedef struct small_net {
    gan_net_config config;
    gan_backend *backend;
    gan_net *net;
    int n_local, passes;
    size_t in_floats, out_floats; /* of a shard */
    float *x[NET_PASSES_MAX][NET_SHARDS_MAX];
    int labels[NET_PASSES_MAX][NET_SHARDS_MAX][NET_PICTURES];
} small_net;

/* A configuration with distinct, test-friendly values: a large bn_epsilon, so that leaving it out shows. */
gan_net_config small_config(const char *layers, bool bias);

/* Builds it on `ref`; fails the test when that fails. Weights and inputs are random from `seed`. */
void small_open(small_net *s, const char *layers, bool bias, gan_shape input, int n_local, int passes,
                gan_bn_scope bn, uint64_t seed);
void small_close(small_net *s);

/* Forward through every pass, then back with each output as its own gradient. */
void small_forward_and_back(small_net *s, unsigned want);

/* Only parses; status and network as gan_net_parse gives them. */
gan_status parse_net(gan_net **out, const gan_net_config *config, gan_shape input, int classes);

#endif
