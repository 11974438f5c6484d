#!/usr/bin/env bash
# failures.sh PROGRAM: what goes wrong between the ranks' devices, on the stand-in: a collective that hangs, one whose peer is lost, a
# rank that stands still or is killed. One line says rank, host, device, step and collective; all ranks end, with an error.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
write_config net.ini
sed -i 's/^log_every.*/log_every = 1000000/' net.ini
words=(--config net.ini --backend cuda --sample-every 0 --checkpoint-every 0 --steps 100000000 --stall-warning 1s --stall-timeout 3s)
export CUDASIM_DEVICES=4
host=$(hostname)

# has_ended SECONDS TEXT...: with an error, soon, nobody left; of all lines one speaks for the job.
has_ended() {
    local limit=$1 text
    shift
    wait_for_end
    [ "$status" -ne 0 ] && [ "$status" -ne 75 ] || fail "exit status $status"
    wait_until "the end of all ranks" nobody_left
    [ "$SECONDS" -lt "$limit" ] || fail "the end took $SECONDS s"
    grep -E '^\[rank ' err | grep -vF 'warning: ' >message || fail "nobody says why"
    [ "$(wc -l <message)" -eq 1 ] || fail "more than one line says why"
    for text; do
        grep -qE -e "$text" message || fail "'$text' is not in: $(cat message)"
    done
}
collective="((ncclAllReduce|the tree sum) of [0-9]+ (floats|doubles) \(step [0-9]+, [^)]+\)|the sums of a step's graph \(step [0-9]+\)) on device [0-3] \(cudasim\) of host $host"

# start_with RANK PLAN WORDS...: four ranks, and on one of them the stand-in is to fail.
start_with() {
    # shellcheck disable=SC2016 # for the shell of each rank
    command=(mpirun --oversubscribe --bind-to none -np 4 bash -c
        '[ "$OMPI_COMM_WORLD_RANK" != "$1" ] || export CUDASIM_FAIL=$2; exec "$0" "${@:3}"' "$gan" "$1" "$2" "${words[@]}" "${@:3}")
    start_command out err
}

# --- one rank's device gets stuck in a collective: all others wait with it
for reduce in nccl tree; do
    SECONDS=0
    start_with 2 ncclHang:40 --out hangs --set train.reduce=$reduce
    has_ended 30 'gave up after [0-9]+ s \(--stall-timeout\)' "waiting for $collective" '\[rank [0-3]/4\] '
    rm -rf hangs
    echo "hang by $reduce: ended after $SECONDS s"
done

# --- its peer is lost
SECONDS=0
start_with 1 ncclAsyncError:30 --out lost
has_ended 30 '\[rank 1/4\] ' 'remote process exited' "$collective"
echo "lost: ended after $SECONDS s"

# --- a rank stands still, or is killed; the others' devices wait for it
for signal in STOP KILL; do
    start 4 "${words[@]}" --out "$signal"
    wait_until "the first steps" grep -q '"running"' "$signal/status.json"
    sleep 1
    victim=$(processes | grep -vx "$started" | sort -n | tail -n 1)
    SECONDS=0
    kill -s "$signal" "$victim"
    if [ "$signal" = STOP ]; then
        has_ended 30 'gave up after [0-9]+ s \(--stall-timeout\)' "waiting for $collective" "rank [0-3] \(host $host, pid $victim\): no sign of life"
    else
        wait_for_end
        [ "$status" -ne 0 ] && [ "$status" -ne 75 ] || fail "exit status $status after a death"
        wait_until "the end of all ranks" nobody_left
        grep -qE "rank [0-3] \(host $host, pid $victim\) has died|process rank [0-3] .* exited on signal 9" err || fail "nobody says who died"
        [ "$SECONDS" -lt 30 ] || fail "the end took $SECONDS s"
    fi
    kill -CONT "$victim" 2>/dev/null || true
    echo "$signal: ended after $SECONDS s"
done
