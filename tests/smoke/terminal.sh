#!/usr/bin/env bash
# terminal.sh PROGRAM: on a terminal a progress line that overwrites itself; `script` gives one.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v script >/dev/null || skip "no script(1) on this machine"
write_config net.ini
script -qefc "$gan --config net.ini --out a --log-every 10" /dev/null </dev/null >out
grep -q $'\r\033\\[Kstep [0-9]*/20 ' out || fail "no progress line"
[ "$(tr '\r' '\n' <out | grep -c '^epoch ')" -eq 2 ] || fail "the log's lines are not lines of their own"
