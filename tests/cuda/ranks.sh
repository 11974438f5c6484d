#!/usr/bin/env bash
# ranks.sh PROGRAM: several ranks by cuda, on the stand-in: the bytes of one rank by MPI, and by NCCL with the fixed tree, in whatever
# order the devices work; with NCCL's own sum losses that are near, and ranks that are equal; what cannot be is refused.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
write_config net.ini
words=(--config net.ini --check-every 1 --steps 4)
export CUDASIM_POLICY=random

# near FILE FILE: the losses of two runs.
near() {
    paste -d, "$1" "$2" | awk -F, 'NR > 1 { for (i = 3; i <= 8; i++) { d = $i - $(i + 8); if (d < 0) d = -d; if (d > 1e-4) bad = 1 } }
                                   END { exit NR < 2 || bad }' || fail "the losses of $1 and $2 are not near"
}

for bn in global shard; do
    set_bn=(--set "train.bn=$bn")
    train 0 "${words[@]}" "${set_bn[@]}" --out "$bn-1"
    losses "$bn-1" >1.losses
    CUDASIM_DEVICES=1 train 4 "${words[@]}" "${set_bn[@]}" --set train.comm=mpi --out "$bn-mpi"
    same_run "$bn-1" "$bn-mpi"
    export CUDASIM_DEVICES=4
    for ranks in 2 4; do
        CUDASIM_SEED=$ranks train "$ranks" "${words[@]}" "${set_bn[@]}" --set train.reduce=tree --out "$bn-tree-$ranks"
        same_run "$bn-1" "$bn-tree-$ranks"
    done
    train 4 "${words[@]}" "${set_bn[@]}" --out "$bn-nccl"
    losses "$bn-nccl" >nccl.losses
    near 1.losses nccl.losses
    export CUDASIM_DEVICES=1
done
echo "the bytes of one rank by MPI and in the tree of NCCL; near by NCCL's sum"

refuses 2 4 'ranks 0 and 1' '0000:01:00.0' "$(hostname)" 'train.comm = mpi' -- "${words[@]}" --out shared
CUDASIM_DEVICES=2 refuses 2 4 'ranks 0 and 2' '0000:01:00.0' -- "${words[@]}" --out shared
refuses 2 2 'train.reduce = nccl' 'train.comm = mpi' -- "${words[@]}" --out no --set train.comm=mpi --set train.reduce=nccl
refuses 2 2 'backend cpu' NCCL -- "${words[@]}" --out no --backend cpu --set train.comm=nccl

CUDASIM_DEVICES=2 train 2 check --config net.ini
says out 'backend    cuda (chosen: every rank sees a GPU)' 'rank 0: device 0 (' 'rank 1: device 1 (' "sums       NCCL's all-reduce" ready
CUDASIM_DEVICES=0 train 2 check --config net.ini
says out 'backend    cpu (chosen: no rank sees a GPU)' ready
CUDASIM_DEVICES=1 refuses 2 2 'ranks 0 and 1' -- check --config net.ini
