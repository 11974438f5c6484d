# shellcheck shell=bash
# Sourced by the checks of this folder: where the tree is, and how a verdict is told. A check prints all it finds wrong, a line
# each, before it fails. GAN_ARCH_ROOT names another tree (check_the_checks.sh plants faults in a copy).
set -euo pipefail

arch_tables=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "${GAN_ARCH_ROOT:-$arch_tables/../..}"
export LC_ALL=C

c_files() {
    find include src tests -name '*.[ch]' -o -name '*.cpp' -o -name '*.cu' | sort
}

# verdict WHAT EXAMINED FINDINGS: a check that looked at nothing has failed too.
verdict() {
    if [ "$2" -eq 0 ]; then
        echo "$1: nothing to look at in $PWD" >&2
        exit 1
    fi
    if [ -n "$3" ]; then
        printf '%s\n' "$3" >&2
        echo "$1: $(wc -l <<<"$3") findings" >&2
        exit 1
    fi
    echo "$1: $2 looked at, all well"
}

skip() {
    echo "SKIPPED: $*"
    exit 77
}
