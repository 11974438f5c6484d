#!/usr/bin/env bash
# differ.sh PROGRAM FAULTY_RANK: ranks whose weights differ are found at the next comparison; one message says which, all end.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
write_config net.ini
faulty=$(realpath "$2")
export ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0

# As ever, with the fault.
start_command() {
    LD_PRELOAD=$faulty "${command[@]}" </dev/null >"$1" 2>"$2" &
    started=$!
}

refuses 1 2 parameters 'differs between the ranks' 'rank 1' -- --config net.ini --out run --check-every 7 --checkpoint-every 5
[ "$(tail -n 1 run/log.csv | cut -d, -f1)" -eq 6 ] || fail "the run went on after step 7"
[ "$(ls run/checkpoints)" = step-00000005.safetensors ] || fail "$(ls run/checkpoints): a checkpoint of doubtful weights"
says run/status.json '"failed"' 'differs between the ranks'
