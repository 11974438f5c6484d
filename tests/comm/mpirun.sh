#!/usr/bin/env bash
# mpirun.sh RANKS PROGRAM...: runs a program on this many ranks, however few cores there are.
set -euo pipefail
# shellcheck source=launch/common.sh
. "$(dirname "$0")/../../launch/common.sh"
ranks=$1
shift
exec mpirun --oversubscribe --bind-to none -np "$ranks" "$@"
