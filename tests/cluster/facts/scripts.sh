#!/usr/bin/env bash
# scripts.sh: bash takes every script of the tree, and shellcheck has nothing to say about it.
# shellcheck source=tests/arch/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../arch/lib.sh"

mapfile -t scripts < <(find .ci launch cluster tests -type f \
    \( -name '*.sh' -o -name '*.sbatch' -o -name '*.env' -o -path .ci/run \) | sort)

check_syntax() {
    local script
    for script in "${scripts[@]}"; do
        bash -n "$script" 2>&1 || true
    done
}

findings=$(check_syntax)
if [ -z "$findings" ]; then
    command -v shellcheck >/dev/null || skip "no shellcheck (Debian package shellcheck); bash -n finds nothing"
    findings=$(printf '%s\0' "${scripts[@]}" | xargs -0 -P "$(nproc)" -n 8 shellcheck -x -S warning -f gcc || true)
fi
verdict "scripts" "${#scripts[@]}" "$findings"
