#!/usr/bin/env bash
# slurm_stop.sh PROGRAM: what scancel sends to the ranks or to the batch script: the run saves, and the job ends with status 75. Started
# again as often, it ends with the bytes of a run that nobody stopped.
# shellcheck source=tests/cluster/two_nodes.sh
. "$(dirname "${BASH_SOURCE[0]}")/two_nodes.sh"
need_two_nodes
two_nodes_up
write_config net.ini
words=(--config "$temp/net.ini" --out "$temp/run" --sample-every 0 --log-every 10)

# stop SCANCEL-OPTION...
stop() {
    start_job slurm.sbatch -- "${words[@]}" --steps 100000000
    in_host head scancel "$@" "$job"
    ends FAILED 75
    stopped
    echo "scancel $*: stopped after step $(step_of run)"
}
stop --signal=USR1
stop --signal=TERM
stop --signal=USR1 --batch
stop --signal=USR1 --full

# Who cancels a job does not want it back.
start_job slurm-requeue.sbatch -- "${words[@]}" --steps 100000000
in_host head scancel "$job"
ends CANCELLED
[ "$(field Restarts)" -eq 0 ] || fail "a cancelled job went back into the queue"
stopped
echo "cancelled: stopped after step $(step_of run)"

finish run $(($(step_of run) + 2))
