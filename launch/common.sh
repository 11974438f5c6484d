# shellcheck shell=bash
# Sourced by the other scripts: where things are, what mpirun and Open MPI need to be told. Nothing that the user or the site has
# set is changed, but for a TMPDIR that cannot be written to. GAN_SITE names a file with the facts of a site
# (cluster/sites/example.env), sourced before all else.

# PMIx crashes for a user who has no home, like that of `docker run --user 12345`; that of Open MPI 5 asks HOME only.
if [ -z "${HOME+set}" ]; then
    HOME=$(getent passwd "$(id -u)" | cut -d: -f6) || true
    export HOME=${HOME:-/}
fi
# Open MPI makes a folder of its own in TMPDIR, else in /tmp; where it may not, another one.
gan_choose_tmpdir() {
    local folder
    for folder in "${TMPDIR:-/tmp}" /tmp /var/tmp /dev/shm; do
        [ ! -d "$folder" ] || [ ! -w "$folder" ] || break
    done
    [ "$folder" != "${TMPDIR:-/tmp}" ] || return 0
    [ -z "${TMPDIR:-}" ] || echo "$0: TMPDIR=$TMPDIR cannot be written to; taking $folder" >&2
    export TMPDIR=$folder
}
gan_choose_tmpdir
# The folder above this file's: the checkout, or share/gan_dist of an installation. Its own name if that leads here (it may be the
# same on all hosts when what is behind a link is not), else the real one: launch/ itself may be a link.
gan_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ "$gan_root/launch/common.sh" -ef "${BASH_SOURCE[0]}" ] || gan_root=$(dirname "$(dirname "$(realpath "${BASH_SOURCE[0]}")")")
if [ -n "${GAN_SITE:-}" ]; then
    [ -r "$GAN_SITE" ] || { echo "$0: GAN_SITE names $GAN_SITE, which is not there" >&2; exit 2; }
    # shellcheck source=cluster/sites/example.env
    . "$GAN_SITE"
fi
# gan_cache_folder: prints where builds and runs of a checkout go that cannot be written.
gan_cache_folder() {
    local folder=${XDG_CACHE_HOME:-$HOME/.cache}/gan_dist above
    above=$folder
    while [ ! -e "$above" ]; do
        above=$(dirname "$above")
    done
    [ -w "$above" ] || folder=${TMPDIR:-/tmp}/gan_dist-$(id -u)
    echo "$folder"
}

# gan_find_program: prints the program's name: GAN_DIST, else a checkout's own build (GAN_BUILD names its folder), else what is
# installed with these scripts, else what PATH has.
gan_find_program() {
    local folder=$gan_root program
    if [ -n "${GAN_DIST:-}" ]; then
        echo "$GAN_DIST"
    elif [ -e "$gan_root/CMakeLists.txt" ]; then
        # A folder in /tmp may be another user's.
        if [ ! -w "$folder" ] && [ ! -x "$folder/build/gan_dist" ] && [ -O "$(gan_cache_folder)" ]; then
            folder=$(gan_cache_folder)
        fi
        echo "${GAN_BUILD:-$folder/build}/gan_dist"
    else
        program=${gan_root%/*/*}/bin/gan_dist
        [ -e "$program" ] || program=$(realpath -m -- "$gan_root/../../bin/gan_dist") # share/gan_dist may be a link
        [ -e "$program" ] || program=$(command -v gan_dist) || program=${gan_root%/*/*}/bin/gan_dist
        echo "$program"
    fi
}
gan_program=$(gan_find_program)
export gan_root gan_program

# mpirun refuses to start for root (containers!) unless told twice. Other users are not affected.
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=${OMPI_ALLOW_RUN_AS_ROOT:-1}
    export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=${OMPI_ALLOW_RUN_AS_ROOT_CONFIRM:-1}
fi
# Without an environment (env -i) bash has a PATH, but does not hand it on.
export PATH
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

# gan_need_address: ends the script where no network interface is up, not even lo, over which mpirun talks to its own daemon.
gan_need_address() {
    [ -r /proc/net/fib_trie ] && ! grep -q LOCAL /proc/net/fib_trie || return 0
    printf '%s: no network interface is up, not even lo, which mpirun needs: ip link set lo up; or a single process: %q\n' \
        "$0" "$gan_program" >&2
    exit 1
}

# gan_local_only: tells mpirun what it must not need for ranks on this machine alone: ssh, and, in Open MPI 4, which dies of a longer
# one, a host name of at most 56 letters.
gan_local_only() {
    local name
    gan_need_address
    command -v ssh >/dev/null || command -v rsh >/dev/null || export OMPI_MCA_plm=${OMPI_MCA_plm:-isolated}
    name=$(uname -n)
    name=${name%%.*}
    [ "${#name}" -le 56 ] || export OMPI_MCA_orte_strip_prefix=${OMPI_MCA_orte_strip_prefix:-${name:0:16}}
}

# gan_place RANKS [train options]: sets the array gan_placing to mpirun's options for this many ranks on this machine. Each is
# bound to its equal share of the cores, near each other, for its threads and its memory. Where there are no equal shares, or a
# container's limit leaves open which cores they are, ranks are not bound; if there are more of them than cores, they take turns.
gan_place() {
    local ranks=$1 cores threads=1
    gan_local_only
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
    # A thread that waits for another one spins, which takes the core from the one that it waits for.
    if [ $((ranks * threads)) -gt "$cores" ]; then
        export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
    fi
}

# gan_twins: Open MPI 5 starts ranks by PRRTE, which reads its settings under other names: gives each that is set for version 4
# its twin, where that is not set.
gan_twins() {
    local name twin
    while read -r name; do
        case $name in
        OMPI_MCA_orte_*) twin=PRTE_MCA_prte_${name#OMPI_MCA_orte_} ;;
        OMPI_MCA_plm_rsh_*) twin=PRTE_MCA_plm_ssh_${name#OMPI_MCA_plm_rsh_} ;;
        OMPI_MCA_oob_tcp_if_*) twin=PRTE_MCA_prte_if_${name#OMPI_MCA_oob_tcp_if_} ;;
        OMPI_MCA_oob_* | OMPI_MCA_plm_base_*) twin=PRTE_MCA_${name#OMPI_MCA_} ;;
        *) continue ;;
        esac
        [ -n "${!twin+set}" ] || export "$twin=${!name}"
        # PMIx has a word of its own in how hosts are called.
        [ "$name" != OMPI_MCA_orte_keep_fqdn_hostnames ] ||
            export PMIX_MCA_pmix_keep_fqdn_hostnames=${PMIX_MCA_pmix_keep_fqdn_hostnames:-${!name}}
    done < <(compgen -e OMPI_MCA_)
}

# gan_need_mpirun: ends the script where mpirun is not Open MPI's, whose options the scripts use.
gan_need_mpirun() {
    local said
    if ! command -v mpirun >/dev/null; then
        printf '%s: there is no mpirun in PATH; a single process needs none: %q\n' "$0" "$gan_program" >&2
        exit 1
    fi
    said=$(mpirun --version 2>&1 </dev/null) || true
    [[ $said != *'Open MPI'* && $said != *OpenRTE* ]] || return 0
    printf '%s: %s is not the mpirun of Open MPI, which this script speaks to; start the ranks with it directly, like mpirun -np 2 %q\n' \
        "$0" "$(command -v mpirun)" "$gan_program" >&2
    exit 1
}

# gan_trains WORDS...: whether the program trains when it gets these words behind all others.
gan_trains() {
    while [ $# -gt 0 ] && [ "$1" != "$gan_program" ]; do
        shift
    done
    [[ " $* " =~ \ (-h|--help|--version)\  ]] || [[ ! "${2:-train}" =~ ^(train$|-) ]] || return 0
    return 1
}

# Status 0 of mpirun does not prove that a training is done: that of Open MPI 5 ends with 0 also when a host or a daemon is lost, and
# now and then it does not end when all its ranks have. So rank 0, wherever it runs, is asked (GAN_TELL_LAUNCHER) to say on standard
# error, every five seconds, that it is there, and at last that it has written `done` into status.json. A listener passes mpirun's
# standard error on, takes those lines out, and ends an mpirun that outlives rank 0 by gan_deaf_seconds. gan_listener_open sets
# `gan_listener`, its process, and `gan_to`, where mpirun's standard error goes; gan_listener_watch says which process that mpirun is.
# That is twice as long as ranks wait for each other by default: a network that comes back in time must find the run alive.
gan_deaf_seconds=600
gan_listener_open() {
    exec {gan_to}> >(gan_listener_run)
    gan_listener=$!
}
gan_listener_watch() { # PROCESS
    [ -z "$gan_listener" ] || echo "gan_dist: the launcher is $1" >&"$gan_to"
}

# Reads with a limit, so that silence can be counted: in turns of a tenth, or a script that was stopped and goes on would take the
# time in between for silence.
gan_listener_run() {
    local line part='' heard=1 launcher='' silent='' status said='' last='' ended=0
    trap '' TERM INT HUP USR1 PIPE
    while :; do
        status=0
        IFS= read -r -t "$((gan_deaf_seconds / 10))" line || status=$?
        if [ "$status" -gt 128 ]; then # the limit: `line` is what came before it
            part+=$line
            [ -z "$silent" ] || silent=$((silent + 1))
            [ "${silent:-0}" -lt 10 ] || { gan_end_launcher "$launcher"; silent=''; }
            continue
        fi
        line=$part$line part=''
        [ "$status" -eq 0 ] || [ -n "$line" ] || exit "$heard" # nobody writes any more
        case $line in # others' words, without an end of line, may stand before ours
        *'gan_dist: here') silent=0 line=${line%gan_dist: here} ;;
        *'gan_dist: done') heard=0 line=${line%gan_dist: done} ;;
        *'gan_dist: the launcher is '*) launcher=${line##* } line=${line%gan_dist: the launcher is *} ;;
        # Not to the end of file: an ssh to a host that is lost keeps the pipe open.
        *'gan_dist: the launcher ends '*) status=1 ended=${line##* } line=${line%gan_dist: the launcher ends *} ;;
        *)
            last=$line line=$line$'\n'
            ! gan_is_reason "$last" || said=$last
            ;;
        esac
        printf '%s' "$line" >&2 2>/dev/null || :
        [ "$status" -eq 0 ] || break
    done
    # mpirun says a dozen lines of its own about any failure; why it was shall stand last.
    [[ $ended =~ ^(0|75)$ || -z $said || $said = "$last" ]] || printf '%s\n' "$said" >&2 2>/dev/null || :
    exit "$heard"
}

# gan_is_reason LINE: whether it is the program's word on why it fails.
gan_is_reason() {
    [[ $1 == 'gan_dist: '* ]] || [[ $1 =~ ^\[rank\ [0-9]+/[0-9]+\]\  && $1 != *'] warning: '* && $1 != *'] went on after '* ]]
}

# gan_end_launcher PROCESS: asks it to end, ends it ten seconds later. Looks whether it is still there: its number may soon be another's.
gan_end_launcher() {
    echo "$0: nothing was heard of rank 0 for $gan_deaf_seconds s, and mpirun does not end: ending it; the same command goes on" \
        "from the last checkpoint" >&2
    kill -TERM "$1" 2>/dev/null || return 0
    for _ in {1..10}; do
        sleep 1
        kill -0 "$1" 2>/dev/null || return 0
    done
    kill -KILL "$1" 2>/dev/null || :
}

# gan_listener_close STATUS: returns mpirun's status, or 1 when that is 0 and rank 0 of a training has not said that it is done.
gan_listener_close() {
    local heard=0
    echo "gan_dist: the launcher ends $1" >&"$gan_to"
    exec {gan_to}>&-
    wait "$gan_listener" || heard=$?
    [ "$1" -eq 0 ] && [ "$heard" -ne 0 ] && [ -n "$gan_training" ] || return "$1"
    echo "$0: mpirun ended with status 0, but the run has not said that it is done: a host or a process was lost; the same" \
        "command goes on from the last checkpoint" >&2
    return 1
}

# gan_mpirun WORDS...: runs mpirun to its end, with its status; 0 of a training only when that is done. mpirun that is told to end by
# SIGTERM or Ctrl-C gives the ranks odls_base_sigkill_timeout seconds (Open MPI 5: a quarter of one), and it gives as long, twice,
# after every failure; so that time stays at Open MPI's one second, and the request to stop goes to the ranks as SIGUSR1, for which
# mpirun sets no limit: they save and end with 75. A second one ends them at once. By its path, mpirun finds its other half on
# other hosts whatever PATH is there.
gan_mpirun() {
    local id status asked=1 gan_to=2 gan_listener='' gan_training=''
    gan_need_mpirun
    gan_twins
    gan_listener_open
    if gan_trains "$@"; then
        gan_training=yes
        set -- -x GAN_TELL_LAUNCHER=1 "$@"
    fi
    set -m # in a process group of its own, Ctrl-C at a terminal does not reach it
    "$(command -v mpirun)" "$@" </dev/null 2>&"$gan_to" &
    id=$!
    set +m
    gan_listener_watch "$id"
    trap 'asked=1; kill -USR1 "$id" 2>/dev/null || true' TERM INT HUP USR1
    while [ "$asked" -eq 1 ]; do # a signal ends `wait` before mpirun has ended
        asked=0
        status=0
        wait "$id" || status=$?
    done
    trap - TERM INT HUP USR1
    [ -z "$gan_listener" ] || gan_listener_close "$status" || status=$?
    return "$status"
}

gan_need_program() {
    [ -f "$gan_program" ] && [ -x "$gan_program" ] && return
    local advice build what='there is no program'
    build=$(dirname "$gan_program")
    [ ! -e "$gan_program" ] || what='not a program that may be run:'
    if [ -n "${GAN_DIST:-}" ]; then
        advice="GAN_DIST names it, and should name the program itself, by its path"
    elif [ -e "$gan_root/CMakeLists.txt" ]; then
        printf -v advice 'build it: cmake -S %q -B %q && cmake --build %q (or run %q)' "$gan_root" "$build" "$build" \
            "$gan_root/launch/quickstart.sh"
    else
        advice="install it again, with these scripts, or name another: export GAN_DIST=/path/of/gan_dist"
    fi
    printf '%s: %s %q; %s\n' "$0" "$what" "$gan_program" "$advice" >&2
    exit 1
}

# gan_slurm_train WORDS...: trains on all tasks of this Slurm job; returns the exit status. srun starts the ranks where it has PMIx,
# else mpirun, which knows the nodes of a job. USR1 to this shell alone (--signal=B:USR1@..., scancel --batch) asks the ranks to
# stop: Slurm would send it also to the daemons of mpirun, which it ends.
gan_slurm_train() {
    local launcher status interrupted asked='' child='' gan_to=2 gan_listener='' gan_training=''
    trap 'interrupted=yes asked=yes; [ -z "$child" ] || kill -USR1 "$child" 2>/dev/null || :' USR1
    trap 'interrupted=yes' TERM
    gan_need_program
    # srun does not take this over from sbatch by itself.
    [ -z "${SLURM_CPUS_PER_TASK:-}" ] || export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK
    if [[ $(srun --mpi=list 2>&1) == *pmix* ]]; then
        # Not killed because the first of them has ended with 75; but when one dies the others shall not wait for it.
        launcher=(srun --mpi=pmix --kill-on-bad-exit=0 --wait=10)
        # By default Slurm carries out the two barriers of MPI_Init in two ways that do not know of each other, and lets a rank pass
        # the second while another is still in the first: that one dies of SIGSEGV at the first message, once in some hundred starts.
        export SLURM_PMIX_FENCE=${SLURM_PMIX_FENCE:-tree}
    else
        echo "srun has no PMIx here (srun --mpi=list): mpirun starts the ranks"
        gan_need_mpirun
        gan_twins
        launcher=(mpirun --bind-to none)
        gan_listener_open
        if gan_trains "$gan_program" "$@"; then
            gan_training=yes
            launcher+=(-x GAN_TELL_LAUNCHER=1)
        fi
    fi
    [ -z "$asked" ] || return 75
    "${launcher[@]}" "$gan_program" "$@" 2>&"$gan_to" &
    child=$!
    gan_listener_watch "$child"
    # A signal ends `wait` before what it waits for.
    while
        interrupted=
        status=0
        wait "$child" || status=$?
        [ -n "$interrupted" ]
    do :; done
    trap '' USR1 TERM
    [ -z "$gan_listener" ] || gan_listener_close "$status" || status=$?
    # Ranks that had not begun to train die of the signal; there is nothing to save.
    [ "$asked$status" != yes138 ] || status=75
    return "$status"
}
