#!/usr/bin/env bash
# slurm_without_pmix.sh PROGRAM: a Slurm that has no PMIx. srun cannot connect the ranks: the program refuses, says what to do, and touches
# nothing. launch/slurm.sbatch falls back on mpirun: the bytes of one host, and it stops and goes on.
# shellcheck source=tests/cluster/two_nodes.sh
. "$(dirname "${BASH_SOURCE[0]}")/two_nodes.sh"
need_two_nodes
pmix=no
two_nodes_up
write_config net.ini
words=(--config "$temp/net.ini" --out "$temp/run" --sample-every 0 --log-every 10)
train 2 --config net.ini --out alone

submit slurm.sbatch -- --config "$temp/net.ini" --out "$temp/job"
ends COMPLETED 0
says out 'srun has no PMIx' '2 on 2 hosts'
same_run alone job

for way in --batch --full; do
    start_job slurm.sbatch -- "${words[@]}" --steps 100000000
    in_host head scancel --signal=USR1 "$way" "$job"
    ends FAILED 75
    stopped
done
finish run $(($(step_of run) + 2))

# not_connected SRUN-OPTION...
not_connected() {
    local before
    before=$(snapshot run)
    status=0
    in_host head srun "$@" "$gan" train "${words[@]}" >out 2>err || status=$?
    [ "$status" -eq 2 ] || fail "srun $*: exit status $status, not 2"
    [ "$(grep -cF 'gan_dist: ' err)" -eq 1 ] || fail "srun $*: not one line that starts with 'gan_dist: '"
    says err 'says 2 copies were started' 'srun --mpi=pmix'
    [ ! -s out ] || fail "srun $*: something was done"
    unchanged run "$before"
}
not_connected --nodes=2 --ntasks=2
not_connected --nodes=1 --ntasks=2
