#!/usr/bin/env bash
# ranks.sh PROGRAM: numbers of ranks, batches and shards that do not fit each other work, or say exactly why not.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
write_config net.ini

# 64 pictures cannot be shared by three.
refuses 2 3 'batch of 64' '3 ranks' '--batch 66' -- --config net.ini --batch 64 --out no
[ ! -e no ] || fail "a folder in spite of the refusal"

# 66 can, by three shards instead of two; the run says that this is another one.
train 3 --config net.ini --batch 66 --out three
says err 'warning: 3 ranks do not divide 2 shards' '3 shards of 22'
says three/config.ini 'shards = 3'
# The same run for anybody who is told of the three shards.
train 0 --config net.ini --batch 66 --shards 3 --out three-alone --threads 2
same_run three three-alone
[ ! -s err ] || fail "something on standard error"

# A batch no two ranks can share; alone it runs, in its largest parts.
train 1 --config net.ini --batch 33 --out odd
says out 'batch 33 = 3 shards of 11'
train 3 --config net.ini --batch 33 --out odd-three
same_run odd odd-three
refuses 2 2 'batch of 33' '2 ranks' -- --config net.ini --batch 33 --out no
train 1 --config net.ini --batch 37 --out prime
says out 'batch 37 = 1 shard'

# Fewer pictures than ranks.
refuses 2 4 'batch of 2' '4 ranks' '--batch 4' -- --config net.ini --batch 2 --out no
train 2 --config net.ini --batch 2 --out two
train 1 --config net.ini --batch 1 --out one --set discriminator.bn_epsilon=0.001 --steps 3

# Shards that do not divide the batch, and a number of them whose sums are taken in another order.
refuses 2 2 train.shards 'does not divide' -- --config net.ini --shards 5 --out no
train 2 --config net.ini --batch 18 --shards 6 --out six
says err 'warning: 3 shards a rank is not a power of two'
train 2 --config net.ini --batch 18 --shards 6 --out six-again
same_run six six-again
train 1 --config net.ini --batch 18 --shards 6 --out six-one
train 3 --config net.ini --batch 18 --shards 6 --out six-three
[ ! -s err ] || fail "something on standard error"
same_run six-one six-three
[ ! -e no ] || fail "a folder in spite of the refusal"
