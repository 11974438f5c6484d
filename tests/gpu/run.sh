#!/usr/bin/env bash
# tests/gpu/run.sh [--build-only] [FOLDER]: for a machine with an NVIDIA GPU: builds in FOLDER (build-gpu), runs every test on the
# real device, on one GPU and with NCCL on all of them, compute-sanitizer on the small ones, then `gan_dist bench` in every precision
# with and without the CUDA graph, and writes one report, FOLDER/report.txt. Without Open MPI it builds with -DGAN_MPI=OFF and uses one
# GPU; with cuDNN's headers, a second build with -DGAN_CUDNN=ON is tested and timed too. Exit status: 0, 1 when something failed, 2
# for wrong words, 77 when there is no GPU.
set -euo pipefail
# shellcheck source=launch/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../launch/common.sh"
here=$gan_root/tests/gpu

build_only=
if [ "${1:-}" = --build-only ]; then
    build_only=yes
    shift
fi
if [ $# -gt 1 ] || [[ ${1:-} == -* ]]; then
    echo "usage: tests/gpu/run.sh [--build-only] [FOLDER]" >&2
    exit 2
fi
build=$(realpath -m "${1:-$gan_root/build-gpu}")
mkdir -p "$build"
report=$build/report.txt
nvcc=$(realpath "${CUDACXX:-$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)}")
export PATH=$PATH:${nvcc%/*}
mpi=ON
command -v mpicc >/dev/null && command -v mpirun >/dev/null || mpi=OFF
failed=0

say() {
    echo "$*" | tee -a "$report"
}

# section NAME COMMAND...: everything that it prints goes into the report.
section() {
    local name=$1 status=0 started=$SECONDS verdict
    shift
    printf '\n=== %s\n$ %s\n' "$name" "$*" >>"$report"
    timeout -k 10 1800 "$@" >>"$report" 2>&1 </dev/null || status=$?
    case $status in
    0) verdict=passed ;;
    77) verdict=skipped ;;
    *) verdict="FAILED with $status" && failed=$((failed + 1)) ;;
    esac
    printf '%-44s %s (%d s)\n' "$name" "$verdict" $((SECONDS - started))
    echo "$name: $verdict" >>"$build/summary"
}

# make_build FOLDER OPTION...
make_build() {
    local targets=(gan_dist gan_cuda ops_test_against_ref ops_test_known_answers cuda_compare cuda_precision_gpu)
    section "build ${*:2}" cmake -S "$gan_root" -B "$1" -DCMAKE_BUILD_TYPE=Release -DGAN_CUDA=ON "-DGAN_MPI=$mpi" \
        -DCMAKE_CUDA_COMPILER="$nvcc" "${@:2}"
    if cmake --build "$1" --target help 2>/dev/null | grep -q '\.\.\. gan_nccl$'; then
        targets+=(gan_nccl)
    fi
    section "compile ${*:2}" cmake --build "$1" -j "$(nproc)" --target "${targets[@]}"
}

describe_machine() {
    say "gan_dist $(git -C "$gan_root" describe --always --dirty 2>/dev/null || echo 'of no repository'), $(date -u '+%F %T') UTC"
    say "$(nproc) cores: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1); $("$nvcc" --version | tail -n 2 | head -n 1)"
    if [ "$gpus" -gt 0 ]; then
        nvidia-smi --query-gpu=index,name,driver_version,memory.total,clocks.max.sm,power.limit --format=csv | tee -a "$report"
        nvidia-smi topo -m >>"$report" 2>&1 || true
    fi
    [ "$mpi" = ON ] || say "no Open MPI: one process, one GPU"
}

# on_device FOLDER: every test on the real device.
on_device() {
    local tests=$1/tests precision
    for precision in fp32 tf32 bf16; do
        section "ops against ref, $precision" "$tests/ops_test_against_ref" cuda "$precision"
    done
    section "ops, known answers" "$tests/ops_test_known_answers" cuda
    section "steps in bf16" "$tests/cuda_precision_gpu" bf16 mlp-mnist quickstart gan-mnist dcgan32-mnist
    section "presets against ref" bash "$gan_root/tests/cuda/presets.sh" "$1/gan_dist" "$tests/cuda_compare" fp32 mlp-mnist gan-mnist \
        dcgan32-mnist quickstart cdcgan-mnist dcgan48-anime dcgan64 anime96
    section "presets, four steps against cpu" bash "$gan_root/tests/cuda/presets.sh" "$1/gan_dist" "$tests/cuda_compare" steps \
        mlp-mnist gan-mnist dcgan32-mnist quickstart cdcgan-mnist dcgan48-anime dcgan64 anime96
    section "program" bash "$here/program.sh" "$1/gan_dist"
    [ "$mpi" = OFF ] || section "ranks" bash "$here/ranks.sh" "$1/gan_dist" "$gpus"
}

sanitize() {
    local tool
    command -v compute-sanitizer >/dev/null || { say "no compute-sanitizer: skipped" && return; }
    for tool in memcheck racecheck synccheck initcheck; do
        section "compute-sanitizer $tool" compute-sanitizer --tool "$tool" --error-exitcode 9 \
            "$build/tests/ops_test_known_answers" cuda
    done
    section "compute-sanitizer memcheck, program" bash "$here/program.sh" "$build/gan_dist" \
        compute-sanitizer --tool memcheck --error-exitcode 9
}

# bench FOLDER WORDS...: dcgan64 at the batch of the model in docs/performance.md.
bench() {
    local precision graph program=$1/gan_dist
    for precision in fp32 tf32 bf16; do
        for graph in off auto; do
            section "bench ${*:2} $precision graph=$graph" "$program" bench --preset dcgan64 --backend cuda --batch 128 --shards 1 \
                --bench-steps 50 --precision "$precision" --graph "$graph" "${@:2}"
        done
    done
}

bench_ranks() {
    local n
    for ((n = 2; n <= gpus; n *= 2)); do
        section "bench on $n GPUs" mpirun --oversubscribe -np "$n" "$build/gan_dist" bench --preset dcgan64 --backend cuda \
            --batch $((128 * n)) --shards "$n" --bench-steps 50
    done
}

: >"$report"
: >"$build/summary"
gpus=$(nvidia-smi -L 2>/dev/null | grep -c '^GPU' || true)
describe_machine
make_build "$build"
cudnn=
if [ -e "${nvcc%/bin/nvcc}/include/cudnn.h" ] || [ -e /usr/include/cudnn.h ]; then
    cudnn=$build/cudnn
    make_build "$cudnn" -DGAN_CUDNN=ON
fi
[ "$failed" -eq 0 ] || { tail -n 20 "$report" && exit 1; }
if [ "$gpus" -eq 0 ]; then
    say "no GPU on this machine: built, nothing run; the report is $report"
    exit 77
fi
[ -z "$build_only" ] || exit 0
on_device "$build"
[ -z "$cudnn" ] || on_device "$cudnn"
sanitize
section "operations and bytes" "$build/gan_dist" bench --count --preset dcgan64 --batch 128 --shards 1
bench "$build"
[ -z "$cudnn" ] || bench "$cudnn"
[ "$mpi" = OFF ] || bench_ranks
printf '\n=== summary\n' >>"$report"
cat "$build/summary" >>"$report"
grep 'images/s' "$report" || true
say "$failed failed; the report is $report"
[ "$failed" -eq 0 ]
