#!/usr/bin/env bash
# stall.sh PROGRAM: nothing waits in silence. A rank that stands still is named, a job that goes on says so, one that waits too
# long ends, and so does one of whose ranks one has died; status.json is fresh all the while.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
write_config net.ini
sed -i 's/^log_every.*/log_every = 1000000/' net.ini
words=(--config net.ini --sample-every 0 --checkpoint-every 1000000 --steps 100000000)

runs() {
    grep -q '"running"' "$1/status.json" && [ -e "$1/log.csv" ]
}
has() {
    grep -qE -e "$2" "$1"
}
# start_on FOLDER RANKS WORDS...: that many ranks at work; `victim` is one of them, not rank 0.
start_on() {
    local folder=$1 ranks=$2
    shift 2
    start "$ranks" "${words[@]}" --out "$folder" "$@"
    wait_until "the first steps" runs "$folder"
    sleep 1
    victim=$(processes | grep -vx "$started" | sort -n | tail -n 1)
}
updated() {
    sed -n 's/.*"updated":[^"]*"\(.*\)".*/\1/p' "$1/status.json"
}

is_fresh() {
    [ "$(updated waits)" != "$before" ]
}

# --- a rank stands still, and goes on
start_on waits 4 --stall-warning 10s --stall-timeout 600s
kill -STOP "$victim"
wait_until "a warning" has err "warning: step [0-9]+, .*waiting for 10 s for .*rank [123] \(host $(hostname), pid $victim\): no sign of life for [0-9]+ s; last: "
before=$(updated waits)
since=$SECONDS
wait_until "a fresh status.json" is_fresh
[ $((SECONDS - since)) -le 100 ] || fail "status.json was not written for $((SECONDS - since)) s of waiting"
kill -CONT "$victim"
wait_until "the end of the wait" has err 'went on after [0-9]+ s'
[ "$(grep -c 'warning: ' err)" -eq 1 ] || fail "more than one warning"
kill -USR1 "$started"
wait_for_end
[ "$status" -eq 75 ] || fail "exit status $status, not 75, after the wait"
echo "warned, and went on"

# --- for too long
start_on ends 4 --stall-warning 5s --stall-timeout 10s
kill -STOP "$victim"
SECONDS=0
wait_for_end
[ "$status" -ne 0 ] && [ "$status" -ne 75 ] || fail "exit status $status after the time-out"
says err 'gave up after' '--stall-timeout' "pid $victim"
[ "$(grep -c 'gave up after' err)" -eq 1 ] || fail "more than one rank gives up aloud"
says ends/status.json '"failed"' 'gave up after' "pid $victim"
kill -CONT "$victim" 2>/dev/null || true
wait_until "the end of all ranks" nobody_left
[ "$SECONDS" -lt 400 ] || fail "the end took $SECONDS s"
echo "gave up"

# --- a rank dies
start_on dies 4 --stall-warning 600s --stall-timeout 600s
kill -KILL "$victim"
SECONDS=0
wait_for_end
[ "$status" -ne 0 ] && [ "$status" -ne 75 ] || fail "exit status $status after a death"
wait_until "the end of all ranks" nobody_left
[ "$SECONDS" -lt 200 ] || fail "the end took $SECONDS s"
has err "rank [123].*pid $victim\) has died|process rank [123] .* exited on signal 9" || fail "nobody says which rank has died"
echo "died: seen after $SECONDS s"

# --- nonsense
refused 2 stall_warning stall_timeout -- "${words[@]}" --out no --stall-warning 9s --stall-timeout 8s
