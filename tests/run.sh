#!/usr/bin/env bash
# tests/run.sh: installs what is missing, builds, runs all tests; then builds with AddressSanitizer and UBSan and runs them again,
# without the slow ones. A second run finds the builds up to date. Left out: the label `long` (ctest --test-dir build -L long), and
# fuzzing, which needs clang (tests/fuzz/run.sh).
set -euo pipefail
# shellcheck source=launch/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../launch/common.sh"

bash "$gan_root/launch/install-deps.sh"
jobs=$(nproc)
# Ranks that wait leave the cores to other tests.
export OMPI_MCA_mpi_yield_when_idle=${OMPI_MCA_mpi_yield_when_idle:-1}

build() {
    local folder=$1
    shift
    cmake -S "$gan_root" -B "$folder" "$@"
    cmake --build "$folder" -j "$jobs"
}

# Two more than cores: some tests mostly wait.
run_tests() {
    local folder=$1
    shift
    ctest --test-dir "$folder" -j $((jobs + 2)) --output-on-failure --no-tests=error "$@"
}

build "$gan_root/build" -DCMAKE_BUILD_TYPE=Release
run_tests "$gan_root/build" -LE '^long$'

build "$gan_root/build-asan" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DGAN_ASAN=ON -DGAN_UBSAN=ON
UBSAN_OPTIONS=print_stacktrace=1 run_tests "$gan_root/build-asan" -LE '^(golden|bench|long)$'
