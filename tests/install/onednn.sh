#!/usr/bin/env bash
# onednn.sh: which oneDNN the build takes, and what it says of another one: headers that say so, and a library with nothing in it.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"

mkdir -p project headers/oneapi/dnnl
cat >project/CMakeLists.txt <<END
cmake_minimum_required(VERSION 3.22)
project(onednn NONE)
include($gan_root/src/backend/cpu/build.cmake)
END
touch headers/oneapi/dnnl/dnnl.h headers/libdnnl.so

# finds VERSION RUNTIME SAYS...: configures with such a oneDNN; leaves `status`.
finds() {
    printf '#define DNNL_VERSION_MAJOR %s\n#define DNNL_VERSION_MINOR %s\n' "${1%.*}" "${1#*.}" >headers/oneapi/dnnl/dnnl_version.h
    printf '#define DNNL_CPU_THREADING_RUNTIME DNNL_RUNTIME_%s\n#define DNNL_CPU_RUNTIME DNNL_RUNTIME_%s\n' "$2" "$2" \
        >headers/oneapi/dnnl/dnnl_config.h
    echo "$1 for $2"
    rm -rf build
    status=0
    cmake -S project -B build -DDNNL_INCLUDE_DIR="$temp/headers" -DDNNL_LIBRARY="$temp/headers/libdnnl.so" >out 2>&1 || status=$?
    tr -s ' \n' ' ' <out >said # CMake breaks lines
    says said "${@:3}"
}
takes() {
    finds "$@" "oneDNN $1: "
    [ "$status" -eq 0 ] || fail "exit status $status of cmake"
}
refuses_it() {
    finds "$@"
    [ "$status" -ne 0 ] || fail "cmake takes it"
}

takes 2.6 OMP
takes 3.0 SEQ
takes 3.13 OMP
refuses_it 2.5 OMP 'versions 2.6 to 3.x are known'
refuses_it 4.0 OMP 'versions 2.6 to 3.x are known'
refuses_it 3.1 TBB 'was built for TBB' 'libdnnl-dev' '-DDNNL_LIBRARY='
refuses_it 3.1 SYCL 'was built for SYCL'
