#!/usr/bin/env bash
# no_gpu.sh PROGRAM [nccl]: on a machine without a GPU the program with its real cuda module says so in one line, and what to do instead.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
if compgen -G '/dev/nvidia[0-9]*' >/dev/null || [ -e /dev/dxg ]; then
    skip "this machine has a GPU"
fi
write_config net.ini

refused 2 'backend cuda' 'no usable GPU' "$(hostname)" '--backend cpu' -- --config net.ini --out run --backend cuda
refuses 2 0 'backend cuda' 'no usable GPU' -- check --config net.ini --backend cuda
# The module of NCCL is loaded before a GPU is looked for.
[ -z "${2:-}" ] || refuses 2 2 'no usable GPU' -- check --config net.ini --backend cuda --set train.comm=nccl
[ ! -e run ] || fail "a folder in spite of the refusal"
