#!/usr/bin/env bash
# sizes.sh: no source file over 400 lines, no function over 60. What is longer is two things: split it.
# shellcheck source=tests/arch/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mapfile -t c < <(c_files)
mapfile -t others < <(find launch tests cluster src CMakeLists.txt .ci -type f \
    \( -name '*.sh' -o -name '*.py' -o -name '*.cmake' -o -name CMakeLists.txt -o -name run \) 2>/dev/null | sort -u)

check_files() {
    wc -l "${c[@]}" "${others[@]}" | awk '$1 > 400 && $2 != "total" { print $2 ": " $1 " lines (at most 400)" }'
}

# clang-format puts the braces of a function, and of nothing else, alone into the first column.
check_functions() {
    awk 'FNR == 1 { start = 0 }
         /^\{$/ { start = FNR; name = before }
         /^\}$/ && start { if (FNR - start + 1 > 60) print FILENAME ":" start ": " name ": " FNR - start + 1 " lines (at most 60)"
                           start = 0 }
         { before = $0 }' "${c[@]}"
}

findings=$(check_files; check_functions)
verdict "sizes" "${#c[@]}" "$findings"
