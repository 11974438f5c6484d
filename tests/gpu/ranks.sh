#!/usr/bin/env bash
# ranks.sh PROGRAM GPUS: several ranks on real devices. With one GPU they share it and sum through the host; with more, by NCCL. The
# fixed tree gives the bytes of one rank; NCCL's own all-reduce nearly its losses.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
gpus=$2
write_config net.ini
words=(--config net.ini --backend cuda --check-every 1 --precision fp32 --steps 8)

train 0 "${words[@]}" --set train.reduce=tree --out one # the tree's shards
train 2 "${words[@]}" --set train.comm=mpi --out shared
same_run one shared

for ((n = 2; n <= gpus && n <= 8; n *= 2)); do
    train "$n" "${words[@]}" --set train.comm=nccl --set train.reduce=tree --out "tree-$n"
    same_run one "tree-$n"
    train "$n" "${words[@]}" --set train.comm=nccl --set train.reduce=nccl --out "nccl-$n"
    paste -d, <(losses one | sed -n 2p) <(losses "nccl-$n" | sed -n 2p) | awk -F, '
        { for (i = 3; i <= 8; i++) { d = $i - $(i + 8); if (d < 0) d = -d; if (d > worst) worst = d } }
        END { printf "the first losses differ from those of one rank by at most %.1e\n", worst; exit !(NR > 0 && worst <= 1e-3) }' ||
        fail "the losses of $n ranks are not those of one"
done
if [ "$gpus" -lt 2 ]; then
    skip "one GPU: two ranks have shared it, NCCL was not tried"
fi
