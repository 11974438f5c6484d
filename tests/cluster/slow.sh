#!/usr/bin/env bash
# slow.sh PROGRAM SLOW-CABLE: every frame between two hosts takes 50 ms, and one in a hundred is lost. The run takes its time and
# ends with the bytes of an undisturbed one.
# shellcheck source=tests/cluster/runs.sh
. "$(dirname "${BASH_SOURCE[0]}")/runs.sh"
slow_cable=$(realpath "$2")
need_two_hosts
[ -c /dev/net/tun ] || skip "no /dev/net/tun to make a slow cable of"
two_hosts_up
replace_cable b "$slow_cable" 50 1
write_config net.ini
words=(--config net.ini --steps 5)

train 2 "${words[@]}" --out run
train 0 "${words[@]}" --out alone
same_run alone run
# A step is at least three messages to and fro, 0.1 s each, for 16 pictures.
awk -F, 'NR > 1 && $9 > 54 { exit 1 }' run/log.csv || fail "the cable was not slow"
