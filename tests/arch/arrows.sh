#!/usr/bin/env bash
# arrows.sh: every #include goes along an allowed arrow (arrows.txt), and the architecture page shows the same table.
# shellcheck source=tests/arch/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Prints "FILE:LINE HEADER" for each #include "HEADER" of the sources and the public headers.
includes() {
    grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' --include='*.[ch]' --include='*.cu' include src |
        sed -E 's/^([^:]*:[0-9]+):[^"]*"([^"]*)".*/\1 \2/'
}

check_includes() {
    includes | awk -v table="$arch_tables/arrows.txt" '
        function trim(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }
        # The module a file belongs to: its folder below src, or the owner of a public header.
        function module_of(file, parts, n) {
            n = split(file, parts, "/")
            if (parts[1] == "include") { sub(/\.h$/, "", parts[n]); return owner[parts[n]] }
            return n == 2 || parts[2] == "commands" ? "conductor" : parts[2]
        }
        BEGIN {
            while ((getline row < table) > 0) {
                if (row ~ /^#/ || row !~ /\|/) continue
                split(row, cells, "|")
                module = trim(cells[1])
                known[module] = 1
                n = split(trim(cells[2]), names, " ")
                for (i = 1; i <= n; i++) owner[names[i]] = module
                n = split(trim(cells[3]), names, " ")
                for (i = 1; i <= n; i++) allowed[module, names[i]] = 1
            }
        }
        {
            at = $1; header = $2
            split(at, place, ":")
            module = module_of(place[1])
            if (module != "conductor" && !(module in known)) {
                print at ": belongs to no module of arrows.txt"
                next
            }
            if (header !~ /^gan_dist\//) {
                # A private header: found beside the file, below its module, or below src.
                folder = place[1]; sub(/[^\/]*$/, "", folder)
                home = module == "conductor" ? "src" : "src/" module
                n = split(folder header " " home "/" header " src/" header, tries, " ")
                found = ""
                for (i = 1; i <= n && found == ""; i++) {
                    if ((getline line < tries[i]) >= 0) found = tries[i]
                    close(tries[i])
                }
                if (found == "") print at ": " header " is neither a public header nor one of module " module
                else if (module_of(found) != module)
                    print at ": " module " includes " found ", a private header of " module_of(found)
                next
            }
            name = header; sub(/^gan_dist\//, "", name); sub(/\.h$/, "", name)
            if (!(name in owner)) print at ": " header " belongs to no module of arrows.txt"
            else if (module != "conductor" && owner[name] != module && !((module, owner[name]) in allowed))
                print at ": " module " may not include " header " of " owner[name]
        }'
}

# The rows of a table without decoration: "module | headers | modules".
plain_rows() {
    sed -E 's/[`*]//g; s/^[[:space:]|]+//; s/[[:space:]|]+$//; s/[[:space:]]*\|[[:space:]]*/|/g' | grep -E '^[a-z]+\|' | sort
}

check_table() {
    local documented
    documented=$(sed -n '/^## Modules and arrows/,/^## [^M]/p' docs/architecture.md | grep -E '^\| `' |
        awk -F'|' '{ print $2 "|" $3 "|" $4 }' | plain_rows)
    diff <(grep -v '^#' "$arch_tables/arrows.txt" | plain_rows) <(printf '%s\n' "$documented") >/dev/null ||
        echo "docs/architecture.md: the table below 'Modules and arrows' is not that of tests/arch/arrows.txt"
}

# Every module and every public header has a row, so that nothing escapes by being new.
check_complete() {
    local folder header
    for folder in src/*/; do
        folder=$(basename "$folder")
        [ "$folder" = commands ] || grep -qE "^$folder \|" "$arch_tables/arrows.txt" ||
            echo "src/$folder: has no row in tests/arch/arrows.txt"
    done
    for header in include/gan_dist/*.h; do
        header=$(basename "$header" .h)
        awk -F'|' '!/^#/ { print " " $2 " " }' "$arch_tables/arrows.txt" | grep -q " $header " ||
            echo "include/gan_dist/$header.h: has no row in tests/arch/arrows.txt"
    done
}

findings=$(check_includes; check_table; check_complete)
verdict "include arrows" "$(includes | wc -l)" "$findings"
