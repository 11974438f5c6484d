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

# Before anything is installed or built: what takes no training, and a preset that this script does not train.
other_preset() {
    [ "${1:-}" != quickstart ] || return 0
    echo "$0: trains the preset quickstart, on faces that it draws; another one: launch/local.sh 2 --preset ${1:-NAME} --data PATH" >&2
    exit 2
}
only_version=''
for ((i = 1; i <= $#; i++)); do
    next=$((i + 1))
    case ${!i} in
    -h | --help)
        sed -n '2,/^set /{s/^# \{0,1\}//p}' "$self"
        echo "The train options: gan_dist train --help, when it is built"
        exit 0
        ;;
    --version) only_version=yes ;;
    --preset) other_preset "${!next:-}" ;;
    --preset=*) other_preset "${!i#--preset=}" ;;
    esac
done

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
[ -z "$only_version" ] || exec "$gan_program" --version

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

[ -d "$out/samples" ] || exit 0
picture=$(find "$out/samples" -name 'step-*.png' | sort | tail -n 1)
[ -z "$picture" ] || echo "pictures     $picture  (real ones: $out/samples/reals.png)"
