# shellcheck shell=bash
# Sourced by the tests of cluster/ that train through Slurm, with the program's path as first argument: the hosts of two_hosts.sh
# with a real Slurm on them, by cluster/slurm/slurm.conf: slurmctld on `head`, slurmd on `a` and `b`, munged on all.
# shellcheck source=tests/cluster/two_hosts.sh
. "$(dirname "${BASH_SOURCE[0]}")/two_hosts.sh"
export SLURM_CONF=$temp/slurm/slurm.conf GAN_DIST=$gan GAN_ROOT=$gan_root
# The two nodes have the same cores, and none of their MPIs can know.
export OMPI_MCA_mpi_yield_when_idle=1
pmix=yes # a test may want a Slurm without it
words=() # of the runs

# What Slurm did goes with the test's folder, so it is shown before.
tell_of_slurm() {
    case $? in
    0 | 77) ;;
    *) tail -n 30 "$temp"/slurm/*.log >&2 ;;
    esac
}
trap 'tell_of_slurm; two_hosts_down; clean_up' EXIT

need_two_nodes() {
    local tool
    need_two_hosts
    for tool in munged slurmctld slurmd sbatch; do
        command -v "$tool" >/dev/null || skip "no $tool (Debian packages slurm-wlm, munge)"
    done
}

two_nodes_up() {
    local host
    mkdir -p slurm/slurmctld
    slurm_conf
    [ "$pmix" = yes ] || without_pmix
    two_hosts_up
    head -c 1024 /dev/urandom >slurm/munge.key
    chmod 400 slurm/munge.key
    for host in head a b; do
        munge_up "$host"
    done
    in_host head slurmctld
    in_host a slurmd
    in_host b slurmd
    wait_until "two nodes" nodes_are idle idle
}

# The example with this test's folders; without control groups, which nobody may divide here; quick to kill what no longer goes on,
# slow to take a busy machine for one that does not answer.
slurm_conf() {
    sed -e "s,/var/l[a-z]*/slurm/,$temp/slurm/," \
        -e "s,^\(SlurmUser\)=.*,\1=root," \
        -e 's,^\(ProctrackType\)=.*,\1=proctrack/linuxproc,; s,^\(TaskPlugin\)=.*,\1=task/none,' \
        -e 's,^\(KillWait\)=.*,\1=20,; s,^\(NodeName=.*CPUs\)=4,\1=2,' \
        "$gan_root/cluster/slurm/slurm.conf" >"$SLURM_CONF"
    printf '%s\n' 'SlurmdParameters=config_overrides' 'MessageTimeout=100' 'TCPTimeout=20' >>"$SLURM_CONF"
}

# All plugins but those.
without_pmix() {
    local plugins
    plugins=$(find /usr/lib /usr/lib64 /usr/local/lib -name mpi_none.so -printf '%h\n' -quit 2>/dev/null)
    mkdir slurm/plugins
    ln -s "$plugins"/*.so slurm/plugins
    rm slurm/plugins/mpi_pmix*
    sed -i 's,^MpiDefault=.*,MpiDefault=none,' "$SLURM_CONF"
    echo "PluginDir=$temp/slurm/plugins" >>"$SLURM_CONF"
}

munge_up() {
    in_host "$1" mkdir -m 755 /run/munge
    in_host "$1" munged --key-file="$temp/slurm/munge.key" --seed-file=/run/munge/seed --log-file=/run/munge/log
}

# nodes_are STATE STATE
nodes_are() {
    [ "$(in_host head sinfo --noheader --Node --partition=main --format=%T | xargs)" = "$*" ]
}

# --- jobs ----------------------------------------------------------------------------------------

# submit SCRIPT OPTION... -- WORDS...: a rank on each node, what it prints in the file out; leaves `job`.
submit() {
    local script=$1 options=()
    shift
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    rm -f "$temp/out"
    job=$(in_host head sbatch --parsable --ntasks-per-node=1 --output="$temp/out" "${options[@]}" \
        "$gan_root/launch/$script" "$@" 2>"$temp/err") || fail "sbatch refuses $script ${options[*]}"
}

# field NAME: of the job.
field() {
    in_host head scontrol --oneliner show job "$job" | grep -oP " $1=\K\S*"
}

# job_is STATE
job_is() {
    [ "$(field JobState)" = "$1" ]
}

# ends STATE [STATUS]: the job, and with nothing of it left.
ends() {
    wait_until "the end of job $job" job_over
    job_is "$1" || fail "job $job is $(field JobState), not $1"
    [ $# -eq 1 ] || [ "$(field ExitCode)" = "$2:0" ] || fail "job $job: exit status $(field ExitCode), not $2:0"
    wait_until "the end of all ranks" nobody_left
}
job_over() {
    case $(field JobState) in PENDING | RUNNING | COMPLETING) return 1 ;; esac
}

# start_job: submits, and waits for some steps.
start_job() {
    submit "$@"
    wait_until "some steps" job_trains
}
# Since its last start it has logged.
job_trains() {
    job_is RUNNING && [ "$(grep -oE '^(epoch|output) ' out | tail -n 1)" = 'epoch ' ]
}

# start_again: the job that went back into the queue. Slurm lets it wait for two minutes, so that no node takes its new start for the
# old one, of whose end it learns late. Some seconds will do here.
start_again() {
    wait_until "two nodes" nodes_are idle idle
    wait_until "the end of the old start on both nodes" no_steps_left
    sleep 4 # slurmd counts in seconds
    in_host head scontrol update "JobId=$job" StartTime=now
    wait_until "the next start of job $job" no_longer_pending
}
no_steps_left() {
    [ -z "$(on_host a slurmstepd)$(on_host b slurmstepd)" ]
}
no_longer_pending() {
    ! job_is PENDING
}

# stopped: run says so, and is saved.
stopped() {
    says run/status.json '"stopped"' 'asked to stop'
    [ -f "$(printf 'run/checkpoints/step-%08d.safetensors' "$(step_of run)")" ] || fail "step $(step_of run) is not saved"
}

# step_of FOLDER: where it stopped.
step_of() {
    sed -n 's/.*"step":[^0-9]*\([0-9]*\).*/\1/p' "$1/status.json"
}

# newest_step FOLDER: of its checkpoints.
newest_step() {
    local name
    name=$(newest "$1")
    name=${name##*step-}
    echo $((10#${name%.safetensors}))
}

# finish FOLDER STEPS: by the same script.
finish() {
    submit slurm.sbatch -- "${words[@]}" --steps "$2"
    ends COMPLETED 0
    equals_whole "$1"
}

# equals_whole FOLDER: the bytes of as many steps in one go on one host.
equals_whole() {
    train 2 "${words[@]}" --out whole --steps "$(step_of "$1")" --checkpoint-every 0
    same_run "$1" whole
}
