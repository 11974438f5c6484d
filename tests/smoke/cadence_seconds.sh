#!/usr/bin/env bash
# cadence_seconds.sh PROGRAM: checkpoints and grids by the clock, asked for by rank 0 and agreed by all; and the first grid that a newcomer
# waits for.
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
# One a second at most, and at the stop that of the last finished step and of the one under way.
[ "$(checkpoints)" -le $((SECONDS - from + 2)) ] || fail "$(checkpoints) checkpoints in $((SECONDS - from)) s"

# grids FOLDER: but for the noise before step 1.
grids() {
    find "$1/samples" -name 'step-*.png' ! -name step-00000000.png 2>/dev/null | wc -l
}
has_grids() {
    [ "$(grids "$1")" -ge "$2" ]
}
from=$SECONDS
start 2 --config net.ini --out b --steps 100000000 --log-every 1000 --sample-every 1s --checkpoint-every 0
wait_until "three grids" has_grids b 3
kill -USR1 "$started"
wait_for_end
says out 'pictures     b/samples: a grid every 1 s'
[ "$(grids b)" -le $((SECONDS - from + 1)) ] || fail "$(grids b) grids in $((SECONDS - from)) s"

# One that is due in years comes after ten seconds, once.
from=$SECONDS
start 2 --config net.ini --out c --steps 100000000 --log-every 1000 --sample-every 100000000 --checkpoint-every 0
wait_until "a grid" has_grids c 1
[ $((SECONDS - from)) -ge 9 ] || fail "a grid after $((SECONDS - from)) s"
sleep 2
kill -USR1 "$started"
wait_for_end
[ "$(grids c)" -eq 1 ] || fail "$(grids c) grids, not the first alone"
