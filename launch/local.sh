#!/usr/bin/env bash
# launch/local.sh [RANKS] [train options]: trains on this machine, by default with a rank on each GPU, or, where there is none or
# `--backend` names another than cuda, with a rank of one thread on each core. `check` or another command may stand before the
# options. Nothing to edit. GAN_DIST names another program than the one beside these scripts.
#   launch/local.sh --preset dcgan64 --data ~/pictures
#   launch/local.sh 2 --preset gan-mnist --data ~/mnist
#   launch/local.sh 2 check --preset gan-mnist
set -euo pipefail
self=${BASH_SOURCE[0]}
[ ! -L "$self" ] || self=$(realpath "$self")
# shellcheck source=launch/common.sh
. "$(dirname "$self")/common.sh"

# gpus WORDS...: prints how many GPUs the program will use; without its module for them it uses none.
gpus() {
    local at found
    at=$(dirname "$gan_program")
    [[ " $* " =~ \ --backend[\ =]cuda\  ]] || [ -e "$at/libgan_cuda.so" ] || [ -e "$at/../lib/gan_dist/libgan_cuda.so" ] || return 0
    found=$(nvidia-smi -L 2>/dev/null | grep -c '^GPU ') || return 0
    [ -z "${CUDA_VISIBLE_DEVICES+set}" ] || found=$(tr ',' '\n' <<<"$CUDA_VISIBLE_DEVICES" | grep -c .) || return 0
    echo "$found"
}

default_ranks() {
    local cores found ranks=1
    if ! [[ " $* " =~ \ --backend[\ =](cpu|ref)\  ]]; then
        found=$(gpus "$@")
        if [ -n "$found" ]; then
            echo "$found"
            return
        fi
    fi
    cores=$(gan_cores)
    # The batch is cut into equal parts, and the sizes of batches are powers of two.
    while [ $((2 * ranks)) -le "$cores" ]; do
        ranks=$((2 * ranks))
    done
    echo "$ranks"
}

if [[ ${1:-} =~ ^[0-9]+$ && ! ${1:-} =~ ^[1-9][0-9]{0,4}$ ]] || [[ ${1:-} =~ ^(-np?|--np?)$ ]]; then
    echo "$0: the number of ranks comes first, as a number alone, from 1: $0 2 --preset gan-mnist, not '$1'" >&2
    exit 2
fi
if [[ ${1:-} =~ ^[1-9][0-9]*$ ]]; then
    ranks=$1
    shift
else
    ranks=$(default_ranks "$@")
fi
gan_need_program
gan_place "$ranks" "$@"
gan_mpirun "${gan_placing[@]}" -np "$ranks" "$gan_program" "$@"
