#!/usr/bin/env bash
# tests/fuzz/run.sh [SECONDS]: every fuzz target for so many seconds, 60 if not given: builds with clang and the sanitizers in
# build-fuzz/, runs, and says what was found. The inputs found worth keeping stay there for the next time.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${GAN_FUZZ_BUILD:-$root/build-fuzz}
seconds=${1:-60}

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
echo 'int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n) { return !p && n; }' >"$temp/try.c"
if ! clang -fopenmp -fsanitize=fuzzer,address,undefined "$temp/try.c" -o "$temp/try" 2>"$temp/said"; then
    echo "SKIPPED: clang cannot build a fuzz target (packages clang, libclang-rt-dev, libomp-dev): $(head -n 1 "$temp/said")"
    exit 77
fi

build() {
    cmake -S "$root" -B "$build" -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo -DGAN_FUZZ=ON -DGAN_ASAN=ON \
        -DGAN_UBSAN=ON -DGAN_FUZZ_SECONDS="$seconds" &&
        cmake --build "$build" -j "$(nproc)" --target fuzz
}
build >"$temp/log" 2>&1 || {
    cat "$temp/log" >&2
    exit 1
}

# A target ends at its first finding, which it keeps: TARGET-crash-... in the build folder.
status=0
ctest --test-dir "$build" -L '^fuzz$' --output-on-failure --no-tests=error || status=$?
grep -aE 'Testing: |^(stat::(number_of_executed_units|average_exec_per_sec)|.*ERROR: )' \
    "$build/Testing/Temporary/LastTest.log" || true
find "$build/tests" -maxdepth 1 -name '*-crash-*' -o -maxdepth 1 -name '*-timeout-*' -o -maxdepth 1 -name '*-oom-*'
exit "$status"
