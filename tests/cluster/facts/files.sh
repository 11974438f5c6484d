#!/usr/bin/env bash
# files.sh PROGRAM: cluster/hosts.example is read by mpirun itself, without reaching for the hosts; cluster/mpijob.yaml has the form
# of an MPIJob, and gan_dist check takes its options.
# shellcheck source=tests/arch/lib.sh
program=$(realpath "${1:?PROGRAM}")
. "$(dirname "${BASH_SOURCE[0]}")/../../arch/lib.sh"
# shellcheck source=launch/common.sh
. launch/common.sh
# shellcheck source=tests/patience.sh
. tests/patience.sh

check_hosts() {
    local said hosts show=(--display-map)
    hosts=$(grep -c '^[^#]' cluster/hosts.example)
    [[ $(mpirun --version) == *' 4.'* ]] || show=(--display map) # Open MPI 5 has other words, and another picture
    # What is not launched ends in an internal error of mpirun's, so its words and not its status tell.
    said=$(timeout "$patience" mpirun --hostfile cluster/hosts.example --bind-to none "${show[@]}" --do-not-launch true 2>&1 | tr -d '\0') || true
    if [ "$(grep -c '^ *Data for node: ' <<<"$said")" -ne "$hosts" ] || grep -q 'parse error' <<<"$said"; then
        echo "cluster/hosts.example: mpirun does not find $hosts hosts in it: $(grep -m 1 'line number' <<<"$said")"
    fi
    [ "$(grep -cE 'Process rank|Data for proc:' <<<"$said")" -eq 8 ] || echo "cluster/hosts.example: not eight ranks"
}

check_job() {
    local said options i
    said=$(python3 "$(dirname "${BASH_SOURCE[0]}")/mpijob.py" cluster/mpijob.yaml 2>&1) || echo "cluster/mpijob.yaml: cannot be read"
    grep -v '^options ' <<<"$said" || true
    read -ra options < <(sed -n 's/^options //p' <<<"$said")
    # Its folders are a cluster's; what stands behind them has to be there here.
    for ((i = 0; i < ${#options[@]}; i++)); do
        case ${options[i]} in
        --data) options[i + 1]=faces:1024 ;;
        --out) options[i + 1]=$(mktemp -d)/run ;;
        esac
    done
    said=$("$program" check "${options[@]}" 2>&1) || echo "cluster/mpijob.yaml: its options: $(tail -n 1 <<<"$said")"
}

findings=$(check_hosts)
if python3 -c 'import yaml' 2>/dev/null; then
    findings+=$(check_job)
elif [ -z "$findings" ]; then
    skip "no yaml for python3 (Debian package python3-yaml); cluster/hosts.example is well"
fi
verdict "files of cluster/" 2 "$findings"
