#!/usr/bin/env bash
# tests/run.sh [quick]: installs what is missing, builds, runs the tests; then builds with AddressSanitizer and UBSan and runs them
# again, without the slow ones: under ten minutes on two cores, builds and all. `quick`: under a minute, the unit tests of every
# suite, without ranks and sanitizers. A second run finds the builds up to date. Left out: the label `wide`, which .ci/run runs
# (ctest --test-dir build -L wide), the label `long` (-L long), and fuzzing, which needs clang (tests/fuzz/run.sh). GAN_BUILD names
# another folder to build in than `build`, with -asan behind it for the second; GAN_WERROR=ON lets warnings fail the build.
set -euo pipefail
# shellcheck source=launch/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../launch/common.sh"
# shellcheck source=launch/build.sh
. "$(dirname "${BASH_SOURCE[0]}")/../launch/build.sh"

if [ $# -gt 1 ] || [ "${1-quick}" != quick ]; then
    echo "usage: tests/run.sh [quick]" >&2
    exit 2
fi
quick=${1:-}
jobs=$(nproc)
# Ranks that wait leave the cores to other tests.
export OMPI_MCA_mpi_yield_when_idle=${OMPI_MCA_mpi_yield_when_idle:-1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

# build FOLDER TARGET CMAKE_OPTIONS...
build() {
    local folder=$1 target=$2
    shift 2
    gan_configure "$folder" -DGAN_WERROR="${GAN_WERROR:-OFF}" "$@" && cmake --build "$folder" -j "$jobs" --target "$target"
}

# run_tests FOLDER CTEST_OPTIONS...: two more at a time than there are cores: some tests mostly wait.
run_tests() {
    local folder=$1
    shift
    rm -f "$folder/Testing/Temporary/LastTestsFailed.log"
    ctest --test-dir "$folder" -j $((jobs + 2)) --output-on-failure --no-tests=error "$@"
}

# failed_tests FOLDER STATUS: their names; where ctest has left none, its status.
failed_tests() {
    local log=$1/Testing/Temporary/LastTestsFailed.log
    if [ -s "$log" ]; then sed 's/^[0-9]*://' "$log" | xargs; else echo "ctest ended with $2"; fi
}

summary=()
status=0
# half NAME FOLDER TARGET CTEST_OPTIONS... -- CMAKE_OPTIONS...: builds, tests; adds a line to the summary. `status` is that of the first
# failure.
half() {
    local name=$1 folder=$2 target=$3 tests=() from=$SECONDS built failed=0
    shift 3
    while [ "$1" != -- ]; do
        tests+=("$1")
        shift
    done
    shift
    if ! build "$folder" "$target" "$@"; then
        summary+=("$name: does not build")
        [ "$status" -ne 0 ] || status=1
        return
    fi
    built=$SECONDS
    run_tests "$folder" "${tests[@]}" || failed=$?
    local times="built in $((built - from)) s, tested in $((SECONDS - built)) s"
    if [ "$failed" -eq 0 ]; then
        summary+=("$name: all passed; $times")
    else
        summary+=("$name: FAILED: $(failed_tests "$folder" "$failed"); $times")
        [ "$status" -ne 0 ] || status=$failed
    fi
}

all() {
    bash "$gan_root/launch/install-deps.sh" || exit
    if [ -n "$quick" ]; then
        half "quick" "$gan_build" quick -L '^quick$' -- -DCMAKE_BUILD_TYPE=Release
    else
        half "tests" "$gan_build" all -LE '^(wide|long)$' -- -DCMAKE_BUILD_TYPE=Release
        half "with sanitizers" "$gan_build-asan" all -LE '^(golden|bench|wide|long)$' -- -DCMAKE_BUILD_TYPE=RelWithDebInfo -DGAN_ASAN=ON \
            -DGAN_UBSAN=ON
    fi
    printf '%s\n' "" "${summary[@]}"
    return "$status"
}

gan_choose_folders
gan_alone all
