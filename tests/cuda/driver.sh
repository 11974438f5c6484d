#!/usr/bin/env bash
# driver.sh PROGRAM WITHOUT DRIVER NEEDY [mpi]: what PROGRAM, whose cuda module is made of the stand-in, says of a driver that is not
# there or does not work, and WITHOUT, a build without CUDA, of one that works. DRIVER: a folder with a libcuda.so.1; NEEDY: a module
# that cannot be loaded.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
program=$(realpath "$1") without=$(realpath "$2") driver=$(realpath "$3") needy=$(realpath "$4") mpi=${5:-}
write_config net.ini
unset CUDA_VISIBLE_DEVICES LD_LIBRARY_PATH
mkdir bad
: >bad/libcuda.so.1
here=LD_LIBRARY_PATH=$driver there="LD_LIBRARY_PATH=$driver CUDASIM_CONTROL=yes"

# given "NAME=VALUE ..." COMMAND...: with these variables.
given() {
    local words
    read -ra words <<<"$1"
    (
        export "${words[@]}"
        "${@:2}"
    ) || exit 1
}

# count CODE: the error of every count of the devices.
count() {
    echo "CUDASIM_FAIL=cudaGetDeviceCount:1=$1,cudaGetDeviceCount:2=$1"
}

# broken VARIABLES TEXT...: refused by `auto`, and by cuda when it is asked for by name, before anything is written.
broken() {
    given "$1" refuses 2 0 'backend auto: CUDA does not work on host ' "$(hostname)" "${@:2}" 'or use --backend cpu' -- --config net.ini --out run
    given "$1" refuses 2 0 'backend auto: CUDA does not work' "${@:2}" -- check --config net.ini
    given "$1" refuses 2 0 'backend cuda: ' "${@:2}" 'or use --backend cpu' -- --config net.ini --out run --backend cuda
    [ ! -e run ] || fail "a folder in spite of the refusal"
    echo "refused: ${*:2}"
}

# no_code VARIABLES TEXT...: the device's first kernel does not run; `check` says so as `train` does.
no_code() {
    given "$1" refuses 2 0 'backend cuda: device 0 (cudasim) of host ' "$(hostname)" "${@:2}" 'or use --backend cpu' -- check --config net.ini
    given "$1" refuses 2 0 'backend cuda: device 0 (cudasim) of host ' "${@:2}" -- --config net.ini --out run
    [ ! -e run ] || fail "a folder in spite of the refusal"
    echo "refused: ${*:2}"
}

# silent VARIABLES TEXT...: the CPU, with the reason in the line of `check` and of the start, and nothing else.
silent() {
    given "$1" train 0 check --config net.ini
    says out 'backend    cpu (chosen: no rank sees a GPU: ' "${@:2}" ready
    [ ! -s err ] || fail "more than a line"
    given "$1" train 0 --config net.ini --steps 1 --out run
    says out 'backend      cpu (chosen: no rank sees a GPU: ' "${@:2}"
    [ ! -s err ] || fail "more than a line"
    rm -rf run
    echo "the cpu: ${*:2}"
}

# warned VARIABLES TEXT...: the CPU, with a warning.
warned() {
    given "$1" train 0 check --config net.ini
    says out 'backend    cpu (chosen: no rank sees a GPU: ' ready
    [ "$(wc -l <err)" -eq 1 ] || fail "not one line"
    says err 'warning: backend cpu: host ' "$(hostname)" "${@:2}"
    echo "a warning: ${*:2}"
}

given "$here" train 0 check --config net.ini
says out 'backend    cuda (chosen: every rank sees a GPU)' ready

broken "$here $(count 35) CUDASIM_DRIVER=12040" 'driver is too old: it knows CUDA 12.4, and this program was built with 13.0' 'a newer driver'
given "$here $(count 35)" train 0 check --config net.ini --backend cpu
broken "$here $(count 3)" 'CUDA cannot initialise' nvidia-smi
broken "$here $(count 34)" 'stub of libcuda.so.1' LD_LIBRARY_PATH
broken "$here $(count 46)" 'CUDA says: ' '(46)' nvidia-smi
broken "$here $(count 802)" 'fabric manager' 'systemctl start nvidia-fabricmanager'
broken "$here $(count 803)" 'of different versions' 'start the machine again'
broken "$here $(count 804)" cuda-compat LD_LIBRARY_PATH
broken "$here $(count 999)" '(999)' nvidia-uvm
broken "$there CUDASIM_DEVICES=0" 'CUDA sees no GPU, though /dev/nvidiactl is there' '--gpus-per-node' '--gpus all'
broken "$here CUDASIM_CONTROL=denied CUDASIM_DEVICES=0" 'CUDA sees no GPU, though /dev/nvidiactl is there'
broken "$there CUDASIM_DEVICES=2 CUDA_VISIBLE_DEVICES=7" "CUDA_VISIBLE_DEVICES='7' names no GPU that is here" 'nvidia-smi -L'
no_code "$here CUDASIM_CAPABILITY=70" 'has compute capability 7.0' 'code for 7.5, 8.0, 9.0 alone' '-DCMAKE_CUDA_ARCHITECTURES=70 and an older CUDA Toolkit'
no_code "$here CUDASIM_CAPABILITY=120 CUDASIM_FAIL=launch:1=222" 'has compute capability 12.0' '-DCMAKE_CUDA_ARCHITECTURES=120, or'
given "$here CUDASIM_FAIL=kernel:1" refuses 1 0 'cuda backend: ' 'illegal memory access' 'device 0 (' -- check --config net.ini

silent "$there CUDA_VISIBLE_DEVICES=" "CUDA_VISIBLE_DEVICES='' hides all GPUs"
silent "$there CUDA_VISIBLE_DEVICES=-1" "CUDA_VISIBLE_DEVICES='-1' hides all GPUs"
silent "$there CUDA_VISIBLE_DEVICES=NoDevFiles" "CUDA_VISIBLE_DEVICES='NoDevFiles' hides all GPUs"
warned "$here CUDASIM_DEVICES=0" "the driver's libraries are here, but no GPU and no /dev/nvidiactl" 'modprobe nvidia'
warned "$here CUDASIM_CONTROL=dead CUDASIM_DEVICES=0" 'no GPU and no /dev/nvidiactl'
warned "$here $(count 35) CUDASIM_CUINIT=100" 'no GPU and no /dev/nvidiactl'
broken "$there $(count 35) CUDASIM_CUINIT=100" 'driver is too old'
warned "$here CUDASIM_DEVICES=0 CUDA_VISIBLE_DEVICES=0" 'no GPU and no /dev/nvidiactl'

# `generate` is one process.
train 0 --config net.ini --backend cpu --steps 1 --out made
given "$here $(count 802)" refuses 2 0 'CUDA does not work on this host' 'fabric manager' -- generate --checkpoint "$(newest made)" --out a.png
given "$here CUDASIM_DEVICES=0" train 0 generate --checkpoint "$(newest made)" --out a.png
says err 'warning: backend cpu: ' 'no GPU'

# The driver's library, without which the runtime says 35.
broken "LD_LIBRARY_PATH=$temp/bad $(count 35)" "libcuda.so.1 is there but cannot be loaded" 'file too short' 'install the driver again'
if /sbin/ldconfig -p 2>/dev/null | grep -q 'libcuda\.so\.1'; then
    echo "SKIPPED in part: this machine has a libcuda.so.1, so it cannot be missing"
else
    broken "CUDASIM_CONTROL=yes $(count 35)" "/dev/nvidiactl is there, but the driver's libcuda.so.1 is not found" libcuda1 NVIDIA_DRIVER_CAPABILITIES
    silent A=B 'no NVIDIA driver is here'
fi

# The module: of a program in another place, beside it, in ../lib/gan_dist after all was moved, not there, and not to be loaded.
mkdir -p moved/bin moved/lib/gan_dist
cp "$program" moved/bin/program
ln -sf "$temp/moved/bin/program" "$gan"
broken "$here" 'libgan_cuda.so cannot be loaded: tried ' "$temp/moved/bin/libgan_cuda.so, " '/../lib/gan_dist/libgan_cuda.so and ' LD_LIBRARY_PATH
for folder in moved/lib/gan_dist moved/bin; do
    cp "$needy" $folder/libgan_cuda.so
    broken "$here" '/libgan_cuda.so cannot be loaded: libgan_gone.so' 'install the CUDA libraries'
    cp "$(dirname "$program")/libgan_cuda.so" $folder/libgan_cuda.so
    given "$here" train 0 check --config net.ini
    says out 'backend    cuda (chosen: every rank sees a GPU)' ready
done
ln -sf "$program" "$gan"

# Ranks that differ: one line, by all, with the rank that cannot; the others could.
# on_rank RANK VARIABLE=VALUE WORDS...
on_rank() {
    # shellcheck disable=SC2016 # for the shell of each rank
    command=(mpirun --oversubscribe --bind-to none -np 3 bash -c
        '[ "$OMPI_COMM_WORLD_RANK" != "$1" ] || export "$2"; exec "$0" "${@:3}" --batch 18' "$gan" "$@")
    start_command out err
    wait_for_end
    if [ -n "${refused:-}" ]; then
        [ "$status" -eq 2 ] || fail "exit status $status"
        said_once
    fi
}
if [ -n "$mpi" ]; then
    export CUDASIM_DEVICES=3
    refused=yes given "$here" on_rank 1 "$(count 999)" check --config net.ini --set train.comm=mpi
    says err "backend auto: CUDA does not work on rank 1, host $(hostname): " '(999)'
    refused=yes given "$here" on_rank 2 "$(count 35)" --config net.ini --set train.comm=mpi --out run
    says err "backend auto: CUDA does not work on rank 2, host $(hostname): " 'too old'
    refused=yes given "$here" on_rank 1 CUDASIM_CAPABILITY=70 check --config net.ini --set train.comm=mpi
    says err 'gan_dist: rank 1: backend cuda: device 1 (cudasim) of host ' 'compute capability 7.0'
    given "$here" on_rank 2 CUDA_VISIBLE_DEVICES= check --config net.ini
    says out 'backend    cpu (chosen: 2 of 3 ranks see a GPU, and rank 2 on host ' ready
    says err 'warning: backend cpu was chosen: 2 of 3 ranks' "CUDA_VISIBLE_DEVICES='' hides all GPUs"
    echo "ranks that differ: named"
fi

# A build without CUDA.
ln -sf "$without" "$gan"
warned "$there CUDASIM_DEVICES=2" 'built without CUDA and leaves 2 NVIDIA GPUs idle' 'cmake -DGAN_CUDA=ON'
silent "$there CUDASIM_DEVICES=0" 'this program was built without CUDA'
silent "$there CUDASIM_DEVICES=2 CUDASIM_CUINIT=999" 'this program was built without CUDA'
silent A=B 'this program was built without CUDA'
given "$there CUDASIM_DEVICES=2" refuses 2 0 "no backend 'cuda'" -- check --config net.ini --backend cuda
given "$there CUDASIM_DEVICES=2" train 0 check --config net.ini --backend cpu
[ ! -s err ] || fail "a warning in spite of --backend cpu"
