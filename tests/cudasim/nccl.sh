#!/usr/bin/env bash
# nccl.sh PROGRAM [SEEDS]: collectives on 2 and 3 ranks in four orders for each of SEEDS (1), then each mistake, which must be reported by its own words.
set -euo pipefail
program=$(realpath "${1:?PROGRAM}")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/patience.sh
. "$here/../patience.sh"
export CUDASIM_DEVICES=8 GAN_TEST_SEEDS=${2:-1} OMPI_MCA_odls_base_sigkill_timeout=0

run() {
    timeout $((patience * (3 + GAN_TEST_SEEDS / 6))) bash "$here/../comm/mpirun.sh" "$@" 2>&1
}

expect_report() {
    local said status=0
    said=$(run 2 "$program" "$1") || status=$?
    if [ "$status" -eq 0 ] || [ "$status" -eq 124 ] || ! grep -qF -- "$2" <<<"$said"; then
        printf '%s\n' "$1: does not say \"$2\" (exit $status)" "$said" >&2
        exit 1
    fi
    echo "$1: reported"
}

for ranks in 2 3; do
    run "$ranks" "$program"
    echo "$ranks ranks: right in every order"
done
expect_report other_count 'mismatched collective: rank 0 calls ncclAllReduce'
expect_report other_op 'mismatched collective'
expect_report count_in_bytes 'out of bounds'
expect_report other_order 'mismatched collective'
expect_report other_message 'ncclRecv of 50 elements of type 7, but rank 0 sends 100 of type 7'
expect_report too_early 'where ncclAllReduce is not queued yet'
expect_report no_event 'no_event: wrong on rank'
