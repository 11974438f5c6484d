#!/usr/bin/env bash
# words.sh PROGRAM: the scripts that test take the words that they know, and no other.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"

# refused SCRIPT WORDS...
refused() {
    local script=$1
    command=("$gan_root/$script" "${@:2}")
    status=0
    GAN_BUILD=$temp/build timeout 20 bash "${command[@]}" >out 2>err || status=$?
    [ "$status" -eq 2 ] || fail "exit status $status, not 2, of: ${command[*]}"
    says err "usage: $script"
    [ ! -e build ] || fail "it has begun: ${command[*]}"
}
refused tests/run.sh quik
refused tests/run.sh quick all
refused tests/run.sh ''
refused tests/fresh/run.sh
refused tests/fresh/run.sh sid
refused tests/fresh/run.sh bookworm ''
refused tests/fresh/run.sh bookworm quik
refused tests/fresh/run.sh 13 quick all
