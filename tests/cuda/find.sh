#!/usr/bin/env bash
# find.sh FOLDER NVCC: what the build finds of CUDA, and where: NCCL and cuDNN as a PyPI wheel has them, by each way of naming the
# folder; the architectures that were asked for; a toolkit of another version than nvcc's is refused; without nvcc one line says so.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$1 nvcc=$(realpath "$2")
toolkit=$(dirname "$(dirname "$nvcc")")
rm -rf "$work"
mkdir -p "$work"
work=$(realpath "$work")
unset CUDAARCHS NCCL_ROOT NCCL_HOME CUDNN_ROOT CPATH LIBRARY_PATH LD_LIBRARY_PATH

fail() {
    echo "FAILED: $*" >&2
    cat "$work/said" >&2
    exit 1
}

# configure OPTION...: in a new folder; leaves `status` and what was said.
configure() {
    status=0
    rm -rf "$work/build"
    cmake -S "$root" -B "$work/build" -DGAN_TESTS=OFF "$@" >"$work/said" 2>&1 || status=$?
}

# says TEXT...: CMake breaks the lines of its errors.
says() {
    local text
    for text; do
        tr -s ' \n' ' ' <"$work/said" | grep -qF -e "$text" || fail "it does not say '$text'"
    done
}

# A wheel's folders: a header, and a library with no other name than the loader's.
mkdir -p "$work/wheel/nccl/include" "$work/wheel/nccl/lib" "$work/wheel/cudnn/include" "$work/wheel/cudnn/lib"
printf '#define NCCL_MAJOR 2\n#define NCCL_MINOR 99\n#define NCCL_PATCH 1\n' >"$work/wheel/nccl/include/nccl.h"
printf '#define CUDNN_MAJOR 9\n#define CUDNN_MINOR 99\n#define CUDNN_PATCHLEVEL 2\n' >"$work/wheel/cudnn/include/cudnn_version.h"
: >"$work/wheel/cudnn/include/cudnn.h"
: >"$work/wheel/nccl/lib/libnccl.so.2"
: >"$work/wheel/cudnn/lib/libcudnn.so.9"

found=("NCCL 2.99.1: $work/wheel/nccl/lib/libnccl.so.2")
configure -DGAN_CUDA=ON -DCMAKE_CUDA_COMPILER="$nvcc" -DNCCL_ROOT="$work/wheel/nccl"
[ "$status" -eq 0 ] || fail "exit status $status"
says "${found[@]}" "CUDA architectures: 75-real;80-real;90" "cuBLAS: $toolkit/" "$nvcc, $toolkit/" 'cuDNN: not asked for'
found+=("cuDNN 9.99.2: $work/wheel/cudnn/lib/libcudnn.so.9")
configure -DGAN_CUDA=ON -DCMAKE_CUDA_COMPILER="$nvcc" -DGAN_CUDNN=ON -DCMAKE_PREFIX_PATH="$work/wheel/nccl;$work/wheel/cudnn" \
    -DCMAKE_CUDA_ARCHITECTURES=86
[ "$status" -eq 0 ] || fail "exit status $status"
says "${found[@]}" "CUDA architectures: 86 "
NCCL_HOME=$work/wheel/nccl CUDNN_ROOT=$work/wheel/cudnn CUDAARCHS=90 configure -DGAN_CUDA=ON -DCMAKE_CUDA_COMPILER="$nvcc" -DGAN_CUDNN=ON
says "${found[@]}" "CUDA architectures: 90 "
echo "wheels' folders: found by -DNCCL_ROOT, CMAKE_PREFIX_PATH and the environment"

# A runtime of another version in front of nvcc's own.
touch "$work/libcudart.so.7"
configure -DGAN_CUDA=ON -DCMAKE_CUDA_COMPILER="$nvcc" -DCUDA_cudart_LIBRARY="$work/libcudart.so.7"
[ "$status" -ne 0 ] || fail "unequal versions are taken"
says "but the CUDA runtime is of CUDA 7 ($work/libcudart.so.7)" 'name the nvcc of that toolkit' '-DGAN_CUDA=OFF'
echo "unequal versions: refused"

# No nvcc, and one that is too old.
printf '#!/bin/sh\necho "Cuda compilation tools, release 11.5, V11.5.119"\n' >"$work/nvcc"
chmod +x "$work/nvcc"
cat >"$work/asked.cmake" <<END
set(GAN_CUDA \${asked})
set(CMAKE_CUDA_COMPILER "$work/nvcc")
include("$root/src/backend/cuda/find.cmake")
gan_nvcc_version(version)
message(STATUS "nvcc is \${version}")
gan_no_cuda("there is no nvcc")
END
cmake -Dasked=AUTO -P "$work/asked.cmake" >"$work/said" 2>&1 || fail "no nvcc ends a build that did not ask for it"
says 'nvcc is 11.5' 'CUDA: there is no nvcc: no cuda backend, so GPUs are not used; to have it, install the CUDA Toolkit, 11.8 or later'
if cmake -Dasked=ON -P "$work/asked.cmake" >"$work/said" 2>&1; then fail "GAN_CUDA=ON without nvcc is no error"; fi
says 'GAN_CUDA=ON, but there is no nvcc: install'
echo "no nvcc: said"
