#!/usr/bin/env bash
# mpirun.sh RANKS PROGRAM...: runs a program on this many ranks, however few cores there are.
set -euo pipefail
# shellcheck source=launch/common.sh
. "$(dirname "$0")/../../launch/common.sh"
# Open MPI itself leaks, in modules that are gone when the leaks are listed; tests without it look for leaks.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
ranks=$1
shift
exec mpirun --oversubscribe --bind-to none -np "$ranks" "$@"
