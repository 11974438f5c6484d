#!/usr/bin/env bash
# format.sh: every C file is as clang-format leaves it. Versions differ in detail, so only Debian 12's judges.
# shellcheck source=tests/arch/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

tool=$(command -v clang-format-14 || command -v clang-format) || skip "no clang-format (Debian package clang-format)"
"$tool" --version | grep -q 'version 14\.' || skip "$("$tool" --version) is not version 14"

mapfile -t files < <(c_files)
findings=$("$tool" --dry-run -Werror "${files[@]}" 2>&1 | grep -E '^[^ ].*error:' || true)
verdict "clang-format" "${#files[@]}" "$findings"
