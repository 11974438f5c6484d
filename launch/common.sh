# shellcheck shell=bash
# Sourced by the other scripts: where things are, what mpirun and Open MPI need to be told. Nothing that the user or the site has
# set is changed. GAN_SITE names a file with the facts of a site (cluster/sites/example.env), sourced before all else.

# The folder above this file's: the checkout, or share/gan_dist of an installation. Its own name if that leads here (it may be the
# same on all hosts when what is behind a link is not), else the real one: launch/ itself may be a link.
gan_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ "$gan_root/launch/common.sh" -ef "${BASH_SOURCE[0]}" ] || gan_root=$(dirname "$(dirname "$(realpath "${BASH_SOURCE[0]}")")")
if [ -n "${GAN_SITE:-}" ]; then
    [ -r "$GAN_SITE" ] || { echo "$0: GAN_SITE names $GAN_SITE, which is not there" >&2; exit 2; }
    # shellcheck source=cluster/sites/example.env
    . "$GAN_SITE"
fi
# The program: GAN_DIST, else a checkout's own build, else what is installed with these scripts, else what PATH has.
gan_find_program() {
    if [ -n "${GAN_DIST:-}" ]; then
        echo "$GAN_DIST"
    elif [ -e "$gan_root/CMakeLists.txt" ]; then
        echo "$gan_root/build/gan_dist"
    elif [ ! -e "$gan_root/../../bin/gan_dist" ] && command -v gan_dist; then
        :
    else
        echo "${gan_root%/*/*}/bin/gan_dist"
    fi
}
gan_program=$(gan_find_program)
export gan_root gan_program

# mpirun refuses to start for root (containers!) unless told twice. Other users are not affected.
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=${OMPI_ALLOW_RUN_AS_ROOT:-1}
    export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=${OMPI_ALLOW_RUN_AS_ROOT_CONFIRM:-1}
fi
# A container may not bind memory to a socket; Open MPI complains about it on every start and then goes on.
export OMPI_MCA_hwloc_base_mem_bind_failure_action=${OMPI_MCA_hwloc_base_mem_bind_failure_action:-silent}
# Open MPI speaks of each connection, the command that it starts on each host, each rank's cores; NCCL of its choices.
if [ "${GAN_DEBUG:-0}" != 0 ]; then
    export OMPI_MCA_btl_base_verbose=${OMPI_MCA_btl_base_verbose:-30}
    export OMPI_MCA_plm_base_verbose=${OMPI_MCA_plm_base_verbose:-5}
    export OMPI_MCA_hwloc_base_report_bindings=${OMPI_MCA_hwloc_base_report_bindings:-1}
    export NCCL_DEBUG=${NCCL_DEBUG:-INFO}
fi

# Prints the numbers of the processors that this process may use.
gan_processors() {
    local ranges range
    IFS=', ' read -ra ranges < <(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
    for range in "${ranges[@]}"; do
        seq "${range%-*}" "${range#*-}"
    done
}

# Prints how many of them are cores, not second threads of one.
gan_real_cores() {
    local number
    while read -r number; do
        cat "/sys/devices/system/cpu/cpu$number/topology/core_cpus_list" 2>/dev/null || echo "$number"
    done < <(gan_processors) | sort -u | wc -l
}

# Prints how many cores this process may keep busy: the real ones, within a container's limits.
gan_cores() {
    local cores quota period
    cores=$(gan_real_cores)
    if read -r quota period 2>/dev/null </sys/fs/cgroup/cpu.max && [ "$quota" != max ]; then
        quota=$(((quota + period / 2) / period))
        [ "$quota" -ge 1 ] || quota=1
        [ "$quota" -ge "$cores" ] || cores=$quota
    fi
    echo "$cores"
}

# gan_place RANKS [train options]: sets the array gan_placing to mpirun's options for this many ranks on this machine. Each is
# bound to its equal share of the cores, near each other, for its threads and its memory. Where there are no equal shares, or a
# container's limit leaves open which cores they are, ranks are not bound; if there are more of them than cores, they take turns.
gan_place() {
    local ranks=$1 cores threads=1
    cores=$(gan_cores)
    # shellcheck disable=SC2034 # the script that sources this reads it
    if [ $((cores % ranks)) -eq 0 ] && [ "$cores" -eq "$(gan_real_cores)" ]; then
        gan_placing=(--map-by "slot:PE=$((cores / ranks))" --bind-to core:if-supported)
    else
        gan_placing=(--bind-to none --oversubscribe)
    fi
    while [ $# -gt 1 ]; do
        shift
        [[ "$1 ${2:-}" =~ ^--threads[\ =]([1-9][0-9]{0,4})($|\ ) ]] && threads=${BASH_REMATCH[1]}
    done
    # Ranks of one machine meet in its memory; that they might not meet by its networks, Open MPI 5 says on every start.
    [ -n "${OMPI_MCA_btl_tcp_if_exclude:-}" ] || export OMPI_MCA_btl_tcp_if_include=${OMPI_MCA_btl_tcp_if_include:-lo}
    # A thread that waits for another one spins, which takes the core from the one that it waits for.
    if [ $((ranks * threads)) -gt "$cores" ]; then
        export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
    fi
}

# gan_mpirun WORDS...: runs mpirun to its end, with its status. mpirun that is told to end by SIGTERM or Ctrl-C gives
# the ranks odls_base_sigkill_timeout seconds, and it gives as long, twice, after every failure; so that time stays at Open
# MPI's one second, and the wish to end goes to the ranks as SIGUSR1, for which mpirun sets no limit: they save and end with 75.
# A second one ends them at once. By its path, mpirun finds its other half on other hosts whatever PATH is there.
gan_mpirun() {
    local id status asked=1
    set -m # in a process group of its own, Ctrl-C at a terminal does not reach it
    "$(command -v mpirun)" "$@" </dev/null &
    id=$!
    set +m
    trap 'asked=1; kill -USR1 "$id" 2>/dev/null || true' TERM INT HUP USR1
    while [ "$asked" -eq 1 ]; do # a signal ends `wait` before mpirun has ended
        asked=0
        status=0
        wait "$id" || status=$?
    done
    trap - TERM INT HUP USR1
    return "$status"
}

gan_need_program() {
    [ -x "$gan_program" ] && return
    local advice
    if [ -n "${GAN_DIST:-}" ]; then
        advice="GAN_DIST names it"
    elif [ -e "$gan_root/CMakeLists.txt" ]; then
        printf -v advice 'build it: cmake -S %q -B %q && cmake --build %q (or run %q)' "$gan_root" "$gan_root/build" \
            "$gan_root/build" "$gan_root/launch/quickstart.sh"
    else
        advice="install it again, with these scripts, or name another: export GAN_DIST=/path/of/gan_dist"
    fi
    printf '%s: there is no program %q; %s\n' "$0" "$gan_program" "$advice" >&2
    exit 1
}

# gan_slurm_train WORDS...: trains on all tasks of this Slurm job; returns the exit status. srun starts the ranks where it has PMIx,
# else mpirun, which knows the nodes of a job. USR1 to this shell alone (--signal=B:USR1@..., scancel --batch) asks the ranks to
# stop: Slurm would send it also to the daemons of mpirun, which it ends.
gan_slurm_train() {
    local launcher status interrupted asked='' child=''
    trap 'interrupted=yes asked=yes; [ -z "$child" ] || kill -USR1 "$child" 2>/dev/null || :' USR1
    trap 'interrupted=yes' TERM
    gan_need_program
    # srun does not take this over from sbatch by itself.
    [ -z "${SLURM_CPUS_PER_TASK:-}" ] || export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK
    if [[ $(srun --mpi=list 2>&1) == *pmix* ]]; then
        # Not killed because the first of them has ended with 75; but when one dies the others shall not wait for it.
        launcher=(srun --mpi=pmix --kill-on-bad-exit=0 --wait=10)
    else
        echo "srun has no PMIx here (srun --mpi=list): mpirun starts the ranks"
        launcher=(mpirun --bind-to none)
    fi
    [ -z "$asked" ] || return 75
    "${launcher[@]}" "$gan_program" "$@" &
    child=$!
    # A signal ends `wait` before what it waits for.
    while
        interrupted=
        status=0
        wait "$child" || status=$?
        [ -n "$interrupted" ]
    do :; done
    trap '' USR1 TERM
    # Ranks that had not begun to train die of the signal; there is nothing to save.
    [ "$asked$status" != yes138 ] || status=75
    return "$status"
}
