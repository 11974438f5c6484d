# shellcheck shell=bash
# Sourced by the tests of cluster/ that train through launch/hosts.sh on two hosts: `train`, `run`, `start` and the rest of
# smoke/lib.sh then mean that, with half of the ranks on each host; 0 ranks are, as ever, the program alone on this machine.
# shellcheck source=tests/cluster/two_hosts.sh
. "$(dirname "${BASH_SOURCE[0]}")/two_hosts.sh"
# The two hosts have the same cores, and none of their MPIs can know.
export OMPI_MCA_mpi_yield_when_idle=1

set_command() {
    local ranks=$1 host
    shift
    command=("$gan" "$@")
    [ "$ranks" -gt 0 ] || return 0
    for host in a b; do
        echo "${host_address[$host]} slots=$((ranks / 2))"
    done >"$temp/hosts-$ranks.txt"
    command=(in_host a env GAN_DIST="$gan" "$gan_root/launch/hosts.sh" "$temp/hosts-$ranks.txt" "$@")
}

# Of a job: on one host, on both. The second name of each is that of Open MPI 5.
launcher_names=(mpirun prterun)
daemon_names=(orted prted)
job_on() {
    on_host "$1" gan_dist "${launcher_names[@]}" "${daemon_names[@]}"
}
no_job_left() {
    [ -z "$(job_on a)$(job_on b)" ]
}

# rows FOLDER: of its log, one for each step.
rows() {
    if [ -e "$1/log.csv" ]; then wc -l <"$1/log.csv"; else echo 0; fi
}
has_rows() {
    [ "$(rows "$1")" -ge "$2" ]
}

# stop_job: asks hosts.sh to stop, and waits for that.
stop_job() {
    kill -TERM "$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$(on_host a "${launcher_names[@]}")/status")"
    wait_for_end
    [ "$status" -eq 75 ] || fail "exit status $status after SIGTERM to hosts.sh"
    says out 'stopped on request'
    wait_until "the end of the job on both hosts" no_job_left
}
