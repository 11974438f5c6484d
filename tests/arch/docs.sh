#!/usr/bin/env bash
# docs.sh PROGRAM: the pages agree with the tree and the program: links, the README's map, presets, options.
# shellcheck source=tests/arch/lib.sh
program=$(realpath "${1:?PROGRAM}")
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mapfile -t pages < <(find . \( -name 'build*' -o -name runs -o -name .git \) -prune -o -name '*.md' -print | sort)
help=$("$program" help)

# Headings as the anchors that hosting sites make of them.
anchors() {
    grep -E '^#+ ' "$1" | sed -E 's/^#+ //; s/[^A-Za-z0-9 _-]//g; s/ /-/g' | tr '[:upper:]' '[:lower:]'
}

check_links() {
    local page target file
    for page in "${pages[@]}"; do
        while read -r target; do
            file=$(dirname "$page")/${target%%#*}
            [ "${target%%#*}" != "" ] || file=$page
            if [ ! -e "$file" ]; then
                echo "$page: links to $target, which is not there"
            elif [[ $target == *'#'* ]] && ! anchors "$file" | grep -qxF -- "${target#*#}"; then
                echo "$page: links to $target, but there is no such heading"
            fi
        done < <(grep -oE '\]\([^)]+\)' "$page" | sed -E 's/^\]\(//; s/\)$//' | grep -vE '^(https?|mailto):')
    done
}

check_reachable() {
    local page
    for page in docs/*.md; do
        grep -qF "($page" README.md || echo "README.md: has no link to $page"
    done
}

read_map() {
    sed -n '/^## Map of the source/,/^## [^M]/p' README.md | grep -oE '^\| `[^|]*' | grep -oE '`[^`]+`' | tr -d '`'
}

map=$(read_map)

check_map() {
    local path
    while read -r path; do
        [ -e "$path" ] || echo "README.md: the map names $path, which is not there"
    done <<<"$map"
    for path in src/*.c src/*/ src/backend/*/ include/gan_dist launch cluster tests docs; do
        [[ $'\n'$map$'\n' =~ $'\n'${path%/}/?$'\n' ]] || echo "README.md: the map does not name ${path%/}"
    done
}

check_presets() {
    local preset
    for preset in src/config/presets/*.ini; do
        grep -qF "\`$(basename "$preset" .ini)\`" README.md || echo "README.md: preset $(basename "$preset" .ini) is missing"
    done
}

options_of() {
    grep -oE -- '--[a-z][a-z-]*' | sort -u
}

# Options in the README's commands of this program; those of mpirun stand before its name.
readme_options() {
    sed -n '/^```/,/^```/p' README.md | grep -E 'gan_dist|local\.sh|quickstart\.sh' | sed -E 's/.*(gan_dist|\.sh)//' | options_of
}

check_options() {
    local option
    while read -r option; do
        grep -qE -- "\`${option}[\` ]" docs/formats.md || echo "docs/formats.md: option $option is missing"
    done < <(options_of <<<"$help")
    while read -r option; do
        grep -qE -- "$option( |$|\])" <<<"$help" || echo "README.md: uses $option, which gan_dist help does not know"
    done < <(readme_options)
}

findings=$(check_links; check_reachable; check_map; check_presets; check_options)
[ "$(wc -l <<<"$map")" -gt 20 ] || findings+=$'\nREADME.md: the map of the source is missing or short'
[ "$(readme_options | wc -l)" -gt 3 ] || findings+=$'\nREADME.md: no commands found'
verdict "documents" "${#pages[@]}" "$findings"
