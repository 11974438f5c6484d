#!/usr/bin/env bash
# slurm_node.sh PROGRAM: a rank dies: the job ends, and does not come back by itself. A node dies: the job goes back into the queue, and
# goes on when the node is back, to the bytes of a run that nothing happened to.
# shellcheck source=tests/cluster/two_nodes.sh
. "$(dirname "${BASH_SOURCE[0]}")/two_nodes.sh"
need_two_nodes
two_nodes_up
write_config net.ini
sed -i 's/^steps = .*/steps = 100000000/' net.ini
words=(--config "$temp/net.ini" --out "$temp/run" --sample-every 0 --log-every 10 --checkpoint-every 5)

start_job slurm-requeue.sbatch -- "${words[@]}"
mapfile -t ids < <(on_host b gan_dist)
kill -KILL "${ids[@]}"
ends FAILED 137
says out 'hostb: task 1: Killed'
[ "$(field Restarts)" -eq 0 ] || fail "$(field Restarts) restarts after a rank died"
echo "rank killed: the newest checkpoint is of step $(newest_step run)"

start_job slurm-requeue.sbatch -- "${words[@]}"
says out 'resuming from'
power_off b
in_host head scontrol update NodeName=hostb State=DOWN Reason=test
wait_until "the end of all ranks" nobody_left
wait_until "the job in the queue" job_is PENDING
[ "$(field Restarts)" -eq 1 ] || fail "$(field Restarts) restarts, not 1"
last=$(newest_step run)
echo "node down: the newest checkpoint is of step $last"

sed -i "s/^steps = .*/steps = $((last + 10))/" net.ini
power_on b
munge_up b
in_host b slurmd
start_again
ends COMPLETED 0
says out "resuming from"
equals_whole run
