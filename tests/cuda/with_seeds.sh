#!/usr/bin/env bash
# with_seeds.sh SEEDS COMMAND [WORD...]: a test on the stand-in, in so many orders of the device's work; where the test says nothing of
# a policy, in turn under each that has a choice.
set -eu
seeds=$1
shift
policies=(random lazy starve halfway)
for ((seed = 1; seed <= seeds; seed++)); do
    export CUDASIM_SEED=$seed CUDASIM_POLICY=${policies[seed % 4]}
    "$@" || {
        echo "with CUDASIM_SEED=$CUDASIM_SEED CUDASIM_POLICY=$CUDASIM_POLICY: exit status $?" >&2
        exit 1
    }
done
echo "$seeds orders, each passed"
