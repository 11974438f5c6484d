#!/usr/bin/env bash
# launch/hosts.sh HOSTFILE [RANKS] [train options]: trains on several hosts, which mpirun reaches over ssh; by default with as
# many ranks as HOSTFILE has slots. Nothing to edit. HOSTFILE has a line "NAME slots=RANKS" for each host; an address is as good
# as a name; rank 0, which writes --out, runs on the first. Needed: ssh to every host without a password, and everywhere the
# same Open MPI, and under the same path the program, the data and the current folder. GAN_INTERFACE chooses another network
# than that of the host file's addresses, by interface or address range. `check` or another command may stand before the
# options. GAN_DIST names another program than the one beside these scripts.
#   launch/hosts.sh hosts.txt --preset dcgan64 --data /shared/pictures --out /shared/runs/mine
#   launch/hosts.sh hosts.txt check
#   GAN_INTERFACE=10.1.0.0/16 launch/hosts.sh hosts.txt 4 --preset gan-mnist --data /shared/mnist
set -euo pipefail
self=${BASH_SOURCE[0]}
[ ! -L "$self" ] || self=$(realpath "$self")
# shellcheck source=launch/common.sh
. "$(dirname "$self")/common.sh"

if [ $# -eq 0 ] || [ ! -r "$1" ] || [ -d "$1" ]; then
    echo "$0: no host file '${1:-}': the first argument is a file with a line 'NAME slots=RANKS' for each host" >&2
    exit 2
fi

# common_network HOSTFILE: prints the network on which this host meets all others directly, as ADDRESS/BITS, so that they have it
# too; nothing where there is none.
common_network() {
    local host address route device='' own=''
    while read -r host _; do
        [[ $host =~ ^[[:alnum:]] ]] || continue
        address=$(getent ahostsv4 "${host#*@}" | cut -d' ' -f1 | head -n 1) || return 0
        route=$(ip -4 -o route get "$address" 2>/dev/null) || return 0
        [[ $route != local* ]] || continue # this host itself
        [[ $route =~ ^[0-9.]+\ dev\ ([^ ]+)\ src\ ([0-9.]+) ]] || return 0
        [ "${device:-${BASH_REMATCH[1]}}" = "${BASH_REMATCH[1]}" ] || return 0
        device=${BASH_REMATCH[1]} own=${BASH_REMATCH[2]}
    done <"$1"
    [ -z "$device" ] || ip -4 -o address show dev "$device" to "$own" | grep -oE "$own/([12]?[0-9]|30) " || true
}

# A file that was written on another system, with its line ends and its mark at the beginning, Open MPI does not understand.
hosts=$1
if [ "$(LC_ALL=C tr -d '\000' <"$hosts" | wc -c)" -ne "$(wc -c <"$hosts")" ] ||
    [[ $(head -c 2 "$hosts" | od -An -tx1) =~ ff\ fe|fe\ ff ]]; then
    echo "$0: $hosts: UTF-16 text, or no text: save it as UTF-8" >&2
    exit 2
fi
if LC_ALL=C grep -q $'\r\|^\xef\xbb\xbf\|\x1a' "$hosts"; then
    hosts=$(mktemp "${TMPDIR:-/tmp}/gan_dist-hosts.XXXXXX")
    trap 'rm -f "$hosts"' EXIT
    LC_ALL=C sed $'1s/^\xef\xbb\xbf//; s/\r*$//' "$1" | LC_ALL=C tr '\r' '\n' | LC_ALL=C tr -d '\032' >"$hosts"
fi
if strange=$(LC_ALL=C sed 's/#.*//' "$hosts" | LC_ALL=C grep -n -m 1 $'[\x80-\xff]'); then
    echo "$0: $1:${strange%%:*}: a character that is not ASCII, perhaps a no-break space: write the line anew" >&2
    exit 2
fi
options=(--hostfile "$hosts")
network=${GAN_INTERFACE:-$(common_network "$hosts")}
shift
if [[ ${1:-} =~ ^[1-9][0-9]*$ ]]; then
    options+=(-np "$1")
    shift
fi
# Open MPI would try all networks of a host, and wait for ever on one that leads nowhere, like a container engine's.
if [ -n "$network" ]; then
    options+=(--mca btl_tcp_if_include "$network" --mca oob_tcp_if_include "$network")
fi
# What changes how a rank computes or communicates has to be the same on all hosts; ssh does not bring it along.
while read -r name; do
    options+=(-x "$name")
done < <(compgen -e | grep -E '^(LD_LIBRARY_PATH|(OMP|DNNL|ONEDNN|NCCL|UCX)_.*)$')
# mpirun has to find out by itself that a host is gone, and before the ranks give up (--stall-timeout, 300s): once it has something
# to tell that host, it waits until the kernel stops sending, a quarter of an hour.
patience=300
[[ " $* " =~ \ --stall-timeout[\ =]([0-9]+)s\  ]] && patience=${BASH_REMATCH[1]}
export OMPI_MCA_oob_tcp_keepalive_time=${OMPI_MCA_oob_tcp_keepalive_time:-$((patience * 2 / 5))}
export OMPI_MCA_oob_tcp_keepalive_intvl=${OMPI_MCA_oob_tcp_keepalive_intvl:-$(((patience + 9) / 10))}
export OMPI_MCA_oob_tcp_keepalive_probes=${OMPI_MCA_oob_tcp_keepalive_probes:-4}
# Hosts whose names differ only behind the first dot would be taken for one.
export OMPI_MCA_orte_keep_fqdn_hostnames=${OMPI_MCA_orte_keep_fqdn_hostnames:-1}
gan_need_program
# -wdir: it would go on in the home folder where the current one is missing. Not bound: what a rank's threads may use depends on
# its host.
gan_mpirun "${options[@]}" -wdir "$PWD" --bind-to none "$gan_program" "$@"
