#!/usr/bin/env bash
# symbols.sh BUILD: what each module's library really calls, against arrows.txt. A header says what a module can see; this
# says what it uses, also through pointers to types that came along with another header.
# shellcheck source=tests/arch/lib.sh
build=$(cd "${1:?BUILD}" && pwd)
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v nm >/dev/null || skip "no nm (binutils)"

# "MODULE defines|calls NAME" for every gan_ symbol of the libraries.
symbols() {
    local module
    while read -r module; do
        [ -f "$build/libgan_$module.a" ] || continue
        nm "$build/libgan_$module.a" 2>/dev/null |
            awk -v module="$module" '$1 == "U" && $2 ~ /^gan_/ { print module, "calls", $2 }
                                     NF == 3 && $2 ~ /^[A-TV-Zi]$/ && $3 ~ /^gan_/ { print module, "defines", $3 }'
    done < <(awk -F' *[|]' '!/^#/ { print $1 }' "$arch_tables/arrows.txt") | sort -u
}

check() {
    awk -v table="$arch_tables/arrows.txt" '
        BEGIN {
            while ((getline row < table) > 0) {
                if (row ~ /^#/) continue
                split(row, cells, "|")
                gsub(/ /, "", cells[1])
                n = split(cells[3], names, " ")
                for (i = 1; i <= n; i++) allowed[cells[1], names[i]] = 1
            }
        }
        $2 == "defines" { owner[$3] = $1 }
        $2 == "calls" { caller[++n_calls] = $1; callee[n_calls] = $3 }
        END {
            for (i = 1; i <= n_calls; i++) {
                to = owner[callee[i]]
                if (to == "") print "libgan_" caller[i] ".a: uses " callee[i] ", which no module defines"
                else if (to != caller[i] && !((caller[i], to) in allowed))
                    print "libgan_" caller[i] ".a: uses " callee[i] " of " to ", against the arrows"
            }
        }'
}

all=$(symbols)
findings=$(check <<<"$all")
verdict "symbol arrows" "$(grep -c ' calls ' <<<"$all")" "$findings"
