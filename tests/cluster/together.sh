#!/usr/bin/env bash
# together.sh PROGRAM: two hosts compute the same bytes as one.
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
