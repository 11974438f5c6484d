#!/usr/bin/env bash
# places.sh PROGRAM BUILD CMAKE: the sources alone, without git, where nothing may be written, in a folder with a blank: built by
# make and by ninja into another such folder, installed into a third, and run from there.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cmake=${3:-cmake}
temp=$(mktemp -d "${TMPDIR:-/tmp}/gan_dist places.XXXXXXXX")
source="$temp/the sources"
clean_up() {
    cd /
    chmod -R u+w "$source"
    rm -rf "$temp"
}
trap clean_up EXIT
fail() {
    echo "FAILED: $*" >&2
    exit 1
}
snapshot() {
    find "$source" -printf '%P %y %s %T@\n' | sort
}

mkdir "$source"
tar -C "$root" -c CMakeLists.txt README.md LICENSE src include launch cluster docs tests | tar -C "$source" -x
chmod -R a-w "$source" # root may write all the same, so it is looked at as well
before=$(snapshot)

# build_with GENERATOR FOLDER
build_with() {
    "$cmake" -S "$source" -B "$temp/$2" -G "$1" -DGAN_TESTS=OFF -DGAN_CUDA=OFF >"$temp/log" 2>&1 || fail "$1: $(tail -n 20 "$temp/log")"
    "$cmake" --build "$temp/$2" -j 2 >"$temp/log" 2>&1 || fail "$1: $(grep -m 5 -A 5 -E 'rror|FAILED' "$temp/log")"
    "$cmake" --install "$temp/$2" --prefix "$temp/$2 prefix" >"$temp/log" 2>&1 || fail "$1: $(tail -n 20 "$temp/log")"
    "$temp/$2 prefix/share/gan_dist/launch/local.sh" 2 --preset quickstart --data faces:64 --steps 1 --threads 1 \
        --out "$temp/$2 run" >"$temp/log" 2>&1 || fail "$1: $(tail -n 20 "$temp/log")"
    [ -f "$temp/$2 run/checkpoints/step-00000001.safetensors" ] || fail "$1: no checkpoint"
}

generators=()
for pair in 'make Unix Makefiles' 'ninja Ninja'; do
    command -v "${pair%% *}" >/dev/null || continue
    build_with "${pair#* }" "by ${pair%% *}"
    generators+=("${pair%% *}")
done
[ "${#generators[@]}" -gt 0 ] || fail "neither make nor ninja is here"
cmp "$temp/by ${generators[0]} prefix/share/man/man1/gan_dist.1" "$temp/by ${generators[-1]} prefix/share/man/man1/gan_dist.1"
diff <(snapshot) <(printf '%s\n' "$before") || fail "the build has changed the sources"
echo "built by ${generators[*]} from sources that stayed as they were"
[ "${#generators[@]}" -eq 2 ] || { echo "SKIPPED: the other of make and ninja is not here"; exit 77; }
