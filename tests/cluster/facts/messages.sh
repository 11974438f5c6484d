#!/usr/bin/env bash
# messages.sh: every message of the program that docs/clusters.md explains is in its source, word for word.
# shellcheck source=tests/arch/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../arch/lib.sh"

# The source with strings that go on in the next line joined.
source=$(find src -name '*.c' -exec cat {} + | tr '\n' ' ' | sed -E 's/"[[:space:]]+"//g')

mapfile -t messages < <(sed -n '/^### What gan_dist says/,/^### What mpirun/p' docs/clusters.md | grep '^| `' |
    sed 's/^| \([^|]*\) |.*/\1/' | grep -oE '`[^`]+`' | tr -d '`')

check() {
    local message
    for message in "${messages[@]}"; do
        grep -qF -- "$message" <<<"$source" || echo "docs/clusters.md: explains '$message', which the program does not say"
    done
}

findings=$(check)
[ "${#messages[@]}" -ge 20 ] || findings+=$'\n'"docs/clusters.md: the table of gan_dist's messages is missing or short"
verdict "messages" "${#messages[@]}" "${findings#$'\n'}"
