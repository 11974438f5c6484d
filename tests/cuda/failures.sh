#!/usr/bin/env bash
# failures.sh PROGRAM [all]: what goes wrong between the ranks' devices, on the stand-in: a communicator that does not open or end, a
# collective that hangs, one whose peer is lost, a rank that stands still or is killed. One line says rank, host, device, step and
# collective; all ranks end, with an error. all: more of them, also at other places.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
all=${2:-}
write_config net.ini
sed -i 's/^log_every.*/log_every = 1000000/' net.ini
words=(--config net.ini --backend cuda --sample-every 0 --checkpoint-every 0 --steps 100000000 --stall-warning 1s --stall-timeout 10s)
export CUDASIM_DEVICES=4
host=$(hostname)
collective="(ncclAllReduce|the tree sum) of [0-9]+ (floats|doubles) \(step [0-9]+, [^)]+\) on device [0-3] \(cudasim\) of host $host"

# soon: the end, since SECONDS was 0; the limits that could bring it about otherwise are longer, or come first.
soon() {
    [ "$SECONDS" -lt 300 ] || fail "the end took $SECONDS s"
}

# has_ended TEXT...: with an error, soon, nobody left; one line says why.
has_ended() {
    local text
    wait_for_end
    [ "$status" -ne 0 ] && [ "$status" -ne 75 ] || fail "exit status $status"
    wait_until "the end of all ranks" nobody_left
    soon
    # On a busy machine they may have had to wait before, too. A zero byte of mpirun's may stand before a line.
    tr -d '\0' <err | grep -E '^\[rank ' | grep -vE 'warning: |went on after [0-9]+ s$' >message || fail "nobody says why"
    [ "$(wc -l <message)" -eq 1 ] || fail "more than one line says why"
    for text; do
        grep -qE -e "$text" message || fail "'$text' is not in: $(cat message)"
    done
}

# start_with RANK PLAN WORDS...: four ranks, and on one of them the stand-in is to fail.
start_with() {
    # shellcheck disable=SC2016 # for the shell of each rank
    command=(mpirun --oversubscribe --bind-to none -np 4 bash -c
        '[ "$OMPI_COMM_WORLD_RANK" != "$1" ] || export CUDASIM_FAIL=$2; exec "$0" "${@:3}"' "$gan" "$1" "$2" "${words[@]}" "${@:3}")
    SECONDS=0
    start_command out err
}

# hangs RANK NUMBER WORDS...: its device gets stuck in this collective, and all others wait with it.
hangs() {
    start_with "$1" "ncclHang:$2" --out hangs "${@:3}"
    has_ended 'gave up after [0-9]+ s \(--stall-timeout\)' "waiting for $collective" '\[rank [0-3]/4\] '
    rm -rf hangs
    echo "hang of rank $1: ended after $SECONDS s"
}

# loses RANK NUMBER WORDS...: this collective's peer is gone.
loses() {
    start_with "$1" "ncclAsyncError:$2" --out lost "${@:3}"
    has_ended "\[rank $1/4\] " 'remote process exited' "$collective"
    rm -rf lost
    echo "lost by rank $1: ended after $SECONDS s"
}

# not_recorded RANK CALL NUMBER: of those that it makes while a step is recorded, this one fails; the others are in that step, too.
not_recorded() {
    start_with "$1" "captured.$2:$3" --out unrecorded
    has_ended "\[rank $1/4\] rank $1: $2: (NCCL|CUDA) says " "$collective" 'step 5'
    rm -rf unrecorded
    echo "$2 not recorded by rank $1: ended after $SECONDS s"
}

# does_not_open RANK PLAN TEXT...: NCCL's communicator, on this rank.
does_not_open() {
    start_with "$1" "$2:1" --out closed
    has_ended '\[rank [0-3]/4\] step 0, opening NCCL on device [0-3]: gave up after [0-9]+ s \(--stall-timeout\)' "${@:3}"
    echo "$2 of rank $1: ended after $SECONDS s"
}

# does_not_end RANK: NCCL's communicator, of a run that is over: it ends as if nothing were, but for a warning.
does_not_end() {
    start_with "$1" ncclFinalizeHang:1 --out endless --steps 2 --stall-warning 300s --stall-timeout 900s
    wait_for_end
    [ "$status" -eq 0 ] || fail "exit status $status of a run that was over"
    grep -F '[rank ' err >message || fail "nobody says what is left behind"
    [ "$(wc -l <message)" -eq 1 ] || fail "more than one line says what is left behind"
    says message "[rank $1/4] warning: ncclCommFinalize" "on device $1 (cudasim) of host $host"
    soon
    rm -rf endless
    echo "rank $1's communicator left behind: ended after $SECONDS s"
}

# has_done FOLDER STEPS
has_done() {
    [ "$(sed -n 's/.*"step":[^0-9]*\([0-9]*\).*/\1/p' "$1/status.json")" -ge "$2" ]
}

# struck SIGNAL: sent to one rank, for which the others' devices then wait.
struck() {
    local victim
    start 4 "${words[@]}" --out "$1"
    wait_until "some steps" has_done "$1" 1
    victim=$(processes | grep -vx "$started" | sort -n | tail -n 1)
    SECONDS=0
    kill -s "$1" "$victim"
    if [ "$1" = STOP ]; then
        has_ended 'gave up after [0-9]+ s \(--stall-timeout\)' "waiting for $collective" "rank [0-3] \(host $host, pid $victim\): no sign of life"
        kill -CONT "$victim" 2>/dev/null || true
    else
        wait_for_end
        [ "$status" -ne 0 ] && [ "$status" -ne 75 ] || fail "exit status $status after a death"
        wait_until "the end of all ranks" nobody_left
        grep -qE "rank [0-3] \(host $host, pid $victim\) has died|process rank [0-3] .* exited on signal 9" err || fail "nobody says who died"
    fi
    soon
    echo "$1: ended after $SECONDS s"
}

hangs 2 40
loses 1 30
does_not_open 2 ncclInitHang "waiting for the opening of NCCL on device [0-3] \(cudasim\) of host $host"
if [ -n "$all" ]; then
    hangs 0 1
    hangs 1 100 --set train.reduce=tree
    hangs 3 20 --set train.bn=shard
    loses 0 3 --set train.reduce=tree
    not_recorded 2 ncclAllReduce 1
    not_recorded 0 ncclAllReduce 4
    not_recorded 1 cudaEventRecord 1
    not_recorded 2 cudaEventRecord 4
    not_recorded 3 cudaStreamWaitEvent 1
    not_recorded 0 cudaStreamWaitEvent 4
    does_not_open 0 ncclInitHang "waiting for the opening of NCCL on device [0-3] \(cudasim\) of host $host"
    does_not_open 2 ncclInitStuck "; not there: rank 2 \(host $host, pid [0-9]+\): opening NCCL on device 2, step 0, for [0-9]+ s; the same"
    does_not_end 2
    struck STOP
    struck KILL
fi
