# shellcheck shell=bash
# Sourced by the tests of cluster/ with the program's path as first argument: a small cluster on this machine. `head` holds a
# bridge; `a` and `b` are plugged into it, each with a cable that can be cut. All three are hosts with their own network, host
# name, processes, /tmp, /run and /dev/shm, and with an sshd. The test's folder, the source tree and the program are the same
# files everywhere. Nothing of it can be seen from the machine's own network, so clusters side by side do not meet; all of it
# ends with this script, however that ends.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"

declare -A host_address=([head]=10.77.0.1 [a]=10.77.0.2 [b]=10.77.0.3)
declare -A host_name=([head]=head [a]=hosta [b]=hostb) # a test may choose others before two_hosts_up
declare -A host_pid                                   # the first process, as this machine numbers it
shared_folders=("$temp" "$gan_root" "$(dirname "$(realpath "$1")")")

# Skips the test where there can be no such cluster.
need_two_hosts() {
    local tool
    [ "$(id -u)" -eq 0 ] || skip "only root can make hosts out of namespaces"
    for tool in ip ssh sshd ssh-keygen nsenter setpriv; do
        command -v "$tool" >/dev/null || skip "no $tool (Debian packages openssh-server, openssh-client, iproute2)"
    done
    unshare --net --uts --mount --pid --fork ip link add one type veth peer name other 2>err ||
        skip "no namespaces and network devices to make hosts of here: $(tail -n 1 err)"
    unshare --net ip link add bridge type bridge 2>err || skip "no bridge to be had here: $(tail -n 1 err)"
}

two_hosts_up() {
    local host
    ssh_key
    printf '127.0.0.1 localhost\n' >hosts
    for host in head a b; do
        printf '%s %s\n' "${host_address[$host]}" "${host_name[$host]}" >>hosts
    done
    for host in head a b; do
        start_host "$host"
    done
    in_host head ip link add bridge type bridge
    in_host head ip address add "${host_address[head]}/24" dev bridge
    in_host head ip link set bridge up
    plug_new_cable a
    plug_new_cable b
    for host in head a b; do
        in_host "$host" "$(command -v sshd)" -f "$temp/ssh/sshd_config" -o "ListenAddress=${host_address[$host]}"
        # It goes into the background first and listens then.
        wait_until "sshd of $host" in_host head bash -c ": </dev/tcp/${host_address[$host]}/22"
    done
}

two_hosts_down() {
    local pid
    for pid in "${host_pid[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    host_pid=()
    wait
}
trap 'two_hosts_down; clean_up' EXIT

# in_host HOST COMMAND...: in the current folder, which must be a shared one.
in_host() {
    local host=$1
    shift
    # shellcheck disable=SC2016 # expanded there
    env -u TMPDIR nsenter --target "${host_pid[$host]}" --net --uts --mount --pid \
        bash -c 'cd "$1" && shift && exec "$@"' in_host "$PWD" "$@"
}

# on_host HOST NAME...: the processes with these names there, as this machine numbers them, the oldest first.
on_host() {
    local host=$1 namespace process
    shift
    namespace=$(readlink "/proc/${host_pid[$host]}/ns/pid")
    for process in /proc/[0-9]*; do
        if [ "$(readlink "$process/ns/pid")" = "$namespace" ] && grep -qxF "${@/#/-e}" "$process/comm"; then
            echo "${process#/proc/}"
        fi
    done 2>/dev/null | sort -n
}

# cut_cable HOST: as if it were pulled out; mend_cable HOST.
cut_cable() {
    in_host head ip link set "cable-$1" down
}
mend_cable() {
    in_host head ip link set "cable-$1" up
}

# replace_cable HOST PROGRAM WORDS...: by one that is made of PROGRAM, which gets the names of its two ends.
replace_cable() {
    local host=$1 program=$2
    shift 2
    in_host head ip link delete "cable-$host"
    # Its end is no news, but bash would tell it.
    in_host head "$program" "cable-$host" eth0 "$@" 2>"$temp/cable.err" &
    wait_until "a cable by $program" in_host head ip link show eth0
    nsenter --target "${host_pid[head]}" --net ip link set eth0 netns "${host_pid[$host]}"
    plug_in "$host"
}

# power_off HOST: without warning. power_on HOST: the same host again, without sshd.
power_off() {
    kill -KILL "${host_pid[$1]}"
    wait_until "the end of $1" host_gone "$1"
}
host_gone() {
    [ ! -e "/proc/${host_pid[$1]}" ]
}
power_on() {
    start_host "$1"
    plug_new_cable "$1"
}

# --- details -------------------------------------------------------------------------------------

# A key that is host key and user key in one, and mpirun's options for ssh.
ssh_key() {
    mkdir -p ssh
    rm -f ssh/key
    ssh-keygen -q -t ed25519 -N '' -f ssh/key
    cp ssh/key.pub ssh/authorized_keys
    cat >ssh/sshd_config <<END
HostKey $temp/ssh/key
AuthorizedKeysFile $temp/ssh/authorized_keys
StrictModes no
PermitRootLogin yes
PidFile none
UsePAM no
MaxStartups 100
END
    ssh_options=(-i "$temp/ssh/key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR)
    export OMPI_MCA_plm_rsh_args="${ssh_options[*]}"
}

plug_new_cable() {
    # Not in_host: there a process has another number.
    nsenter --target "${host_pid[head]}" --net ip link add "cable-$1" type veth peer name eth0 netns "${host_pid[$1]}"
    plug_in "$1"
}

# plug_in HOST: both ends of its cable.
plug_in() {
    in_host head ip link set "cable-$1" master bridge up
    in_host "$1" ip address add "${host_address[$1]}/24" dev eth0
    in_host "$1" ip link set eth0 up
}

# start_host HOST: leaves its process id in host_pid. Whatever ends this script ends the host.
start_host() {
    local host=$1
    rm -f "$temp/$host.pid"
    setpriv --pdeathsig KILL unshare --net --uts --mount --pid --fork --kill-child \
        bash "$gan_root/tests/cluster/host.sh" "$temp/$host.pid" "${host_name[$host]}" "$temp/hosts" "${shared_folders[@]}" &
    wait_until "the host $host" test -s "$temp/$host.pid"
    host_pid[$host]=$(cat "$temp/$host.pid")
}
