#!/usr/bin/env bash
# rpaths.sh BUILD: no program or module of the build has a RUNPATH entry that is empty or relative: the loader would take libraries from
# the folder one happens to be in. What a module needs of CUDA is found by it, whatever LD_LIBRARY_PATH says.
# shellcheck source=tests/arch/lib.sh
build=$(cd "${1:?BUILD}" && pwd)
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v readelf >/dev/null || skip "no readelf (binutils)"

mapfile -t files < <(find "$build" -maxdepth 3 -type f -not -path '*/CMakeFiles/*' \( -perm -u+x -o -name '*.so*' \) -exec sh -c '
    for file; do [ "$(head -c 4 "$file" | tail -c 3)" != ELF ] || printf "%s\n" "$file"; done' sh {} + | sort)

# "FILE ENTRY" for each entry, also an empty one.
entries() {
    local file path
    for file in "${files[@]}"; do
        path=$(readelf -d "$file" | sed -nE 's/.*\((RPATH|RUNPATH)\).*\[(.*)\]$/\2/p')
        [ -z "$path" ] || tr ':' '\n' <<<"$path" | sed "s|^|${file#"$build/"} |"
    done
}

check_entries() {
    entries | grep -vE ' (/|\$ORIGIN(/|$))' | sed 's/$/ <- an empty or relative entry of its RUNPATH/' || true
}

check_modules() {
    local module
    for module in "$build"/libgan_*.so; do
        [ ! -e "$module" ] || env -u LD_LIBRARY_PATH ldd "$module" | grep 'not found' | sed "s|^|${module#"$build/"}: |" || true
    done
}

findings=$(check_entries; check_modules)
verdict "RUNPATHs" "${#files[@]}" "$findings"
