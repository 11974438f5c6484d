#!/usr/bin/env bash
# ranks.sh PROGRAM: several ranks by cuda, on the stand-in: the bytes of one rank, whether batch norm is over the batch or over a
# shard, in whatever order the devices work.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
write_config net.ini
words=(--config net.ini --backend cuda --check-every 1 --steps 4)

for bn in global shard; do
    train 0 "${words[@]}" --set train.bn=$bn --out "$bn-1"
    for ranks in 2 4; do
        CUDASIM_POLICY=random CUDASIM_SEED=$ranks train "$ranks" "${words[@]}" --set train.bn=$bn --out "$bn-$ranks"
        same_run "$bn-1" "$bn-$ranks"
    done
done
