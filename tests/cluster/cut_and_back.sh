#!/usr/bin/env bash
# cut_and_back.sh PROGRAM: the cable between two hosts is pulled out for ten seconds. The run waits, goes on, and ends with the
# bytes of an undisturbed one.
# shellcheck source=tests/cluster/runs.sh
. "$(dirname "${BASH_SOURCE[0]}")/runs.sh"
need_two_hosts
two_hosts_up
write_config net.ini
words=(--config net.ini --steps 60)

start 2 "${words[@]}" --out run
wait_until "some steps" has_rows run 20
cut_cable b
sleep 1 # a step that needed no more messages may still end
before=$(rows run)
sleep 9
[ "$(rows run)" -eq "$before" ] || fail "the run goes on without a cable"
mend_cable b
wait_for_end
[ "$status" -eq 0 ] || fail "exit status $status"
train 0 "${words[@]}" --out alone
same_run alone run
