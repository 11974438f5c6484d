#!/usr/bin/env bash
# run.sh FOLDER [NAME...]: is the stand-in worth anything? Applies each patch of this folder, one mistake that people make in CUDA
# code, to a copy of the sources in FOLDER, builds what it touches, runs the tests on the stand-in, and says which test caught it;
# fails when less than nine of ten are caught, or when one is missed that docs/cuda.md does not call missed.
# run.sh --check: only whether every patch applies to the sources of today.
#
# A patch begins with what is wrong and with the tests that are tried first.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
export LC_ALL=C OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# "TEST TARGET...", the quick ones first.
suite=(
    "cuda.open cuda_open"
    "cuda.wait cuda_wait"
    "cuda.graph cuda_graph"
    "cuda.feed cuda_feed"
    "cuda.against_ref cuda_against_ref"
    "cuda.races cuda_races"
    "cuda.known_answers cuda_known_answers"
    "cuda.device_sums cuda_device_sums"
    "cuda.program gan_dist_on_cudasim"
    "cuda.step_graph gan_dist_on_cudasim"
    "cuda.ranks gan_dist_on_cudasim"
    "cuda.driver program_with_cuda program_without_cuda cuda_module_on_cudasim cuda_driver cuda_needy"
    "cuda.presets gan_dist_on_cudasim cuda_compare"
)

command -v patch >/dev/null || {
    echo "SKIPPED: no patch(1)"
    exit 77
}

# apply NAME TREE [OPTION...]: one line of context may have changed.
apply() {
    patch -p1 -F1 -f -s --no-backup-if-mismatch -d "$2" "${@:3}" <"$here/$1.patch"
}

# files NAME: which it touches.
files() {
    sed -n 's|^+++ b/||p' "$here/$1.patch"
}

all_names() {
    local file
    for file in "$here"/*.patch; do
        basename "$file" .patch
    done
}

# what NAME: its mistake in one line.
what() {
    sed -n 1p "$here/$1.patch"
}

check() {
    local name wrong=0 n=0
    for name in $(all_names); do
        n=$((n + 1))
        apply "$name" "$root" --dry-run || { echo "$name does not apply: mend it, or its line in docs/cuda.md" >&2 && wrong=1; }
        grep -q "^| \`$name\` |" "$root/docs/cuda.md" || { echo "$name is not in the table of docs/cuda.md" >&2 && wrong=1; }
        grep -q '^Tests: ' "$here/$name.patch" || { echo "$name names no tests" >&2 && wrong=1; }
    done
    [ "$n" -ge 24 ] || { echo "only $n patches" >&2 && wrong=1; }
    echo "$n patches"
    return "$wrong"
}

if [ "${1:-}" = --check ]; then
    check
    exit
fi

folder=$(realpath -m "${1:?FOLDER, or --check}")
shift
names=("$@")
[ $# -gt 0 ] || mapfile -t names < <(all_names)
tree=$folder/tree build=$folder/build
mkdir -p "$folder"

# A run that was killed leaves a patched tree, and objects of it.
[ ! -e "$folder/patched" ] || rm -rf "$build"
rm -rf "$tree" "$folder/saved"
mkdir -p "$tree" "$folder/logs"
tar -C "$root" --exclude=./.git --exclude='./build*' --exclude=./runs -cf - . | tar -C "$tree" -xf -
cmake -S "$tree" -B "$build" -DCMAKE_BUILD_TYPE=Release -DGAN_CUDA=OFF -DGAN_WERROR=OFF >"$folder/logs/cmake" 2>&1 ||
    { cat "$folder/logs/cmake" >&2 && exit 1; }
rm -f "$folder/patched"

# run_test NAME LOG: builds its targets and runs it; 2 when it does not build.
run_test() {
    local row words
    for row in "${suite[@]}"; do
        read -ra words <<<"$row"
        [ "${words[0]}" = "$1" ] || continue
        cmake --build "$build" -j "$(nproc)" --target "${words[@]:1}" >>"$2" 2>&1 || return 2
        timeout -k 5 300 ctest --test-dir "$build" -R "^${1//./\\.}\$" --no-tests=error --output-on-failure >>"$2" 2>&1 || return 1
        return 0
    done
    echo "no test $1 in run.sh" >&2
    exit 1
}

# tests_of NAME: those of its patch, then the others.
tests_of() {
    local first row
    first=$(sed -n 's/^Tests: //p' "$here/$1.patch" | tr ' ' '\n')
    echo "$first"
    for row in "${suite[@]}"; do
        grep -qxF "${row%% *}" <<<"$first" || echo "${row%% *}"
    done
}

# try NAME: the test that caught it, in $caught; empty when none did.
try() {
    local test status log=$folder/logs/$1
    : >"$log"
    echo "$1" >"$folder/patched"
    save "$1"
    apply "$1" "$tree"
    caught=
    for test in $(tests_of "$1"); do
        status=0
        run_test "$test" "$log" || status=$?
        [ "$status" -ne 2 ] || test="no build"
        [ "$status" -eq 0 ] || { caught=$test && break; }
    done
    restore "$1"
}

save() {
    local file
    for file in $(files "$1"); do
        mkdir -p "$folder/saved/$(dirname "$file")"
        cp "$tree/$file" "$folder/saved/$file"
    done
}

# restore NAME: with new times, so that what was built of it is built again.
restore() {
    local file
    for file in $(files "$1"); do
        cp "$folder/saved/$file" "$tree/$file"
    done
    rm -r "$folder/patched" "$folder/saved"
}

if [ $# -eq 0 ]; then
    for row in "${suite[@]}"; do
        run_test "${row%% *}" "$folder/logs/unpatched" ||
            { tail -n 20 "$folder/logs/unpatched" >&2 && echo "${row%% *} fails without any patch" >&2 && exit 1; }
    done
fi
found=0 wrong=0
echo '| Mistake | | Caught by |' >"$folder/table.md"
echo '|---|---|---|' >>"$folder/table.md"
for name in "${names[@]}"; do
    started=$SECONDS
    try "$name"
    if [ "$caught" = "no build" ]; then
        tail -n 20 "$folder/logs/$name" >&2
        wrong=1
    elif [ -n "$caught" ]; then
        found=$((found + 1))
    elif ! grep -q "^| \`$name\` |.*| missed" "$root/docs/cuda.md"; then
        wrong=1
    fi
    printf '%-20s %s (%d s)\n' "$name" "${caught:-MISSED}" $((SECONDS - started))
    by=missed
    [ -z "$caught" ] || by="\`$caught\`"
    echo "| \`$name\` | $(what "$name") | $by |" >>"$folder/table.md"
done
echo "$found of ${#names[@]} caught; the table is $folder/table.md"
[ "$wrong" -eq 0 ] || { echo "one does not build, or is missed and not named in docs/cuda.md" >&2 && exit 1; }
[ $((10 * found)) -ge $((9 * ${#names[@]})) ] || { echo "less than nine of ten" >&2 && exit 1; }
