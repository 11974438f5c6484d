#!/usr/bin/env bash
# spills.sh NVCC ARCHITECTURES [NCCL]: compiles every kernel for each of ARCHITECTURES (those of NCCL where NCCL is the folder of its header),
# prints what ptxas says of its registers and shared memory, and fails when one keeps registers in memory ("spills").
set -euo pipefail
nvcc=${1:?NVCC} nccl=${3:-} codes=()
for architecture in ${2:?ARCHITECTURES}; do
    codes+=(-gencode "arch=compute_$architecture,code=sm_$architecture")
done
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
command -v "$nvcc" >/dev/null || {
    echo "SKIPPED: no $nvcc"
    exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compile() {
    "$nvcc" -std=c++17 --fmad=false "${codes[@]}" -Xptxas -v -c \
        -I "$root/include" -I "$root/src" ${nccl:+-I "$nccl"} -o "$work/$1.o" "$2" >"$work/$1.said" 2>&1 ||
        { cat "$work/$1.said" >&2; exit 1; }
}

# "FILE ARCHITECTURE KERNEL registers shared stack spilled" for every kernel; what a spill costs stands in two figures.
table() {
    awk -v file="$1" '
        /Compiling entry function/ { split($0, words, "\047"); name = words[2]; arch = words[4] }
        /bytes stack frame/ {
            for (i = 1; i <= NF; i++) if ($i == "bytes") { if ($(i + 1) == "stack") stack = $(i - 1)
                                                           if ($(i + 1) == "spill") spilled += $(i - 1) }
        }
        /Used [0-9]+ registers/ {
            shared = 0
            for (i = 1; i <= NF; i++) {
                if ($i == "Used") registers = $(i + 1)
                if ($i == "smem" || $i == "smem,") shared = $(i - 2)
            }
            printf "%-11s %-6s %3d registers %5d shared %3d stack %3d spilled  %s\n", file, arch, registers, shared, stack, spilled, name
            stack = spilled = 0
        }' "$work/$1.said"
}

rows=
for source in "$root"/src/backend/cuda/*.cu ${nccl:+"$root"/src/comm/nccl/*.cu}; do
    name=$(basename "$source" .cu)
    compile "$name" "$source"
    rows+=$(table "$name")$'\n'
done
printf '%s' "$rows" | c++filt -p
kernels=$(grep -c registers <<<"$rows")
[ "$kernels" -ge 2 ] || { echo "no kernels found" >&2; exit 1; }
if grep -v ' 0 spilled' <<<"${rows%$'\n'}"; then
    echo "these kernels spill registers" >&2
    exit 1
fi
echo "$kernels kernels, no spills"
