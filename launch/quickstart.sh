#!/usr/bin/env bash
# launch/quickstart.sh: from a fresh checkout to pictures. Installs what is missing, builds, and trains the preset
# `quickstart` with two ranks on faces that the program draws itself: about three minutes on two cores. Nothing to edit. On the CPU:
# two ranks cannot have one GPU.
# Again: goes on where it stopped, or says that it is complete.
set -euo pipefail
# shellcheck source=launch/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

out=$gan_root/runs/quickstart
bash "$gan_root/launch/install-deps.sh"
mkdir -p "$gan_root/build"
cmake -S "$gan_root" -B "$gan_root/build" -DCMAKE_BUILD_TYPE=Release >"$gan_root/build/configure.log" 2>&1 ||
    { cat "$gan_root/build/configure.log" >&2; exit 1; }
cmake --build "$gan_root/build" -j "$(nproc)" --target gan_dist

gan_program=$gan_root/build/gan_dist
gan_place 2
status=0
gan_mpirun "${gan_placing[@]}" -np 2 "$gan_program" train --preset quickstart --backend cpu --out "$out" || status=$?
if [ "$status" -ne 0 ]; then
    [ "$status" -ne 75 ] || echo "stopped on request; run $0 again to go on"
    exit "$status"
fi

newest() {
    find "$out/$1" -name "$2" | sort | tail -n 1
}
echo
echo "pictures    $(newest samples 'step-*.png')  (real ones: $out/samples/reals.png)"
echo "log         $out/log.csv"
echo "checkpoint  $(newest checkpoints 'step-*.safetensors')"
