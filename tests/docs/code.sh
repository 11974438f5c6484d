#!/usr/bin/env bash
# code.sh [--place-only]: the C of docs/add-a-*.md is put into a copy of the tree, each block into the file that its page names: there
# clang-format leaves it as it is, it compiles without a warning, its tests pass, and what it adds trains.
# shellcheck source=tests/arch/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../arch/lib.sh"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/blocks" "$scratch/tree"
pages=$PWD
blocks=$(awk -v folder="$scratch/blocks" -f "$here/blocks.awk" docs/add-a-*.md)
bad=$(sed -n 's/^bad //p' <<<"$blocks")
[ -z "$bad" ] || verdict "blocks" 1 "$bad"
find . -mindepth 1 -maxdepth 1 ! -name 'build*' ! -name runs ! -name .git -exec cp -R {} "$scratch/tree" \;
cd "$scratch/tree"
touched=()

# stands_in FILE BLOCK: are the block's lines in the file, one after the other, whatever their indentation?
stands_in() {
    local block file
    block=$(sed 's/^ *//' "$2")
    file=$(sed 's/^ *//' "$1")
    [[ $'\n'$file$'\n' == *$'\n'$block$'\n'* ]]
}

# place BLOCK FILE: says why it cannot be done.
place() {
    local name pattern file
    name=$(sed -n '1s|^/\* \([a-z0-9_]*\.[a-z]*\): .*|\1|p' "$1")
    case $2 in
        -) echo "no file is named for it" ;;
        *\**)
            for file in $2; do
                if stands_in "$file" "$1"; then return; fi
            done
            echo "it stands in no $2 as it is here" ;;
        *NAME*)
            pattern=${2##*/}
            # shellcheck disable=SC2053 # NAME is any name
            if [[ -z $name || $name != ${pattern//NAME/*} ]]; then
                echo "its first line does not say which $2 it is"
                return
            fi
            name=${name#"${pattern%NAME*}"}
            file=${2//NAME/"${name%"${pattern#*NAME}"}"}
            if [ -e "$file" ]; then
                echo "there is a $file already"
            else
                mkdir -p "${file%/*}"
                cp "$1" "$file"
                touched+=("$file")
            fi ;;
        *)
            if [ ! -e "$2" ]; then
                echo "there is no $2"
            elif ! awk -f "$here/place.awk" "$1" "$2" >"$scratch/placed"; then
                echo "no line of $2 begins like it"
            else
                cp "$scratch/placed" "$2"
                touched+=("$2")
            fi ;;
    esac
}

findings=
while read -r number where file; do
    place "$scratch/blocks/$number" "$file" >"$scratch/why"
    [ ! -s "$scratch/why" ] || findings+="$where: $(<"$scratch/why")"$'\n'
done <<<"$blocks"
verdict "blocks" "$(wc -l <<<"$blocks")" "${findings%$'\n'}"

if tool=$(command -v clang-format-14); then
    verdict "clang-format" "${#touched[@]}" "$("$tool" --dry-run -Werror "${touched[@]}" 2>&1 | grep -E '^[^ ].*error:' || true)"
else
    [ "${1:-}" != --place-only ] || skip "no clang-format-14 (Debian package clang-format)"
    echo "no clang-format-14 (Debian package clang-format): how the blocks are formatted was not looked at"
fi
[ "${1:-}" != --place-only ] || exit 0

export OMP_WAIT_POLICY=passive

# must WHAT COMMAND...: with its last words where it fails.
must() {
    "${@:2}" >"$scratch/log" 2>&1 || verdict "$1" 1 "failed: ${*:2}"$'\n'"$(tail -n 30 "$scratch/log")"
}

must "cmake" cmake -S . -B build -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS="-O1 -g0" -DGAN_CUDA=OFF -DGAN_MPI=OFF
must "build" cmake --build build -j 2 --target gan_dist model_test_losses model_test_layers ops_test_table ops_test_against_ref
verdict "warnings" "${#touched[@]}" "$(printf '%s\n' "${touched[@]}" | grep -F -f - "$scratch/log" | grep 'warning:' || true)"
for name in model_test_losses model_test_layers ops_test_table "ops_test_against_ref plain"; do
    # shellcheck disable=SC2086 # a test and its argument
    must "$name" build/tests/$name
    echo "$name: passes"
done

# What the pages say to run, each in a shell of its own.
mapfile -t commands < <(cd "$pages" && grep -h '^build/gan_dist .*--out' docs/add-a-*.md)
for command in "${commands[@]}"; do
    must "$command" sh -c "$command"
    echo "$command: done"
done
[ "${#commands[@]}" -ge 4 ] || verdict "commands" 1 "docs/add-a-*.md: ${#commands[@]} commands that train, 4 were expected"
