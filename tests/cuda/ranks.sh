#!/usr/bin/env bash
# ranks.sh PROGRAM [all]: several ranks by cuda, on the stand-in: the bytes of one rank by MPI, and by NCCL with the fixed tree, in
# whatever order the devices work; with NCCL's own sum losses that are near, and ranks that are equal; what cannot be is refused.
# all: also with batch norm over shards, without graphs, two and three ranks, a stop and a resume.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
all=${2:-}
write_config net.ini
words=(--config net.ini --check-every 8 --log-every 8 --sample-every 8 --steps 8) # a graph from the fifth step on
export CUDASIM_POLICY=random CUDASIM_DEVICES=4

# near FILE FILE: the losses of two runs.
near() {
    paste -d, "$1" "$2" | awk -F, 'NR > 1 { for (i = 3; i <= 8; i++) { d = $i - $(i + 8); if (d < 0) d = -d; if (d > 1e-4) bad = 1 } }
                                   END { exit NR < 2 || bad }' || fail "the losses of $1 and $2 are not near"
}

# sums_with BN RANKS...: one rank, then so many by each way.
sums_with() {
    local bn=$1 ranks words=("${words[@]}" --set "train.bn=$1")
    shift
    train 0 "${words[@]}" --set train.reduce=tree --out "$bn-1" # the tree's shards
    losses "$bn-1" >1.losses
    for ranks; do
        CUDASIM_DEVICES=1 train "$ranks" "${words[@]}" --set train.comm=mpi --out "$bn-mpi-$ranks"
        CUDASIM_SEED=$ranks train "$ranks" "${words[@]}" --set train.reduce=tree --out "$bn-tree-$ranks"
        says out 'sums         NCCL, in the fixed tree'
        for way in mpi tree; do
            same_run "$bn-1" "$bn-$way-$ranks"
        done
        train "$ranks" "${words[@]}" --out "$bn-nccl-$ranks"
        says out "sums         NCCL's all-reduce"
        losses "$bn-nccl-$ranks" >nccl.losses
        near 1.losses nccl.losses
    done
    echo "batch norm over the $bn, $* ranks: the bytes of one rank by MPI and in the tree of NCCL; near by NCCL's sum"
}

sums_with global 4
if [ -n "$all" ]; then
    sums_with shard 2 4
    # Three ranks have shards of their own number: by MPI and by NCCL's tree they are the same.
    for way in comm=mpi reduce=tree; do
        train 3 "${words[@]}" --batch 12 --set "train.$way" --out "three-$way"
    done
    same_run three-comm=mpi three-reduce=tree
    train 4 "${words[@]}" --set train.reduce=tree --set run.graph=off --out eager
    same_run global-1 eager
    train 4 "${words[@]}" --set train.reduce=tree --steps 2 --out halves
    train 2 "${words[@]}" --set train.reduce=tree --out halves
    same "$(newest global-1)" "$(newest halves)"
    # One shard a rank, and other ranks may go on, on other backends too.
    train 4 "${words[@]}" --steps 2 --out open
    says out '16 = 4 shards of 4'
    train 2 "${words[@]}" --steps 3 --out open
    says out 'resuming from' '16 = 2 shards of 8'
    train 2 "${words[@]}" --backend cpu --steps 4 --out open
    says out 'resuming from' '16 = 8 shards of 2'
    train 0 "${words[@]}" --steps 5 --out open
    says out 'resuming from' '16 = 1 shards of 16'

    # G's gradients go in pieces, the first before the next step's first sum, one behind it: what hangs says what it was.
    order=
    for n in {14..18}; do
        CUDASIM_FAIL=ncclHang:$n run 2 "${words[@]}" --check-every 0 --sample-every 0 --graph off --stall-warning 1s --stall-timeout 10s \
            --out "hang-$n"
        case $(grep -ohE '[0-9]+ (floats|doubles) \(step [0-9]+, [^)]+' err | head -n 1) in
        *"floats (step "*", exchange of G's gradients") order+=G ;;
        *"doubles (step "*", batch norm's sums") order+=b ;;
        esac
    done
    echo "collectives as a step begins: $order"
    [[ $order == *GbG* ]] || fail "G's gradients do not go in pieces"
    refuses 2 2 "train.shards was '8', is '4'" -- "${words[@]}" --shards 4 --out global-1
    refuses 2 2 'train.reduce = nccl' 'train.comm = mpi' -- "${words[@]}" --out no --set train.comm=mpi --set train.reduce=nccl
    refuses 2 2 'backend cpu' NCCL -- "${words[@]}" --out no --backend cpu --set train.comm=nccl
    CUDASIM_DEVICES=1 refuses 2 2 'ranks 0 and 1' -- check --config net.ini
    CUDASIM_DEVICES=0 train 2 check --config net.ini
    says out "backend    cpu (chosen: no rank sees a GPU: the driver's libraries are here, but no GPU" ready
fi

# one_each WORDS...: two ranks, of which each sees a device of its own alone.
one_each() {
    # shellcheck disable=SC2016 # for the shell of each rank
    command=(mpirun --oversubscribe --bind-to none -np 2 bash -c 'CUDA_VISIBLE_DEVICES=$OMPI_COMM_WORLD_RANK exec "$0" "$@"' "$gan" "$@")
    start_command out err
    wait_for_end
    [ "$status" -eq 0 ] || fail "exit status $status"
}
one_each check --config net.ini
says out ready
says err "warning: host $(hostname): rank 0 sees the GPU at 0000:01:00.0 alone, and rank 1 the one at 0000:02:00.0" nccl#1066 \
    'srun --gpus-per-node=8 --gpu-bind=none'

CUDASIM_DEVICES=2 refuses 2 4 'ranks 0 and 2' '0000:01:00.0' "$(hostname)" 'train.comm = mpi' -- "${words[@]}" --out shared
train 2 check --config net.ini
says out 'backend    cuda (chosen: every rank sees a GPU)' 'rank 0: device 0 (' 'rank 1: device 1 (' "sums       NCCL's all-reduce" ready
if grep -F 'sees the GPU at' err; then fail "a warning where each rank sees all devices"; fi
