#!/usr/bin/env bash
# slurm_requeue.sh PROGRAM: launch/slurm-requeue.sbatch goes on by itself, over time limits and a preemption, until the run is done, with
# the bytes of a run that nobody stopped.
# shellcheck source=tests/cluster/two_nodes.sh
. "$(dirname "${BASH_SOURCE[0]}")/two_nodes.sh"
need_two_nodes
two_nodes_up
write_config net.ini
sed -i 's/^steps = .*/steps = 100000000/' net.ini
# So that the run in one go, at the end, has only some hundred steps to compute.
in_host head tc qdisc add dev cable-b root tbf rate 4mbit burst 16k latency 1s || echo "no slow cable, so many steps"
words=(--config "$temp/net.ini" --out "$temp/run" --sample-every 0 --log-every 10)

# back TIMES: in the queue so often.
back() {
    [ "$(field Restarts)" -eq "$1" ] && job_is PENDING
}

# A minute is Slurm's shortest limit. It looks every half minute, and warns when it might be too late the next time.
start_job slurm-requeue.sbatch --time=1 --signal=B:USR1@50 -- "${words[@]}"
for restarts in 1 2; do
    wait_until "time limit $restarts" back "$restarts"
    stopped
    echo "time limit: stopped after step $(step_of run)"
    [ "$restarts" -lt 2 ] || in_host head scontrol update "JobId=$job" TimeLimit=60
    start_again
    wait_until "some steps" job_trains
done

# A job of another partition gets its nodes.
in_host head sbatch --quiet --partition=urgent --nodes=2 --exclusive --output=/dev/null --wrap='sleep 1'
wait_until "the preemption" back 3
stopped
echo "preemption: stopped after step $(step_of run)"

sed -i "s/^steps = .*/steps = $(($(step_of run) + 20))/" net.ini
start_again
ends COMPLETED 0
[ "$(field Restarts)" -eq 3 ] || fail "$(field Restarts) restarts, not 3"
says out 'start number 1' 'start number 2' 'resuming from'
equals_whole run
