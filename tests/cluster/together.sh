#!/usr/bin/env bash
# together.sh PROGRAM: two hosts compute the same bytes as one, also when they are told to stop in between.
# shellcheck source=tests/cluster/runs.sh
. "$(dirname "${BASH_SOURCE[0]}")/runs.sh"
need_two_hosts
two_hosts_up
write_config net.ini

train 0 --config net.ini --out alone
for ranks in 2 4; do
    train "$ranks" --config net.ini --out "hosts-$ranks"
    says out "$ranks on 2 hosts"
    same_run alone "hosts-$ranks"
    wait_until "the end of the job on both hosts" no_job_left
done

# The wish to stop, told to the script, reaches the ranks of both hosts.
start 4 --config net.ini --out stopped --steps 100000000
wait_until "some steps" has_rows stopped 5
stop_job
last=$(newest stopped)
last=${last##*step-}
last=$((10#${last%.safetensors} + 5))
train 2 --config net.ini --out stopped --steps "$last"
train 0 --config net.ini --out whole --steps "$last"
same_run whole stopped
