#!/usr/bin/env bash
# tests/bench/side_by_side.sh PEER.py [ROUNDS]: preset dcgan64, two ranks, global batch 64, against a PyTorch script that takes
# --ddp --threads 1 --batch 32 [--channels-last] and prints one line with its images per second. The two take turns, so that
# a drift of the machine's speed hits both. Prints every line, then nothing: the reader takes medians.
set -euo pipefail
# shellcheck source=launch/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../launch/common.sh"
gan_need_program

peer=${1:?usage: side_by_side.sh PEER.py [ROUNDS]}
rounds=${2:-3}
python=${PYTHON:-/usr/bin/python3}
gan_place 2

run_peer() {
    local rank
    for rank in 0 1; do
        MASTER_ADDR=127.0.0.1 MASTER_PORT=29517 WORLD_SIZE=2 RANK=$rank OMP_NUM_THREADS=1 \
            taskset -c "$rank" "$python" "$peer" --ddp --threads 1 --batch 32 "$@" &
    done
    wait
}

for ((round = 1; round <= rounds; round++)); do
    mpirun "${gan_placing[@]}" -np 2 "$gan_program" bench --preset dcgan64
    run_peer
    run_peer --channels-last
    mpirun "${gan_placing[@]}" -np 1 "$gan_program" bench --preset dcgan64 --threads 1 --batch 32 --shards 4
done
