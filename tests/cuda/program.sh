#!/usr/bin/env bash
# program.sh PROGRAM: the whole program by cuda, on the stand-in: the same bytes in whatever order the device works, wherever it
# has its pictures, after a stop, and from the same checkpoint by `generate`; what cannot work is refused.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
write_config net.ini
words=(--config net.ini --backend cuda --check-every 2)

for where in eager:device lazy:host random:auto; do
    policy=${where%:*}
    CUDASIM_POLICY=$policy CUDASIM_SEED=7 train 0 "${words[@]}" --set "run.pictures=${where#*:}" --steps 6 --out "$policy"
done
same_run eager lazy
same_run eager random
png_is eager/samples/step-00000005.png 64 64

train 0 "${words[@]}" --steps 4 --out halves
train 0 "${words[@]}" --steps 6 --out halves
same "$(newest eager)" "$(newest halves)"

for backend in cuda ref; do
    train 0 generate --checkpoint "$(newest eager)" --out "$backend.png" --num 9 --backend "$backend"
done
png_is cuda.png 48 48

train 0 check --config net.ini --backend cuda
train 0 bench --config net.ini --backend cuda --bench-steps 1
says out 'backend cuda' 'images/s'
CUDASIM_DEVICES=0 refuses 2 0 'backend cuda' 'no usable GPU' -- "${words[@]}" --out none
CUDASIM_FAIL=cudaMalloc:9 refuses 1 0 'cuda backend' 'no memory' 'device 0' "$(hostname)" -- "${words[@]}" --out full

# breaks PLAN TEXT...: in the middle of a run: one line, which names the call, what CUDA says, device and host.
breaks() {
    CUDASIM_FAIL=$1 run 0 "${words[@]}" --shards 8 --out broken
    [ "$status" -eq 1 ] || fail "exit status $status, not 1, with $1"
    [ "$(wc -l <err)" -eq 1 ] || fail "not one line with $1"
    says err 'cuda backend: ' 'on device 0 (' "of host $(hostname)" "${@:2}"
    rm -rf broken
}
breaks kernel:200 'illegal memory access'
breaks launch:150 'too many resources'
breaks cublasGemmEx:30 'conv_' 'cuBLAS says'
breaks cudaMemcpyAsync:60
breaks cudaEventQuery:40
breaks cudaEventRecord:17 upload
breaks cudaEventRecord:21 read_start
