#!/usr/bin/env bash
# cudnn.sh CC NVCC: a build with -DGAN_CUDNN=ON compiles against the real headers and finds every function in the real libraries.
set -euo pipefail
cc=$1
cuda=$(dirname "$(dirname "$(realpath "$2")")")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[ -e "$cuda/include/cudnn.h" ] || [ -e /usr/include/cudnn.h ] || {
    echo "SKIPPED: no cudnn.h in $cuda/include or /usr/include"
    exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for source in "$root"/src/backend/cuda/*.c; do
    [ "${source##*/}" != module.c ] || continue
    "$cc" -std=c11 -D_GNU_SOURCE -DGAN_CUDNN -O1 -fPIC -Wall -Wextra -Wpedantic -Wshadow -Wmissing-prototypes -Werror \
        -I "$root/include" -I "$root/src" -isystem "$cuda/include" -c -o "$work/$(basename "$source" .c).o" "$source"
done
libraries=$cuda/lib
[ ! -d "$cuda/lib64" ] || libraries=$cuda/lib64
"$cc" -shared -o "$work/backend.so" "$work"/*.o -L "$libraries" -L "$cuda/lib" -Wl,-rpath,"$libraries:$cuda/lib" -lcudnn -lcublas -lcudart
if ldd -r "$work/backend.so" 2>&1 | grep -E 'not found|undefined symbol: (cuda|cublas|cudnn)'; then
    echo "the libraries lack these" >&2
    exit 1
fi
nm -D --undefined-only "$work/backend.so" | grep -o 'cudnn[A-Za-z0-9_]*' | sort -u
