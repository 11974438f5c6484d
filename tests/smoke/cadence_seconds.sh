#!/usr/bin/env bash
# cadence_seconds.sh PROGRAM: checkpoints by the clock, asked for by rank 0 and agreed by all.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
write_config net.ini

checkpoints() {
    find a/checkpoints -name 'step-*.safetensors' 2>/dev/null | wc -l
}
has_three() {
    [ "$(checkpoints)" -ge 3 ]
}

from=$SECONDS
start 2 --config net.ini --out a --steps 100000000 --log-every 1000 --sample-every 0 --checkpoint-every 1s --keep 1000
wait_until "three checkpoints" has_three
[ $((SECONDS - from)) -ge 2 ] || fail "three checkpoints in $((SECONDS - from)) s"
kill -USR1 "$started"
wait_for_end
[ "$status" -eq 75 ] || fail "exit status $status, not 75"
says a/status.json '"stopped"'
# One a second at most, and the one of the stop.
[ "$(checkpoints)" -le $((SECONDS - from + 1)) ] || fail "$(checkpoints) checkpoints in $((SECONDS - from)) s"
