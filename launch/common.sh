# shellcheck shell=bash
# Sourced by the other scripts: where things are, and what mpirun needs to be told here. Sets nothing the user has set.

gan_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
gan_program=${GAN_DIST:-$gan_root/build/gan_dist}
export gan_root gan_program

# mpirun refuses to start for root (containers!) unless told twice. Other users are not affected.
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=${OMPI_ALLOW_RUN_AS_ROOT:-1}
    export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=${OMPI_ALLOW_RUN_AS_ROOT_CONFIRM:-1}
fi
# A container may not bind memory to a socket; Open MPI complains about it on every start and then goes on.
export OMPI_MCA_hwloc_base_mem_bind_failure_action=${OMPI_MCA_hwloc_base_mem_bind_failure_action:-silent}

# Prints how many cores this process may keep busy: real cores, not their second threads, within a container's limits.
gan_cores() {
    local cores real quota period
    cores=$(nproc)
    real=$(lscpu -p=CORE,SOCKET 2>/dev/null | grep -v '^#' | sort -u | wc -l) || real=0
    if [ "$real" -gt 0 ] && [ "$real" -lt "$cores" ]; then
        cores=$real
    fi
    if read -r quota period 2>/dev/null </sys/fs/cgroup/cpu.max && [ "$quota" != max ]; then
        quota=$(((quota + period / 2) / period))
        [ "$quota" -ge 1 ] || quota=1
        [ "$quota" -ge "$cores" ] || cores=$quota
    fi
    echo "$cores"
}

# gan_place RANKS: sets the array gan_placing to mpirun's options for this many ranks on this machine. As many ranks as
# cores: each bound to its own. Fewer: not bound, so that a rank's threads can spread. More: they take turns.
gan_place() {
    local cores
    cores=$(gan_cores)
    # shellcheck disable=SC2034 # the script that sources this reads it
    if [ "$1" -eq "$cores" ] && [ "$cores" -eq "$(nproc)" ]; then
        gan_placing=(--bind-to core:if-supported)
    else
        gan_placing=(--bind-to none --oversubscribe)
    fi
}

gan_need_program() {
    [ -x "$gan_program" ] && return
    echo "$0: there is no program $gan_program; build it: cmake -S $gan_root -B $gan_root/build && cmake --build" \
        "$gan_root/build (or run launch/quickstart.sh)" >&2
    exit 1
}
