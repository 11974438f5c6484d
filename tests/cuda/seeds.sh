#!/usr/bin/env bash
# seeds.sh PROGRAM SEEDS [TEST...]: under each policy of the stand-in that has a choice, in SEEDS orders of the device's work: the small network gives
# the same bytes alone and on two ranks, and the TESTs, executables of the op suite, pass.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
seeds=$2
tests=("${@:3}")
write_config net.ini
export CUDASIM_DEVICES=2 # by NCCL each rank has its own

# trains NAME RANKS: and compares with the first.
trains() {
    train "$2" --config net.ini --backend cuda --set train.reduce=tree --steps 2 --set output.sample_every=1 --out "$1"
    [ "$1" = first ] || { same_run first "$1" && rm -r "$1"; }
}

trains first 0
runs=0
for ((seed = 1; seed <= seeds; seed++)); do
    for policy in lazy random starve halfway; do
        export CUDASIM_SEED=$seed CUDASIM_POLICY=$policy
        trap 'echo "with CUDASIM_SEED=$CUDASIM_SEED CUDASIM_POLICY=$CUDASIM_POLICY"; clean_up' EXIT
        trains alone 0
        trains two 2
        for test in "${tests[@]}"; do
            "$test" cuda >out 2>err || fail "$test"
        done
        runs=$((runs + 1))
    done
done
trap clean_up EXIT
echo "$runs orders, each the same bytes"
