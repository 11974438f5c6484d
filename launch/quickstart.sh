#!/usr/bin/env bash
# launch/quickstart.sh [train options]: from a fresh checkout to pictures. Installs what is missing, builds, and trains the preset
# `quickstart` with two ranks on faces that the program draws itself: two to three minutes on two cores. Nothing to edit.
# Again: goes on where it stopped, or says that it is complete. GAN_BUILD names another folder to build in than `build`; GAN_DIST
# names a program, and then nothing is installed or built. On the CPU: two ranks cannot have one GPU.
#   launch/quickstart.sh --steps 50 --out runs/short
set -euo pipefail
self=${BASH_SOURCE[0]}
[ ! -L "$self" ] || self=$(realpath "$self")
# shellcheck source=launch/common.sh
. "$(dirname "$self")/common.sh"
# shellcheck source=launch/build.sh
. "$(dirname "$self")/build.sh"

build_program() {
    bash "$gan_root/launch/install-deps.sh" &&
        gan_configure "$gan_build" -DCMAKE_BUILD_TYPE=Release &&
        cmake --build "$gan_build" -j "$(nproc)" --target gan_dist
}

gan_choose_folders
if [ -z "${GAN_DIST:-}" ]; then
    gan_alone build_program
    gan_program=$gan_build/gan_dist
fi
gan_need_program

out=$gan_runs/quickstart
words=(--out "$out" "$@")
for ((i = 1; i <= $#; i++)); do
    case ${!i} in
    --out) next=$((i + 1)) && out=${!next:-} && words=("$@") ;;
    --out=*) out=${!i#--out=} && words=("$@") ;;
    esac
done
gan_place 2 "$@"
status=0
gan_mpirun "${gan_placing[@]}" -np 2 "$gan_program" train --preset quickstart --backend cpu "${words[@]}" || status=$?
if [ "$status" -ne 0 ]; then
    [ "$status" -ne 75 ] || echo "stopped on request; the same command again goes on: $(printf '%q ' "$0" "$@")"
    exit "$status"
fi

[ -d "$out/samples" ] || exit 0 # --help
picture=$(find "$out/samples" -name 'step-*.png' | sort | tail -n 1)
[ -z "$picture" ] || echo "pictures     $picture  (real ones: $out/samples/reals.png)"
