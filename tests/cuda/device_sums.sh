#!/usr/bin/env bash
# device_sums.sh PROGRAM RANKS...: sums of devices' memory over so many ranks by MPI, NCCL and NCCL's tree, in many orders of the devices'
# work, also in a graph; two ranks on one device, and each call that fails.
set -euo pipefail
program=$(realpath "${1:?PROGRAM}")
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/patience.sh
. "$here/../patience.sh"
export CUDASIM_DEVICES=8 OMPI_MCA_odls_base_sigkill_timeout=0

run() {
    timeout $((4 * patience)) bash "$here/../comm/mpirun.sh" "$@" 2>&1
}

rounds=8
[ $# -eq 1 ] || rounds=80
for way in mpi nccl tree; do
    for ranks in "$@"; do
        run "$ranks" "$program" "$way" "$rounds"
    done
    echo "$way: right in every order"
done
run 3 "$program" share
run 3 "$program" open_fails
echo "refused: two ranks on one device; whatever fails in the opening"

# tells PLAN [tree]: a call fails in the middle of a sum.
tells() {
    local said status=0
    said=$(run 2 "$program" "$@") || status=$?
    if [ "$status" -eq 0 ] || [ "$status" -eq 124 ] || ! grep -qE "^told: rank [01]: .*; in (ncclAllReduce|the tree sum) of 3001 floats" <<<"$said"; then
        printf '%s\n' "$*: not told (exit $status)" "$said" >&2
        exit 1
    fi
}
plans=(ncclAllReduce:1 ncclAsyncError:1)
tree_plans=(ncclRecv:2)
if [ $# -gt 1 ]; then
    plans+=(ncclCommGetAsyncError:1 cudaStreamIsCapturing:1 cudaEventRecord:1 cudaEventRecord:3 cudaStreamWaitEvent:1 cudaStreamWaitEvent:2)
    tree_plans+=(ncclGroupStart:1 ncclSend:1 ncclGroupEnd:1 launch:1)
fi
for plan in "${plans[@]}"; do
    tells "$plan"
done
for plan in "${tree_plans[@]}"; do
    tells "$plan" tree
done
echo "told: what fails in a sum"
