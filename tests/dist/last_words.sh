#!/usr/bin/env bash
# last_words.sh PROGRAM FAULTS: however the ranks end a job, rank 0 has written into status.json why, before it is ended with
# them: when all give up together, on a disk that is slow, and when one fails by itself. FAULTS is last_words.c.
# shellcheck source=tests/smoke/lib.sh
faults=$(realpath "$2")
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
write_config net.ini
words=(--config net.ini --sample-every 0 --checkpoint-every 1000000 --log-every 1000000 --steps 100000000)

# start_on FOLDER WORDS...: four ranks at work.
start_on() {
    local folder=$1
    shift
    set_command 4 "${words[@]}" --out "$folder" "$@"
    command=(env "${command[@]:0:1}" -x "LD_PRELOAD=$faults" "${command[@]:1}")
    start_command "$temp/out" "$temp/err"
    wait_until "the first steps" runs "$folder"
    sleep 1
}
runs() {
    grep -q '"running"' "$1/status.json" && [ -e "$1/log.csv" ]
}
# ends FOLDER TEXT...
ends() {
    wait_for_end
    [ "$status" -ne 0 ] && [ "$status" -ne 75 ] || fail "exit status $status"
    says "$1/status.json" '"failed"' "${@:2}"
    wait_until "the end of all ranks" nobody_left
}

start_on stalls --stall-warning 2s --stall-timeout 4s
victim=$(processes | grep -vx "$started" | sort -n | tail -n 1)
kill -STOP "$victim"
wait_until "the verdict" grep -q 'gave up after' err
sleep 1 # the others have come to the same, and rank 0 writes
kill -CONT "$victim"
ends stalls 'gave up after' "pid $victim"

start_on breaks
touch break
ends breaks 'rank 2 of 4: ' 'failed in MPI'
grep -q '^\[rank 2/4\] .*failed in MPI' err || fail "rank 2 does not say why"
[ "$(grep -c 'failed in MPI' err)" -eq 1 ] || fail "more than one rank says it"
