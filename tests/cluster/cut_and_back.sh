#!/usr/bin/env bash
# cut_and_back.sh PROGRAM: the cable between two hosts is pulled out for ten seconds. The run waits, goes on, and ends with the
# bytes of an undisturbed one.
# shellcheck source=tests/cluster/runs.sh
. "$(dirname "${BASH_SOURCE[0]}")/runs.sh"
need_two_hosts
two_hosts_up
write_config net.ini
words=(--config net.ini --out run)

# stands_still: whoever had all messages of a step has ended it.
stands_still() {
    local before
    before=$(rows run)
    sleep 1
    [ "$(rows run)" -eq "$before" ]
}

start 2 "${words[@]}" --steps 100000000
wait_until "some steps" has_rows run 20
cut_cable b
wait_until "a stop" stands_still
before=$(rows run)
sleep 9
[ "$(rows run)" -eq "$before" ] || fail "the run goes on without a cable"
mend_cable b
wait_until "more steps" has_rows run $((before + 10))
stop_job
last=$(newest run)
last=${last##*step-}
last=$((10#${last%.safetensors} + 5))
train 2 "${words[@]}" --steps "$last"
train 0 --config net.ini --steps "$last" --out alone
same_run alone run
