#!/usr/bin/env bash
# coverage.sh FOLDER: which lines of the cuda backend and of the NCCL exchange the tests on the stand-in reach: builds with gcov in
# FOLDER, runs the tests labelled cuda, prints a line for each source, and fails below nine of ten.
set -euo pipefail
export LC_ALL=C OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
folder=$(realpath -m "${1:?FOLDER}")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
command -v gcov >/dev/null || {
    echo "SKIPPED: no gcov"
    exit 77
}

mkdir -p "$folder"
cmake -S "$root" -B "$folder" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS='-Og --coverage' -DCMAKE_CXX_FLAGS='-Og --coverage' \
    -DGAN_CUDA=OFF >"$folder/cmake.log"
targets=$(cmake --build "$folder" --target help | sed -n 's/^\.\.\. \(cuda_[a-z_]*\|gan_dist_on_cudasim\)$/\1/p' | grep -v -e races -e hooks)
# shellcheck disable=SC2086 # one word a target
cmake --build "$folder" -j "$(nproc)" --target $targets >"$folder/build.log" 2>&1 || { tail -n 20 "$folder/build.log" >&2 && exit 1; }
find "$folder" -name '*.gcda' -delete
ctest --test-dir "$folder" -L '^cuda$' -LE long -E 'races|seeds' --timeout 600 --output-on-failure

# One call for all objects, so that gcov adds up what several of them say of one header.
cd "$folder"
find . -name '*.gcda' | grep -E '/src/(backend/cuda|comm)/' >objects
xargs gcov -n -r -s "$root" <objects 2>/dev/null | awk '
    /^File / { file = $2; gsub("\047", "", file) }
    /^Lines executed:/ && file ~ /^src\/(backend\/cuda|comm\/nccl)\// {
        split($2, part, "[:%]")
        printf "%6.1f %% of %4d  %s\n", part[2], $4, file
        lines += $4; reached += part[2] / 100 * $4
        file = ""
    }
    END {
        if (!lines) { print "gcov said nothing"; exit 1 }
        printf "%6.1f %% of %4d  in all\n", 100 * reached / lines, lines
        exit reached < 0.9 * lines
    }'
