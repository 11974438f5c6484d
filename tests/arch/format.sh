#!/usr/bin/env bash
# format.sh: every C file is as clang-format leaves it, and so are its comments, which it leaves alone (ReflowComments): no line
# over 110 columns, no end that stands alone. Versions of the tool differ in detail, so only Debian 12's judges.
# shellcheck source=tests/arch/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mapfile -t files < <(c_files)

# What a line of a comment is, a line says by itself: it has the comment's start or end, or begins with a star. A character of
# UTF-8 counts once.
check_comments() {
    awk '/^[ \t]*\*\/[ \t]*$/ { print FILENAME ":" FNR ": the end of a comment alone on its line" }
         /\/\*|\*\/|^ *\* / {
             columns = $0
             gsub(/[\200-\277]/, "", columns)
             if (length(columns) > 110) print FILENAME ":" FNR ": a comment of " length(columns) " columns (at most 110)"
         }' "${files[@]}"
}

verdict "comments" "${#files[@]}" "$(check_comments)"

tool=$(command -v clang-format-14 || command -v clang-format) || skip "no clang-format (Debian package clang-format)"
"$tool" --version | grep -q 'version 14\.' || skip "$("$tool" --version) is not version 14"
findings=$("$tool" --dry-run -Werror "${files[@]}" 2>&1 | grep -E '^[^ ].*error:' || true)
verdict "clang-format" "${#files[@]}" "$findings"
