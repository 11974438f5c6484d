#!/usr/bin/env bash
# options.sh PROGRAM: every command and option of gan_dist in the commands of pages, scripts and cluster/ is one that the program
# knows. Options of mpirun, sbatch or docker stand before the program's name.
# shellcheck source=tests/arch/lib.sh
program=$(realpath "${1:?PROGRAM}")
. "$(dirname "${BASH_SOURCE[0]}")/../../arch/lib.sh"

help=$("$program" help)
known_commands=$(sed -nE 's/^gan_dist \[?([a-z]+).*/\1/p' <<<"$help")
mapfile -t files < <(find README.md docs launch cluster .ci -type f | sort)

# The lines that may hold commands, continued ones joined: the code blocks of a page; a script, with the indented lines of its
# comments.
lines() {
    case $1 in
    *.md) sed -n '/^```/,/^```/p' "$1" ;;
    *) sed -e '/^#[^ ]/d' -e '/^# [^ ]/d' -e 's/^# *//' "$1" ;;
    esac | sed -e ':again' -e '/\\$/ { N; s/[[:space:]]*\\\n[#[:space:]]*/ /; b again' -e '}'
}

# What follows the program's name, or that of a script that passes its options on.
uses() {
    lines "$1" | grep -E '(gan_dist|gan_program"|launch/[a-z-]+\.(sh|sbatch)) ' |
        sed -E -e 's/.*(gan_dist|gan_program"|launch\/[a-z-]+\.(sh|sbatch)) +/\1 /' -e 's/ *(&&|;|\|| #).*//'
}

check_use() {
    local file=$1 name=$2 word
    shift 2
    if [[ $name != launch/* && ${1:-} =~ ^[a-z]+$ ]]; then
        grep -qx "$1" <<<"$known_commands" || echo "$file: uses gan_dist $1, a command that gan_dist help does not know"
    fi
    for word; do
        [[ $word =~ ^(--[a-z][a-z-]*) ]] || continue
        [ "${BASH_REMATCH[1]}" = --help ] || grep -qE -- "(^|[[ ])${BASH_REMATCH[1]}( |\]|$)" <<<"$help" ||
            echo "$file: uses ${BASH_REMATCH[1]}, which gan_dist help does not know"
    done
}

all_uses() {
    local file words
    for file in "${files[@]}"; do
        while read -ra words; do
            echo "$file ${words[*]}"
        done < <(uses "$file")
    done
}

used=$(all_uses)
# A command, not a sentence that names the program.
commands=$(grep -E ' --|^[^ ]+\.md ' <<<"$used" || true)
findings=$(while read -ra words; do check_use "${words[@]}"; done <<<"$commands")
for file in README.md docs/clusters.md launch/local.sh launch/hosts.sh launch/quickstart.sh; do
    grep -q "^$file " <<<"$commands" || findings+=$'\n'"$file: no command found"
done
verdict "commands" "$(wc -l <<<"$commands")" "${findings#$'\n'}"
