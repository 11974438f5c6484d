#!/usr/bin/env bash
# launch/local.sh [RANKS] [train options]: trains on this machine, by default with a rank of one thread on each core.
# Nothing to edit. GAN_DIST names another program than build/gan_dist.
#   launch/local.sh --preset dcgan64 --data ~/pictures
#   launch/local.sh 2 --preset gan-mnist --data ~/mnist
set -euo pipefail
# shellcheck source=launch/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cores=$(gan_cores)
# The batch is cut into equal parts, and the sizes of batches are powers of two.
ranks=1
while [ $((2 * ranks)) -le "$cores" ]; do
    ranks=$((2 * ranks))
done
if [[ ${1:-} =~ ^[1-9][0-9]*$ ]]; then
    ranks=$1
    shift
fi
gan_need_program
gan_place "$ranks" "$@"
gan_mpirun "${gan_placing[@]}" -np "$ranks" "$gan_program" train "$@"
