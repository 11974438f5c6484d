#!/usr/bin/env bash
# headers.sh: each public header compiles alone, and twice, as strict C11 with every warning an error.
# shellcheck source=tests/arch/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

compile() {
    printf '#include "gan_dist/%s"\n#include "gan_dist/%s"\nextern int something;\n' "$1" "$1" |
        "${CC:-cc}" -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I include -x c -
}

check() {
    local header said
    for header in include/gan_dist/*.h; do
        header=$(basename "$header")
        said=$(compile "$header" 2>&1) || { grep -m 3 -E 'error:' <<<"$said" || echo "$header: ${said:-does not compile}"; }
        grep -q "#ifndef GAN_DIST_$(basename "${header^^}" .H)_H" "include/gan_dist/$header" ||
            echo "include/gan_dist/$header: its include guard is not named after it"
    done
}

findings=$(check)
verdict "public headers" "$(find include/gan_dist -name '*.h' | wc -l)" "$findings"
