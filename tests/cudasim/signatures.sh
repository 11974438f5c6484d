#!/usr/bin/env bash
# signatures.sh CXX [INCLUDE]: the stand-in declares CUDA as NVIDIA's headers in INCLUDE do (77: none), and signatures.cpp names all
# that it declares.
set -euo pipefail
cxx=${1:?CXX} real=${2:-}
cd "$(dirname "${BASH_SOURCE[0]}")"

words() {
    cat "$@" | sed -E 's/_v2\b//g' | grep -oE '\b(cuda[A-Z]|cublas[A-Z]|nccl[A-Z]|cudnn[A-Z]|CUDNN_|CUDA_R_|CUBLAS_|CUDART_)[A-Za-z0-9_]*' | sort -u
}

compile() {
    "$cxx" -std=c++17 -fsyntax-only "$@" signatures.cpp
}

headers=()
for header in include/cuda_runtime_api.h include/cublas_v2.h include/nccl.h \
    include/cuda_bf16.h include/cudnn.h; do
    [ ! -e "$header" ] || headers+=("$header")
done
missing=$(comm -23 <(words "${headers[@]}") <(words signatures.cpp) | grep -vE '^(CUDASIM|CUBLAS_V|cudnn[A-Za-z]*(Struct|Context|Perf)$)' || true)
if [ -n "$missing" ]; then
    printf 'signatures.cpp does not name %s\n' $missing >&2
    exit 1
fi
compile -Wall -Wextra -Werror -I include
if [ -z "$real" ]; then
    echo "no CUDA headers found: the stand-in's declarations are not compared with them"
    exit 77
fi
compile -isystem "$real"
echo "$(words "${headers[@]}" | wc -l) names are declared as in $real"
