#!/usr/bin/env bash
# words.sh: no notes to self, no code switched off, no code in comments.
# shellcheck source=tests/arch/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mapfile -t c < <(c_files)
mapfile -t texts < <(find . \( -name 'build*' -o -name runs -o -name .git \) -prune -o -type f \
    \( -name '*.[ch]' -o -name '*.cpp' -o -name '*.cu' -o -name '*.sh' -o -name '*.py' -o -name '*.cmake' -o -name '*.md' -o -name '*.ini' \
    -o -name CMakeLists.txt -o -path './.ci/*' \) -print | sort)

check_notes() {
    grep -nwE 'TO''DO|FIX''ME|X''XX' "${texts[@]}" | sed 's/$/  <- a note to self/' || true
}

check_switched_off() {
    grep -nE '^[[:space:]]*#[[:space:]]*if[[:space:]]+0' "${c[@]}" | sed 's/$/  <- code switched off/' || true
}

# "FILE:LINE: TEXT" for each line of a comment, without its decoration.
comments() {
    awk 'FNR == 1 { inside = 0 }
         {
             line = $0
             if (!inside) gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
             while (line != "") {
                 if (!inside) {
                     at = match(line, /\/\*|\/\//)
                     if (!at) break
                     inside = substr(line, at, 2) == "/*" ? 1 : 2
                     line = substr(line, at + 2)
                 }
                 end = inside == 1 ? index(line, "*/") : 0
                 text = end ? substr(line, 1, end - 1) : line
                 gsub(/^[ \t*]+|[ \t]+$/, "", text)
                 if (text != "") print FILENAME ":" FNR ": " text
                 if (inside == 2 || end) inside = 0
                 line = end ? substr(line, end + 2) : ""
             }
         }' "${c[@]}"
}

# A comment that reads as a statement: a call, an assignment or a keyword, and a semicolon or brace at its end.
check_commented_out() {
    local at='^[^ ]*: ' end='[;{]$'
    comments | grep -E "${at}[a-z_][a-zA-Z0-9_>.-]*\([^)]*\)+$end|${at}[a-z_*][^ ]* [-+*/|&]?= .*$end|$at(return|if|for|while|else|\}).*$end" |
        sed 's/$/  <- code in a comment/' || true
}

findings=$(check_notes; check_switched_off; check_commented_out)
verdict "words" "${#texts[@]}" "$findings"
