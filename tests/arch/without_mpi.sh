#!/usr/bin/env bash
# without_mpi.sh FOLDER: a build with -DGAN_MPI=OFF links no MPI, trains as one process, and refuses to be one of several copies.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$1
fail() {
    echo "FAILED: $*" >&2
    exit 1
}
cmake -S "$root" -B "$build" -DGAN_MPI=OFF -DGAN_CUDA=OFF -DGAN_TESTS=OFF >/dev/null
cmake --build "$build" -j 2 --target gan_dist >/dev/null
if ldd "$build/gan_dist" | grep -i mpi; then fail "it needs MPI"; fi
rm -rf "$build/run"
"$build/gan_dist" --preset quickstart --data faces:64 --steps 2 --out "$build/run" >"$build/out" || fail "$(tail "$build/out")"
[ -f "$build/run/checkpoints/step-00000002.safetensors" ] || fail "no checkpoint"
status=0
OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=0 "$build/gan_dist" check >"$build/out" 2>&1 || status=$?
[ "$status" -eq 2 ] && grep -q 'built without MPI' "$build/out" || fail "status $status: $(cat "$build/out")"
echo "built without MPI: trains alone, refuses to be one of two"
